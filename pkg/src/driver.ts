/** The driver: runs a flow to its end. Each step that it asks for is performed by whoever the caller names. */

import type { Engine, FlowState } from "./engine.js";
import { type EngineError, typedError } from "./engine-error.js";
import { CouponPoolsError, EngineCrashedError } from "./errors.js";
import { blame } from "./failures.js";

/**
 * Performs a step: the reply, or a promise of it. A reply that tells of a failure of the host's names the number under
 * which `keep` keeps it.
 */
export type Perform = (step: string, request: unknown, keep?: (failure: unknown) => number) => unknown;

/** What a flow came to, and the host's own failures on the way, by number: errors inside `done` may name them. */
export interface Run {
  done: unknown;
  failures: readonly unknown[];
}

/** Runs one flow to its end. `now` is milliseconds since 1970, asked at each step. */
export async function run(
  engine: Engine,
  kind: string,
  args: unknown,
  perform: Perform,
  now: () => number,
): Promise<Run> {
  const failures: unknown[] = [];
  const flow = guarded(engine, () => engine.start(kind, args));
  try {
    let state = guarded(engine, () => flow.resume(now(), undefined));
    for (;;) {
      if ("done" in state) return { done: state.done, failures };
      if ("error" in state) throw typedError(state.error as EngineError, failures);
      state = await next(state);
    }
  } finally {
    if (!crashed.has(engine)) flow.free();
  }

  async function next(state: { step: string; request: unknown }): Promise<FlowState> {
    let reply: unknown;
    try {
      reply = await perform(state.step, state.request, (failure) => failures.push(failure) - 1);
    } catch (error) {
      const { cause, whose } = blame(error, state.step);
      const number = failures.push(cause) - 1;
      return guarded(engine, () => flow.fail(now(), number, whose));
    }
    return guarded(engine, () => flow.resume(now(), reply));
  }
}

/** Engines that trapped: nothing in them is touched again. */
const crashed = new WeakSet<object>();

/** Whether an engine has trapped. */
export function hasCrashed(engine: Engine): boolean {
  return crashed.has(engine);
}

/**
 * Calls into an engine. A trap becomes a typed error, after which the engine is not called again; an error that the
 * bindings made on purpose becomes the class it names.
 */
export function guarded<T>(engine: object, call: () => T): T {
  if (crashed.has(engine)) throw engineCrashed(undefined);
  try {
    return call();
  } catch (error) {
    if (error instanceof CouponPoolsError) throw error;
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      crashed.add(engine);
      throw engineCrashed(error);
    }
    if (error instanceof Error && "class" in error) throw typedError(error as EngineError);
    throw error;
  }
}

export function engineCrashed(cause: unknown): EngineCrashedError {
  const message = "the engine crashed and is replaced; nothing that it had not stored is kept";
  return new EngineCrashedError(message, { code: "ENGINE_CRASHED", cause });
}
