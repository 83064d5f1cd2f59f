/** Browsers: the engine is fetched from beside this file, once, when it is first needed. */

import { createGlue as coreGlue } from "../../wasm/core.glue.js";
import { createGlue as mailGlue } from "../../wasm/mail.glue.js";
import { createGlue as manageGlue } from "../../wasm/manage.glue.js";
import { createGlue as spreadsheetsGlue } from "../../wasm/spreadsheets.glue.js";
import { createGlue as xlsxGlue } from "../../wasm/xlsx.glue.js";
import type { CouponPoolsOptions } from "../options.js";
import { CouponPools as Pools } from "../pools.js";

export * from "../face.js";

/**
 * Fetches and compiles once, and keeps it. Where a bundler moved this code away from the file, it carried a copy
 * along. A failure is not kept: the next call tries again.
 */
function fetched<Glue>(glue: Glue, url: () => URL, inline: () => Promise<WebAssembly.Module>) {
  let module: Promise<WebAssembly.Module> | undefined;
  const compile = async () => {
    try {
      const response = await fetch(url());
      if (response.ok) return await WebAssembly.compile(await response.arrayBuffer());
    } catch {
      // Not there, or not wasm.
    }
    return inline();
  };
  return {
    glue,
    load: () => {
      module ??= compile().catch((error) => {
        module = undefined;
        throw error;
      });
      return module;
    },
  };
}

// Bundlers recognise `new URL("…", import.meta.url)` only when it is written out.
const artefacts = {
  core: fetched(
    coreGlue,
    () => new URL("../../wasm/core.wasm", import.meta.url),
    () => import("../inline/core.js").then((inline) => inline.compile()),
  ),
  mail: fetched(
    mailGlue,
    () => new URL("../../wasm/mail.wasm", import.meta.url),
    () => import("../inline/mail.js").then((inline) => inline.compile()),
  ),
  manage: fetched(
    manageGlue,
    () => new URL("../../wasm/manage.wasm", import.meta.url),
    () => import("../inline/manage.js").then((inline) => inline.compile()),
  ),
  xlsx: fetched(
    xlsxGlue,
    () => new URL("../../wasm/xlsx.wasm", import.meta.url),
    () => import("../inline/xlsx.js").then((inline) => inline.compile()),
  ),
  spreadsheets: fetched(
    spreadsheetsGlue,
    () => new URL("../../wasm/spreadsheets.wasm", import.meta.url),
    () => import("../inline/spreadsheets.js").then((inline) => inline.compile()),
  ),
};

/** Coupon pools of one tenant over one store. */
export class CouponPools extends Pools {
  constructor(options: CouponPoolsOptions) {
    super(options, artefacts);
  }
}
