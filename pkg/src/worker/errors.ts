/** Errors on their way from an upload's thread to the page: typed ones stay typed, and what the page threw comes back as it was. */

import { rebuilt } from "../engine-error.js";
import { CouponPoolsError } from "../errors.js";
import type { PlainError } from "./messages.js";

/** An error that the page keeps, as the thread knows it. */
export class PageFailure {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

/** In the thread: an error as it crosses. */
export function toPlain(error: unknown): PlainError {
  if (error instanceof PageFailure) return { failure: error.number };
  if (error instanceof CouponPoolsError) {
    const { name, message, code, details, cause } = error;
    return { class: name, message, code, details, cause: cause === undefined ? undefined : toPlain(cause) };
  }
  try {
    return { thrown: structuredClone(error) };
  } catch {
    return { thrown: new Error(String(error)) };
  }
}

/** On the page: the error again. */
export function fromPlain(error: PlainError, failures: readonly unknown[]): unknown {
  if ("failure" in error) return failures[error.failure];
  if ("thrown" in error) return error.thrown;
  const { message, code, details, cause } = error;
  return rebuilt(error.class, message, {
    code,
    details: { ...details },
    cause: cause === undefined ? undefined : fromPlain(cause, failures),
  });
}
