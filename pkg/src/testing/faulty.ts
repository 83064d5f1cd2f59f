/** A store whose calls fail as networks do: before the work, or after it, so that the answer is lost. */
import type { Store } from "../store.js";
import { seeded } from "./random.js";

export interface FaultPlan {
  /** The same seed fails the same calls. */
  seed: number;
  /** How many of all calls fail before the store has heard of them: 0 to 1. */
  before: number;
  /** How many of all calls are done, and their answers lost: 0 to 1. */
  after: number;
  /** Only these methods fail; all of them by default. */
  methods?: readonly (keyof Store)[];
}

export class LostConnection extends Error {
  override name = "LostConnection";

  constructor(
    readonly method: string,
    /** Whether the store did the work; a real network would not say. */
    readonly done: boolean,
  ) {
    super(`The connection was lost ${done ? "after" : "before"} ${method}.`);
  }
}

/** Wraps a store so that it fails by plan. A caller that repeats a failed call must end where it would have without. */
export function faulty(store: Store, plan: FaultPlan): Store {
  const random = seeded(plan.seed);
  return new Proxy(store, {
    get(target, name: keyof Store, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function" || name === "close") return method;
      if (plan.methods && !plan.methods.includes(name)) return method.bind(target);
      return async (request: unknown) => {
        if (random.chance(plan.before)) throw new LostConnection(name, false);
        const answer: unknown = await method.call(target, request);
        if (random.chance(plan.after)) throw new LostConnection(name, true);
        return answer;
      };
    },
  });
}
