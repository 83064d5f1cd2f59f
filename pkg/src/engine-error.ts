/** Errors as the engine makes them, and what they become. */

import * as errors from "./errors.js";

/** A real `Error` with what it is to become. */
export interface EngineError extends Error {
  class: string;
  code: string;
  details: Record<string, unknown>;
  failure: number | undefined;
}

const CLASSES: Record<string, typeof errors.CouponPoolsError> = { ...errors };

/** The typed error for one that the engine made; `failures` are the host's own errors, by number. */
export function typedError(error: EngineError, failures: readonly unknown[] = []): errors.CouponPoolsError {
  const cause = error.failure === undefined ? error.cause : failures[error.failure];
  return rebuilt(error.class, error.message, { code: error.code, details: error.details, cause });
}

/** An error of the class of this name. */
export function rebuilt(
  name: string,
  message: string,
  options: ConstructorParameters<typeof errors.CouponPoolsError>[1],
): errors.CouponPoolsError {
  const Class = Object.hasOwn(CLASSES, name)
    ? (CLASSES[name] as typeof errors.CouponPoolsError)
    : errors.CouponPoolsError;
  return new Class(message, options);
}
