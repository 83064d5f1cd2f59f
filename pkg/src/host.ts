/**
 * What screens need of coupon pools: `CouponPools` in the page is one, `createClient()` from `coupon-pools/client` is the
 * same over HTTP. Both throw the same typed errors.
 */

import type { Template, TemplateMode, TemplateWarning } from "./options.js";
import type { CouponPools } from "./pools.js";

type Shared = Pick<
  CouponPools,
  | "create"
  | "edit"
  | "archive"
  | "get"
  | "list"
  | "usage"
  | "alerts"
  | "about"
  | "upload"
  | "undo"
  | "batches"
  | "find"
  | "export"
  | "prepare"
>;

/** Coupon pools of one tenant, in the page or behind a server. */
export interface PoolsHost extends Shared {
  /** Fills a template with samples in the shape of each pool's codes. Draws nothing. */
  preview<T extends Template>(
    template: T,
    options?: { mode?: TemplateMode },
  ): Promise<{ output: T; warnings: TemplateWarning[] }>;
}

/** The facade in the page is a host. */
type Facade = CouponPools extends PoolsHost ? true : never;
true satisfies Facade;
