/**
 * The store in this process's memory: for tests, demos and hosts that keep nothing. The fastest one, and the plainest
 * reading of the contract.
 */
import type { PoolDocument, Stock, Store, UsageRow } from "../store.js";
import { readCursor, toPage } from "./cursors.js";
import { claim, release } from "./memory/claims.js";
import { contents, restore } from "./memory/moves.js";
import { batches, codes, draws, find } from "./memory/pages.js";
import { PoolState } from "./memory/pool.js";
import { addBlock, begin, commit, drop, sweep, undo } from "./memory/uploads.js";

export interface MemoryOptions {
  /**
   * Treat every pool as a partition of its own, as Redis Cluster and Durable Objects do: calls to one pool take turns,
   * nothing spans two pools, and `list` lags. Default `false`.
   */
  partitioned?: boolean;
}

/** What `list` shows of a pool. */
interface Shown {
  document: PoolDocument;
  stock: Stock;
  usage: UsageRow[];
  asOf: number | null;
}

export function memory(options: MemoryOptions = {}): Store {
  const partitioned = options.partitioned === true;
  const tenants = new Map<string, Map<string, PoolState>>();
  const shown = new Map<string, Map<string, Shown>>();
  const turns = new Map<string, Promise<unknown>>();

  function poolsOf<Value>(all: Map<string, Map<string, Value>>, tenant: string): Map<string, Value> {
    let pools = all.get(tenant);
    if (pools === undefined) {
      pools = new Map();
      all.set(tenant, pools);
    }
    return pools;
  }

  /** Does one pool's work in one indivisible step; in the partitioned variant, in its turn and never at once. */
  async function within<Answer>(
    request: { tenant: string; pool: string; now?: number },
    work: (pool: PoolState | undefined) => Answer,
  ): Promise<Answer> {
    const step = () => work(tenants.get(request.tenant)?.get(request.pool));
    if (!partitioned) return step();
    const name = JSON.stringify([request.tenant, request.pool]);
    const turn = (turns.get(name) ?? Promise.resolve()).then(step);
    const ended = turn.then(
      () => {
        if (turns.get(name) === ended) turns.delete(name);
        setTimeout(publish, 1, request, request.now ?? null);
      },
      () => {},
    );
    turns.set(name, ended);
    return turn;
  }

  /** Tells the directory, late, what a pool looks like. */
  function publish(request: { tenant: string; pool: string }, now: number | null): void {
    const pool = tenants.get(request.tenant)?.get(request.pool);
    if (pool === undefined) return;
    const pools = poolsOf(shown, request.tenant);
    const { document } = pool;
    const asOf = Math.max(now ?? document.updatedAt, pools.get(request.pool)?.asOf ?? document.updatedAt);
    pools.set(request.pool, { document, stock: pool.stock(), usage: usageOf(pool, 0, Number.MAX_VALUE), asOf });
  }

  return {
    traits: {
      name: "memory",
      durability: "none",
      failover: "may-lose",
      limits: { claimItems: 10_000, blockCodes: 10_000 },
    },

    load({ tenant, pools }) {
      return Promise.all(pools.map((pool) => within({ tenant, pool }, (found) => found?.document ?? null)));
    },

    save({ tenant, document, expected, untouched }) {
      return within({ tenant, pool: document.handle }, (pool) => {
        if ((pool?.revision ?? null) !== expected) {
          return { saved: false, reason: "conflict", document: pool?.document ?? null };
        }
        if (untouched && pool && (pool.batches.some(({ state }) => state !== "dropped") || pool.draws.length > 0)) {
          return { saved: false, reason: "touched", document: pool.document };
        }
        if (pool) pool.document = document;
        else poolsOf(tenants, tenant).set(document.handle, new PoolState(document));
        return { saved: true };
      });
    },

    async list({ tenant, archived, cursor, limit, usageFrom }) {
      const [after] = readCursor(cursor, [""] as [string]);
      const pools: Map<string, Shown | PoolState> = poolsOf<Shown | PoolState>(partitioned ? shown : tenants, tenant);
      const handles = [...pools.keys()].filter((handle) => handle > after).sort();
      const rows: Shown[] = [];
      for (const handle of handles) {
        const pool = pools.get(handle) as Shown | PoolState;
        const isArchived = pool instanceof PoolState ? pool.archived : pool.document.archived;
        if (isArchived !== archived) continue;
        if (pool instanceof PoolState) {
          const usage = usageOf(pool, usageFrom, Number.MAX_VALUE);
          rows.push({ document: pool.document, stock: pool.stock(), usage, asOf: null });
        } else {
          const usage = pool.usage.filter(({ at }) => at >= usageFrom);
          rows.push(structuredClone({ ...pool, usage }));
        }
        if (rows.length > limit) break;
      }
      return toPage(
        rows,
        limit,
        (row) => [row.document.handle],
        (row) => row,
      );
    },

    beginBatch(request) {
      return within(request, (pool) =>
        pool === undefined || pool.version !== request.version
          ? { status: "stale", document: pool?.document ?? null }
          : begin(pool, request),
      );
    },

    addBlock: (request) =>
      within(request, (pool) => (pool === undefined ? { status: "ended" } : addBlock(pool, request))),

    commitBatch: (request) =>
      within(request, (pool) => (pool === undefined ? { status: "ended" } : commit(pool, request))),

    dropBatch(request) {
      return within(request, (pool) => {
        const batch = pool?.batchById.get(request.batch);
        if (pool && batch) drop(pool, batch);
      });
    },

    undoBatch: (request) => within(request, (pool) => (pool === undefined ? null : undo(pool, request.batch))),

    batches: (request) =>
      within(request, (pool) => (pool === undefined ? { rows: [], next: null } : batches(pool, request))),

    contains(request) {
      return within(request, (pool) =>
        Uint8Array.from(request.block.keys, (key) => (pool?.held(key) === undefined ? 0 : 1)),
      );
    },

    claim(request) {
      return within(request, (pool) =>
        pool === undefined || pool.version !== request.version
          ? { status: "stale", document: pool?.document ?? null }
          : claim(pool, request),
      );
    },

    release(request) {
      return within(request, (pool) =>
        request.items.map((item) =>
          pool === undefined ? { released: false, reason: "unknown-use" } : release(pool, item),
        ),
      );
    },

    find: (request) => within(request, (pool) => (pool === undefined ? { rows: [], next: null } : find(pool, request))),

    forget(request) {
      return within(request, (pool) => {
        let forgotten = 0;
        for (const use of pool?.uses.values() ?? []) {
          if (use.contact !== request.contact) continue;
          use.contact = null;
          use.message = null;
          forgotten += 1;
        }
        return { forgotten };
      });
    },

    markRedeemed(request) {
      return within(request, (pool) => {
        let marked = 0;
        for (const key of request.keys) {
          const place = pool?.held(key);
          const draw = place?.lot.taken[place.position];
          if (!pool || !draw) continue;
          marked += 1;
          if (draw.redeemedAt !== null) continue;
          draw.redeemedAt = request.now;
          pool.redeemed += 1;
        }
        return { marked, unknown: request.keys.length - marked };
      });
    },

    voidCodes(request) {
      return within(request, (pool) => {
        let voided = 0;
        for (const key of request.keys) {
          const place = pool?.held(key);
          if (!pool || !place) continue;
          const { lot, position } = place;
          if (lot.taken[position]) continue;
          voided += 1;
          if (lot.taken[position] === null) continue;
          lot.taken[position] = null;
          lot.returned.delete(position);
          lot.void += 1;
          pool.sumOf(lot.expiresAt).void += 1;
          if (lot.codes.length - lot.undone - lot.assigned - lot.void === 0) pool.shut(lot);
        }
        return { voided };
      });
    },

    counts: (request) => within(request, (pool) => pool?.stock() ?? null),

    usage(request) {
      return within(request, (pool) => (pool === undefined ? [] : usageOf(pool, request.from, request.to)));
    },

    draws: (request) =>
      within(request, (pool) => (pool === undefined ? { rows: [], next: null } : draws(pool, request))),

    codes: (request) =>
      within(request, (pool) => (pool === undefined ? { rows: [], next: null } : codes(pool, request))),

    alerts: (request) => within(request, (pool) => pool?.alertRecord ?? null),

    saveAlerts(request) {
      return within(request, (pool) => {
        if (pool === undefined) return { saved: false, record: null };
        const saved = (pool.alerts?.revision ?? null) === request.expected;
        if (saved) {
          pool.alerts = { revision: (request.expected ?? 0) + 1, state: JSON.stringify(request.state) ?? "null" };
        }
        return { saved, record: pool.alertRecord };
      });
    },

    journal(request) {
      return within(request, (pool) =>
        pool === undefined ? [] : [...pool.journal.keys()].sort().flatMap((id) => pool.journalEntry(id) ?? []),
      );
    },

    saveJournal({ id, expected, entry, ...request }) {
      return within(request, (pool) => {
        if (pool === undefined) return { saved: false, record: null };
        const saved = (pool.journal.get(id)?.revision ?? null) === expected;
        if (saved && entry === null) pool.journal.delete(id);
        else if (saved) pool.journal.set(id, { revision: (expected ?? 0) + 1, entry: JSON.stringify(entry) });
        return { saved, record: pool.journalEntry(id) };
      });
    },

    contents: (request) =>
      within(request, (pool) => (pool === undefined ? { rows: [], next: null } : contents(pool, request))),

    restore(request) {
      return within(request, (pool) => {
        if (pool === undefined) throw new Error(`There is no pool "${request.pool}" to restore draws in.`);
        restore(pool, request);
      });
    },

    sweep: (request) => within(request, (pool) => (pool === undefined ? { more: false } : sweep(pool, request))),
  };
}

/** A pool's draws by hour or day, in `[from, to)`. */
function usageOf(pool: PoolState, from: number, to: number): UsageRow[] {
  return [...pool.usage]
    .filter(([at]) => at >= from && at < to)
    .sort(([a], [b]) => a - b)
    .map(([at, draws]) => ({ at, draws }));
}
