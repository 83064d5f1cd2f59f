/** Whose failure an error in a step is: what the engine is told of it, and what the caller gets as the cause. */

/** The store's own; another callback's; the caller's wish; the store's, which answered what the contract does not allow. */
export type Whose = "store" | "host" | "abort" | "answer";

/** A failure that knows whose it is. */
export class Failure {
  readonly whose: Whose;
  readonly cause: unknown;
  constructor(whose: Whose, cause: unknown) {
    this.whose = whose;
    this.cause = cause;
  }
}

/** A failure that is the caller's own wish. */
export class Cancelled extends Failure {
  constructor(reason: unknown) {
    super("abort", reason);
  }
}

/** Steps that no store performs. */
const HOST_STEPS = new Set([
  "read",
  "tell",
  "emit",
  "notify",
  "normalize",
  "instants",
  "dates",
  "pull",
  "artefact",
  "top_up",
  "shop",
  "send",
  "receive",
  "pause",
]);

/** What went wrong in a step, and whose failure it is. */
export function blame(error: unknown, step: string): Failure {
  return error instanceof Failure ? error : new Failure(HOST_STEPS.has(step) ? "host" : "store", error);
}

/** Waits for a promise, or for the signal. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Cancelled(signal.reason));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
