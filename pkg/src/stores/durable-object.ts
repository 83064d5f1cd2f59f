/**
 * The store in Cloudflare's SQLite-backed Durable Objects: one object for each pool, and one for each tenant that knows
 * the tenant's pools. Export `CouponPoolObject` from your Worker, bind it, and pass the namespace:
 * `durableObject(env.COUPON_POOLS)`. Calls go by RPC, so a pool's claims queue up at one object and nowhere else.
 */
export { type CouponPoolNamespace, durableObject } from "./durable-object/client.js";
export { CouponPoolObject } from "./durable-object/object.js";
