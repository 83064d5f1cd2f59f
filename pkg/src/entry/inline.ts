/** Anywhere: the engine is inside this file, for bundlers and pages that cannot serve one beside it. */

import { createGlue as coreGlue } from "../../wasm/core.glue.js";
import { createGlue as mailGlue } from "../../wasm/mail.glue.js";
import { createGlue as manageGlue } from "../../wasm/manage.glue.js";
import { createGlue as spreadsheetsGlue } from "../../wasm/spreadsheets.glue.js";
import { createGlue as xlsxGlue } from "../../wasm/xlsx.glue.js";
import * as core from "../inline/core.js";
import * as mail from "../inline/mail.js";
import * as manage from "../inline/manage.js";
import type { CouponPoolsOptions } from "../options.js";
import { CouponPools as Pools } from "../pools.js";

export * from "../face.js";

const artefacts = {
  core: { glue: coreGlue, load: core.compile },
  mail: { glue: mailGlue, load: mail.compile },
  manage: { glue: manageGlue, load: manage.compile },
  xlsx: { glue: xlsxGlue, load: () => import("../inline/xlsx.js").then((xlsx) => xlsx.compile()) },
  spreadsheets: {
    glue: spreadsheetsGlue,
    load: () => import("../inline/spreadsheets.js").then((spreadsheets) => spreadsheets.compile()),
  },
};

/** Coupon pools of one tenant over one store. */
export class CouponPools extends Pools {
  constructor(options: CouponPoolsOptions) {
    super(options, artefacts);
  }
}
