/** Node, Deno and Bun: the engine is read from beside this file. */

import { readFileSync } from "node:fs";
import { createGlue as coreGlue } from "../../wasm/core.glue.js";
import { createGlue as mailGlue } from "../../wasm/mail.glue.js";
import { createGlue as manageGlue } from "../../wasm/manage.glue.js";
import { createGlue as spreadsheetsGlue } from "../../wasm/spreadsheets.glue.js";
import { createGlue as xlsxGlue } from "../../wasm/xlsx.glue.js";
import type { Artefact } from "../engine.js";
import type { CouponPoolsOptions } from "../options.js";
import { CouponPools as Pools } from "../pools.js";

export * from "../face.js";

/** Compiles once, and keeps it. */
function memoised<Glue>(glue: Glue, compile: Artefact["load"]) {
  let module: ReturnType<Artefact["load"]> | undefined;
  return {
    glue,
    load: () => {
      module ??= compile();
      return module;
    },
  };
}

const artefacts = {
  core: memoised(coreGlue, () => {
    try {
      return new WebAssembly.Module(readFileSync(new URL("../../wasm/core.wasm", import.meta.url)));
    } catch {
      // A bundler moved this code away from its file, and carried a copy along.
      return import("../inline/core.js").then((inline) => inline.compile());
    }
  }),
  mail: memoised(mailGlue, () => {
    try {
      return new WebAssembly.Module(readFileSync(new URL("../../wasm/mail.wasm", import.meta.url)));
    } catch {
      return import("../inline/mail.js").then((inline) => inline.compile());
    }
  }),
  manage: memoised(manageGlue, () => {
    try {
      return new WebAssembly.Module(readFileSync(new URL("../../wasm/manage.wasm", import.meta.url)));
    } catch {
      return import("../inline/manage.js").then((inline) => inline.compile());
    }
  }),
  xlsx: memoised(xlsxGlue, () => {
    try {
      return new WebAssembly.Module(readFileSync(new URL("../../wasm/xlsx.wasm", import.meta.url)));
    } catch {
      return import("../inline/xlsx.js").then((inline) => inline.compile());
    }
  }),
  spreadsheets: memoised(spreadsheetsGlue, () => {
    try {
      return new WebAssembly.Module(readFileSync(new URL("../../wasm/spreadsheets.wasm", import.meta.url)));
    } catch {
      return import("../inline/spreadsheets.js").then((inline) => inline.compile());
    }
  }),
};

/** Coupon pools of one tenant over one store. */
export class CouponPools extends Pools {
  constructor(options: CouponPoolsOptions) {
    super(options, artefacts);
  }
}
