/** Files that the build makes. */

declare module "*.glue.js" {
  export const createGlue: import("./engine.js").Glue;
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
