/** Typed errors: `instanceof` tells the class, `code` the exact case, `details` the figures, `cause` the adapter's own error. */

/** Base of every error this package throws on purpose. */
export class CouponPoolsError extends Error {
  override readonly name: string = "CouponPoolsError";
  /** Stable: programs may compare with it. The message may improve. */
  readonly code: string;
  /** Figures and names that belong to the error. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, options: { code: string; details?: Record<string, unknown>; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.details = options.details ?? {};
  }
}

/** The pool does not exist in this tenant. */
export class PoolNotFoundError extends CouponPoolsError {
  override readonly name: string = "PoolNotFoundError";
}
/** The pool is not in a state that allows the call. */
export class PoolConflictError extends CouponPoolsError {
  override readonly name: string = "PoolConflictError";
}
/** No code is left and the pool's `onEmpty` is `stop`. */
export class OutOfCodesError extends CouponPoolsError {
  override readonly name: string = "OutOfCodesError";
}
/** The file or its contents cannot be taken; nothing was stored. */
export class UploadError extends CouponPoolsError {
  override readonly name: string = "UploadError";
}
/** The template cannot be compiled; `details` has `part`, `line` and `column`. */
export class TemplateError extends CouponPoolsError {
  override readonly name: string = "TemplateError";
}
/** The shop refused, failed or answered nonsense. */
export class ShopError extends CouponPoolsError {
  override readonly name: string = "ShopError";
}
/** The store failed (its own error is the `cause`) or answered nonsense. */
export class StoreError extends CouponPoolsError {
  override readonly name: string = "StoreError";
}
/** The engine crashed. It has been replaced: the next call runs in a new one. */
export class EngineCrashedError extends CouponPoolsError {
  override readonly name: string = "EngineCrashedError";
}
