/** The store contract over any `SqlEngine`: one call, one transaction. */
import type { JournalEntry, PoolRequest, Stock, Store, StoreTraits, UsageRow } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { claim, release } from "./claims.js";
import { first, type SqlEngine } from "./engine.js";
import { codes, draws, find, markRedeemed, voidCodes } from "./lookups.js";
import { contents, restore } from "./moves.js";
import { alertsOf, documentOf, type PoolRow, poolRow, poolsAfter, save, stocksOf, usagesOf } from "./pools.js";
import { addBlock, batchesBefore, begin, commit, contains, drop, sweep, undo } from "./uploads.js";

/** A store on an engine whose tables are there (`createTables`). */
export function sqlStore(engine: SqlEngine, traits: StoreTraits, close?: () => void): Store {
  /** Work on one pool that may write; `absent` answers if there is no such pool. */
  async function write<Answer>(name: PoolRequest, absent: Answer, work: (pool: PoolRow) => Answer): Promise<Answer> {
    return engine.write(() => {
      const pool = poolRow(engine, name);
      return pool === undefined ? absent : work(pool);
    });
  }

  async function read<Answer>(name: PoolRequest, absent: Answer, work: (pool: PoolRow) => Answer): Promise<Answer> {
    return engine.read(() => {
      const pool = poolRow(engine, name);
      return pool === undefined ? absent : work(pool);
    });
  }

  const stale = { status: "stale", document: null } as const;
  const ended = { status: "ended" } as const;
  const noRows = { rows: [], next: null };

  return {
    traits,

    async load({ tenant, pools }) {
      return engine.read(() => pools.map((pool) => documentOf(poolRow(engine, { tenant, pool }))));
    },

    async save(request) {
      return engine.write(() => save(engine, request));
    },

    async list(request) {
      const [after] = readCursor(request.cursor, [""] as [string]);
      return engine.read(() => {
        const pools = poolsAfter(engine, request, after, request.limit + 1);
        const stocks = stocksOf(engine, pools);
        const usages = usagesOf(engine, pools, request.usageFrom, Number.MAX_SAFE_INTEGER);
        const rows = pools.map((pool, i) => ({ pool, stock: stocks[i] as Stock, usage: usages[i] as UsageRow[] }));
        return toPage(
          rows,
          request.limit,
          ({ pool }) => [pool.handle],
          ({ pool, ...figures }) => ({ document: JSON.parse(pool.document), ...figures, asOf: null }),
        );
      });
    },

    beginBatch: (request) =>
      write<Awaited<ReturnType<Store["beginBatch"]>>>(request, stale, (pool) =>
        pool.version === request.version
          ? begin(engine, pool, request)
          : { status: "stale", document: documentOf(pool) },
      ),

    addBlock: (request) =>
      write<Awaited<ReturnType<Store["addBlock"]>>>(request, ended, (pool) => addBlock(engine, pool, request)),

    commitBatch: (request) =>
      write<Awaited<ReturnType<Store["commitBatch"]>>>(request, ended, (pool) => commit(engine, pool, request)),

    dropBatch: (request) => write(request, undefined, (pool) => drop(engine, pool, request.batch)),

    undoBatch: (request) =>
      write<Awaited<ReturnType<Store["undoBatch"]>>>(request, null, (pool) => undo(engine, pool, request.batch)),

    batches: (request) =>
      read<Awaited<ReturnType<Store["batches"]>>>(request, noRows, (pool) => {
        const [before] = readCursor(request.cursor, [Number.MAX_SAFE_INTEGER] as [number]);
        const found = batchesBefore(engine, pool, before, request.limit + 1);
        return toPage(
          found,
          request.limit,
          ({ id }) => [id],
          ({ row }) => row,
        );
      }),

    contains: (request) =>
      read<Uint8Array>(request, new Uint8Array(request.block.keys.length), (pool) =>
        contains(engine, pool, request.block.keys),
      ),

    claim: (request) =>
      write<Awaited<ReturnType<Store["claim"]>>>(request, stale, (pool) =>
        pool.version === request.version
          ? claim(engine, pool, request)
          : { status: "stale", document: documentOf(pool) },
      ),

    release: (request) =>
      write<Awaited<ReturnType<Store["release"]>>>(
        request,
        request.items.map(() => ({ released: false, reason: "unknown-use" })),
        (pool) => request.items.map((item) => release(engine, pool, item)),
      ),

    find: (request) => read(request, noRows, (pool) => find(engine, pool, request)),

    forget: (request) =>
      write(request, { forgotten: 0 }, (pool) => ({
        forgotten: engine.change(
          "UPDATE coupon_uses SET contact = NULL, message = NULL WHERE pool = ? AND contact = ?",
          pool.id,
          request.contact,
        ),
      })),

    markRedeemed: (request) =>
      write(request, { marked: 0, unknown: request.keys.length }, (pool) => {
        const marked = markRedeemed(engine, pool, request.keys, request.now);
        return { marked, unknown: request.keys.length - marked };
      }),

    voidCodes: (request) =>
      write(request, { voided: 0 }, (pool) => ({ voided: voidCodes(engine, pool, request.keys) })),

    counts: (request) =>
      read<Awaited<ReturnType<Store["counts"]>>>(request, null, (pool) => stocksOf(engine, [pool])[0] ?? null),

    usage: (request) =>
      read<UsageRow[]>(request, [], (pool) => usagesOf(engine, [pool], request.from, request.to)[0] ?? []),

    draws: (request) => read(request, noRows, (pool) => draws(engine, pool, request)),

    codes: (request) => read(request, noRows, (pool) => codes(engine, pool, request)),

    alerts: (request) => read<Awaited<ReturnType<Store["alerts"]>>>(request, null, alertsOf),

    saveAlerts: (request) =>
      write<Awaited<ReturnType<Store["saveAlerts"]>>>(request, { saved: false, record: null }, (pool) => {
        if (pool.alerts_revision !== request.expected) return { saved: false, record: alertsOf(pool) };
        const state = JSON.stringify(request.state) ?? "null";
        const revision = (request.expected ?? 0) + 1;
        engine.run("UPDATE coupon_pools SET alerts = ?, alerts_revision = ? WHERE id = ?", state, revision, pool.id);
        return { saved: true, record: { revision, state: JSON.parse(state) } };
      }),

    journal: (request) =>
      read<JournalEntry[]>(request, [], (pool) =>
        engine
          .all<JournalRow>("SELECT id, revision, entry FROM coupon_journal WHERE pool = ? ORDER BY id", pool.id)
          .map(journalEntry),
      ),

    saveJournal: (request) =>
      write<Awaited<ReturnType<Store["saveJournal"]>>>(request, { saved: false, record: null }, (pool) => {
        const { id, expected, entry } = request;
        const look = () => {
          const sql = "SELECT id, revision, entry FROM coupon_journal WHERE pool = ? AND id = ?";
          const row = first<JournalRow>(engine, sql, pool.id, id);
          return row === undefined ? null : journalEntry(row);
        };
        const current = look();
        if ((current?.revision ?? null) !== expected) return { saved: false, record: current };
        if (entry === null) {
          engine.run("DELETE FROM coupon_journal WHERE pool = ? AND id = ?", pool.id, id);
        } else {
          engine.run(
            "INSERT OR REPLACE INTO coupon_journal (pool, id, revision, entry) VALUES (?, ?, ?, ?)",
            pool.id,
            id,
            (expected ?? 0) + 1,
            JSON.stringify(entry),
          );
        }
        return { saved: true, record: look() };
      }),

    contents: (request) => read(request, noRows, (pool) => contents(engine, pool, request)),

    async restore(request) {
      return engine.write(() => {
        const pool = poolRow(engine, request);
        if (pool === undefined) throw new Error(`There is no pool "${request.pool}" to restore draws in.`);
        restore(engine, pool, request);
      });
    },

    sweep: (request) => write(request, { more: false }, (pool) => sweep(engine, pool, request)),

    async close() {
      close?.();
    },
  };
}

export interface JournalRow {
  id: string;
  revision: number;
  entry: string;
}

export const journalEntry = ({ id, revision, entry }: JournalRow): JournalEntry => ({
  id,
  revision,
  entry: JSON.parse(entry),
});
