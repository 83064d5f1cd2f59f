/** The Durable Object class: a pool with its codes, or a tenant's directory, by what it is asked. */
import { DurableObject } from "cloudflare:workers";
import type { Store } from "../../store.js";
import { first, type SqlEngine } from "../sql/engine.js";
import { createTables } from "../sql/schema.js";
import { sqlStore } from "../sql/store.js";
import { type Directory, directoryOn } from "./directory.js";
import { engineOf } from "./engine.js";
import { traits } from "./traits.js";

/** Calls that leave rows to clear away. */
const LITTERING = new Set<string>(["beginBatch", "commitBatch", "dropBatch", "undoBatch", "release"]);

/** How long an object waits before it clears up: after the upload or the undo, not in the middle of it. */
const SWEEP_AFTER = 60_000;

/** How many pieces one alarm sweeps: about a second's work. */
const SWEEPS = 50;

/** Thrown to undo what a call did to an object that holds no pool. */
const NOTHING_HAPPENED = Symbol("nothing happened");

export class CouponPoolObject extends DurableObject {
  readonly #engine: SqlEngine;
  readonly #pool: Store;
  readonly #directory: Directory;
  #hasTables: boolean;

  constructor(
    ctx: ConstructorParameters<typeof DurableObject>[0],
    env: ConstructorParameters<typeof DurableObject>[1],
  ) {
    super(ctx, env);
    this.#engine = engineOf(this.ctx.storage);
    this.#pool = sqlStore(this.#engine, traits);
    this.#directory = directoryOn(this.#engine);
    this.#hasTables = first(this.#engine, "SELECT 1 FROM sqlite_master WHERE name = 'coupon_schema'") !== undefined;
    // A release with another layout must say so before it writes.
    if (this.#hasTables) createTables(this.#engine);
  }

  /** One call of the store contract on this object's pool: one transaction. For `durableObject`, by RPC. */
  async poolCall(method: string, request: unknown): Promise<unknown> {
    const work = this.#pool[method as keyof Store] as ((request: unknown) => Promise<unknown>) | undefined;
    if (typeof work !== "function") throw new TypeError(`A pool's object has no call "${method}".`);
    if (!this.#hasTables) return this.#asAbsent(method, () => work(request));
    const answer = await work(request);
    if (LITTERING.has(method) && (await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(Date.now() + SWEEP_AFTER);
    }
    return answer;
  }

  /** One call on this object's directory. For `durableObject`, by RPC. */
  async directoryCall(method: string, request: unknown): Promise<unknown> {
    const work = this.#directory[method as keyof Directory] as ((request: unknown) => unknown) | undefined;
    if (typeof work !== "function") throw new TypeError(`A directory's object has no call "${method}".`);
    return this.#engine.write(() => work(request)) ?? null;
  }

  /** Clears away rows of batches that ended, piece by piece. Leases are left to `maintain()`, which has the caller's clock. */
  async alarm(): Promise<void> {
    const name = this.#hasTables
      ? first<{ tenant: string; pool: string }>(this.#engine, "SELECT tenant, handle AS pool FROM coupon_pools")
      : undefined;
    if (name === undefined) return;
    for (let sweeps = 0; sweeps < SWEEPS; sweeps += 1) {
      const { more } = await this.#pool.sweep({ ...name, now: 0, rollUpBefore: 0 });
      if (!more) return;
    }
    await this.ctx.storage.setAlarm(Date.now());
  }

  /** Answers for a pool that is not there, and keeps nothing unless a pool was saved: asking for a pool must not make an object that is stored and billed. */
  async #asAbsent(method: string, work: () => Promise<unknown>): Promise<unknown> {
    let answer: Promise<unknown> | undefined;
    try {
      this.#engine.write(() => {
        createTables(this.#engine);
        // The store's calls are done when they return; only their answer comes as a promise.
        answer = work();
        const isSaved = method === "save" && first(this.#engine, "SELECT 1 FROM coupon_pools") !== undefined;
        if (!isSaved) throw NOTHING_HAPPENED;
      });
      this.#hasTables = true;
    } catch (thrown) {
      if (thrown !== NOTHING_HAPPENED) throw thrown;
    }
    return answer;
  }
}
