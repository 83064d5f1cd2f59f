/** Coupon pools over HTTP: `createHandler` for Workers, Deno, Bun and, with `coupon-pools/server/node`, Node. */

export type { Rate } from "./server/guards.js";
export {
  createHandler,
  type Granted,
  type Handler,
  type HandlerOptions,
} from "./server/handler.js";
export type { HandlerLimits } from "./server/limits.js";
export { type DescriptionOptions, openapi } from "./server/openapi.js";
export type { Action } from "./server/routes.js";
