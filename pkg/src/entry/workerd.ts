/** Cloudflare Workers: the engine is a static import, ready before the first request; nothing is shared between requests. */

import { createGlue as coreGlue } from "../../wasm/core.glue.js";
import core from "../../wasm/core.wasm";
import { createGlue as mailGlue } from "../../wasm/mail.glue.js";
import mail from "../../wasm/mail.wasm";
import { createGlue as manageGlue } from "../../wasm/manage.glue.js";
import manage from "../../wasm/manage.wasm";
import { createGlue as spreadsheetsGlue } from "../../wasm/spreadsheets.glue.js";
import { createGlue as xlsxGlue } from "../../wasm/xlsx.glue.js";
import type { CouponPoolsOptions } from "../options.js";
import { CouponPools as Pools } from "../pools.js";

export * from "../face.js";

const artefacts = {
  core: { glue: coreGlue, load: () => core },
  mail: { glue: mailGlue, load: () => mail },
  manage: { glue: manageGlue, load: () => manage },
  // Nothing that draws or renders needs these: they are loaded by the upload that does.
  xlsx: { glue: xlsxGlue, load: () => import("../../wasm/xlsx.wasm").then((xlsx) => xlsx.default) },
  spreadsheets: {
    glue: spreadsheetsGlue,
    load: () => import("../../wasm/spreadsheets.wasm").then((spreadsheets) => spreadsheets.default),
  },
};

/** Coupon pools of one tenant over one store. Make one for each request. */
export class CouponPools extends Pools {
  constructor(options: CouponPoolsOptions) {
    super(options, artefacts);
  }
}
