/**
 * What the editor knows of the host's pools: the list, samples, and whether a pool is enough. Everything is asked once
 * and kept for a while, because an editor draws its blocks and panels again at every click.
 */

import type { PoolsHost } from "../../host.js";
import type { PoolRow } from "../../options.js";

/** The part of a host that the plugin calls. */
export type ShelfHost = Pick<PoolsHost, "list" | "preview" | "prepare">;

/** Whether a pool is enough for everybody the mail goes to. */
export type Supply = { state: "checking" } | { state: "enough" | "short"; audience: number; short: number };

/** Shortest time to keep things for, in milliseconds: news draws everything again, which must not ask again at once. */
const LEAST = 1_000;

/** Most pools that one call lists. */
const PAGE = 1_000;

interface Kept<T> {
  at: number;
  value: T | undefined;
}

export class Shelf {
  readonly #host: ShelfHost;
  readonly #audience: number | (() => number | Promise<number>) | undefined;
  readonly #keep: number;
  readonly #changed: () => void;
  #pools: Kept<PoolRow[]> | undefined;
  #failure: string | null = null;
  readonly #samples = new Map<string, Kept<string>>();
  readonly #supplies = new Map<string, Kept<Supply>>();

  /** `changed` hears that something arrived which a block or a panel may show; `keep` is in milliseconds. */
  constructor(
    host: ShelfHost,
    audience: number | (() => number | Promise<number>) | undefined,
    keep: number,
    changed: () => void,
  ) {
    this.#host = host;
    this.#audience = audience;
    this.#keep = Math.max(LEAST, keep);
    this.#changed = changed;
  }

  /** Why the list could not be read, or `null`. */
  get failure(): string | null {
    return this.#failure;
  }

  /** The pools that can be chosen, by name, as far as they are known; asks for them anew when they are old. */
  pools(): readonly PoolRow[] | undefined {
    if (this.#isOld(this.#pools)) {
      this.#pools = { at: Date.now(), value: this.#pools?.value };
      void this.#list();
    }
    return this.#pools?.value;
  }

  /** A pool by its handle; `undefined` while the list is not known, `null` if it has no such pool. */
  pool(handle: string): PoolRow | null | undefined {
    const pools = this.pools();
    return pools === undefined ? undefined : (pools.find((pool) => pool.handle === handle) ?? null);
  }

  /** What a tag prints in a preview, which draws nothing; `undefined` while it is not known, "" if it prints nothing. */
  sample(tag: string): string | undefined {
    return this.#ask(this.#samples, tag, async () => {
      try {
        return (await this.#host.preview(tag, { mode: "text" })).output;
      } catch {
        // The pool was deleted or cannot be read; the list says so in words.
        return "";
      }
    });
  }

  /**
   * Whether a pool has `slots` codes for everybody; `null` where no audience is known or the pool never runs out.
   * `prepare` fills a dynamic pool, as it should when its tag is put into a mail.
   */
  supply(handle: string, slots: number): Supply | null {
    const audience = this.#audience;
    if (audience === undefined || this.pool(handle)?.kind === "fixed" || !this.pool(handle)) return null;
    const known = this.#ask<Supply>(this.#supplies, `${handle} ${slots}`, async () => {
      const people = typeof audience === "function" ? await audience() : audience;
      const { enough, short } = await this.#host.prepare(handle, { count: people * slots });
      return { state: enough ? "enough" : "short", audience: people, short };
    });
    return known ?? { state: "checking" };
  }

  /** Forgets what is known, so that it is asked for anew. */
  refresh(): void {
    this.#pools = this.#pools && { ...this.#pools, at: Number.NEGATIVE_INFINITY };
    this.#samples.clear();
    this.#supplies.clear();
    this.#changed();
  }

  #isOld(kept: Kept<unknown> | undefined): boolean {
    return kept === undefined || Date.now() - kept.at > this.#keep;
  }

  /** A value by its key, asked for when it is not known or old; an old one is given until the new one is there. */
  #ask<T>(all: Map<string, Kept<T>>, key: string, find: () => Promise<T>): T | undefined {
    const kept = all.get(key);
    if (this.#isOld(kept)) {
      const asked: Kept<T> = { at: Date.now(), value: kept?.value };
      all.set(key, asked);
      find().then(
        (value) => {
          if (all.get(key) !== asked) return;
          const same = asked.value !== undefined && JSON.stringify(asked.value) === JSON.stringify(value);
          asked.value = value;
          if (!same) this.#changed();
        },
        (error: unknown) => this.#failed(error),
      );
    }
    return all.get(key)?.value;
  }

  async #list(): Promise<void> {
    try {
      const pools: PoolRow[] = [];
      for (let cursor: string | null = null; ; ) {
        const page = await this.#host.list({ cursor, limit: PAGE });
        pools.push(...page);
        cursor = page.next;
        if (cursor === null) break;
      }
      pools.sort((one, other) => one.name.localeCompare(other.name));
      this.#pools = { at: Date.now(), value: pools };
      this.#failure = null;
      this.#changed();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#failure = error instanceof Error ? error.message : String(error);
    this.#changed();
  }
}
