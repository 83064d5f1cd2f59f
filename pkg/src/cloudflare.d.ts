/** What this package uses of the Workers runtime; users have all of it from `wrangler types` or `@cloudflare/workers-types`. */

declare module "cloudflare:workers" {
  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: { readonly storage: import("./stores/durable-object/engine.js").ObjectStorage };
    protected readonly env: Env;
    constructor(ctx: unknown, env: Env);
  }
}
