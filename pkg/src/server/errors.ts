/** Errors as they cross: their code, class, words and figures; never a cause, a stack, or anybody's code. */

import { rebuilt } from "../engine-error.js";
import { CouponPoolsError } from "../errors.js";

/** Codes of the server's own, with the status that each is answered with. */
const OWN: Record<string, number> = {
  FORBIDDEN: 403,
  WRONG_ORIGIN: 403,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  BODY_TYPE: 415,
  RATE_LIMITED: 429,
};

/** Statuses of the package's errors where the class does not say enough. */
const BY_CODE: Record<string, number> = {
  ...OWN,
  ABORTED: 400,
  BATCH_NOT_FOUND: 404,
  INVALID_ARGUMENT: 400,
  PATTERN_TOO_SMALL: 422,
  RULE_UNUSABLE: 422,
  SHOP_UNKNOWN: 422,
  UPLOAD_IN_PROGRESS: 409,
  UPLOAD_SUPERSEDED: 409,
  UPLOAD_TOO_LARGE: 413,
};
const BY_CLASS: Record<string, number> = {
  OutOfCodesError: 409,
  PoolConflictError: 409,
  PoolNotFoundError: 404,
  ShopError: 502,
  StoreError: 503,
  TemplateError: 422,
  UploadError: 422,
};

/** Every status that a refusal may have, for the description. */
export const STATUSES = [...new Set([...Object.values(BY_CODE), ...Object.values(BY_CLASS), 401, 500])].sort();

/** An error as JSON. */
export interface Failure {
  error: { code: string; class: string; message: string; details: Record<string, unknown> };
}

/** An error of the server's own. */
export function refused(code: keyof typeof OWN | (string & {}), message: string, details = {}): CouponPoolsError {
  return new CouponPoolsError(message, { code, details });
}

export function statusOf(error: CouponPoolsError): number {
  if (Object.hasOwn(BY_CODE, error.code)) return BY_CODE[error.code] as number;
  return Object.hasOwn(BY_CLASS, error.name) ? (BY_CLASS[error.name] as number) : 500;
}

/** What a call failed of, as its caller should hear it. */
export function toldOf(error: unknown): CouponPoolsError {
  if (!(error instanceof CouponPoolsError)) return refused("INTERNAL", "the server failed; its own log says more");
  // What the server's own parts say is wrong with the request lies behind the flow that asked them.
  const { cause } = error;
  if (cause instanceof CouponPoolsError && statusOf(cause) < 500 && statusOf(error) >= 500) return cause;
  return error;
}

/** An error for the wire. Whose fault is the server's keeps its words at home: they may name hosts and tables. */
export function toWire(error: CouponPoolsError): Failure {
  const { code, name, details } = error;
  if (statusOf(error) < 500 || name === "ShopError")
    return { error: { code, class: name, message: error.message, details: { ...details } } };
  const message = name === "StoreError" ? "the store failed; the server's own log says more" : SILENT;
  return { error: { code, class: name, message, details: {} } };
}
const SILENT = "the server failed; its own log says more";

/** The error again, of the same class. */
export function fromWire(answer: unknown): CouponPoolsError | null {
  const error = (answer as Partial<Failure> | null)?.error;
  if (typeof error !== "object" || error === null) return null;
  const { code, class: name, message, details } = error;
  if (typeof code !== "string" || typeof message !== "string") return null;
  return rebuilt(String(name), message, { code, details: typeof details === "object" ? { ...details } : {} });
}
