/** Files that the build makes. */

declare module "*.glue.js" {
  import type { Engine, Glue, SheetClass } from "./engine.js";
  /** Each artefact exports one of these. */
  export const createGlue: Glue<{ Engine: new () => Engine; Sheet: SheetClass }>;
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*/inline/core.js" {
  /** Compiles the copy inside this file, once. */
  export function compile(): Promise<WebAssembly.Module>;
}

declare module "*/inline/mail.js" {
  /** Compiles the copy inside this file, once. */
  export function compile(): Promise<WebAssembly.Module>;
}

declare module "*/inline/manage.js" {
  /** Compiles the copy inside this file, once. */
  export function compile(): Promise<WebAssembly.Module>;
}

declare module "*/inline/xlsx.js" {
  /** Compiles the copy inside this file, once. */
  export function compile(): Promise<WebAssembly.Module>;
}

declare module "*/inline/spreadsheets.js" {
  /** Compiles the copy inside this file, once. */
  export function compile(): Promise<WebAssembly.Module>;
}
