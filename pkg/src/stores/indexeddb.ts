/**
 * The store in a browser's IndexedDB, for one person's pools on one machine; any number of tabs may share it. Codes
 * lie in blocks, since one record a code would take minutes where blocks take a second.
 */
import type { JournalEntry, PoolDocument, PoolRequest, Store, UsageRow } from "../store.js";
import { readCursor, toPage } from "./cursors.js";
import { claim, release } from "./indexeddb/claims.js";
import { database, got, range, under } from "./indexeddb/database.js";
import { fingerprintsOf } from "./indexeddb/fingerprints.js";
import { KeyFinder } from "./indexeddb/keys.js";
import { codes, contains, draws, find, forget, markRedeemed, voidCodes } from "./indexeddb/lookups.js";
import { presenceIn } from "./indexeddb/presence.js";
import { type PoolRecord, PoolScope } from "./indexeddb/records.js";
import { addBlock, batchesBefore, begin, commit, dropNamed, sweep, undo } from "./indexeddb/uploads.js";

export interface IndexedDbOptions {
  /** The database's name in the page's origin. Default `"coupon-pools"`. */
  name?: string;
  /** Default: the global `indexedDB`. */
  factory?: IDBFactory;
  /** Two words for each key, for tests of collisions: a database must be read with what it was written with. */
  fingerprints?: (keys: readonly string[]) => Uint32Array;
}

export function indexeddb(options: IndexedDbOptions = {}): Store {
  const factory = options.factory ?? globalThis.indexedDB;
  if (factory === undefined) throw new Error("There is no IndexedDB here: use another store, or pass a factory.");
  const finder = new KeyFinder(options.fingerprints ?? fingerprintsOf);
  const name = options.name ?? "coupon-pools";
  const db = database(factory, name, () => finder.clear());
  const presence = presenceIn();
  const presenceOf = ({ tenant, pool, batch }: PoolRequest & { batch: string }) =>
    JSON.stringify([name, tenant, pool, batch]);

  async function poolRecord(transaction: IDBTransaction, tenant: string, handle: string) {
    return got<PoolRecord | undefined>(transaction.objectStore("pools").index("name").get([tenant, handle]));
  }

  /** Work on one pool; `absent` answers if there is no such pool. */
  function within<Answer>(
    mode: IDBTransactionMode,
    { tenant, pool }: PoolRequest,
    absent: Answer,
    work: (scope: PoolScope) => Promise<Answer> | Answer,
  ): Promise<Answer> {
    return db.within(mode, async (transaction) => {
      const record = await poolRecord(transaction, tenant, pool);
      return record === undefined ? absent : work(new PoolScope(transaction, record));
    });
  }

  const write = <Answer>(name: PoolRequest, absent: Answer, work: (scope: PoolScope) => Promise<Answer> | Answer) =>
    within("readwrite", name, absent, work);
  const read = <Answer>(name: PoolRequest, absent: Answer, work: (scope: PoolScope) => Promise<Answer> | Answer) =>
    within("readonly", name, absent, work);

  const stale = { status: "stale", document: null } as const;
  const ended = { status: "ended" } as const;
  const noRows = { rows: [], next: null };

  return {
    traits: {
      name: "indexeddb",
      durability: "power-loss",
      failover: "may-lose",
      limits: { claimItems: 2_000, blockCodes: 10_000 },
    },

    load({ tenant, pools }) {
      return db.within("readonly", (transaction) =>
        Promise.all(pools.map(async (pool) => (await poolRecord(transaction, tenant, pool))?.document ?? null)),
      );
    },

    save({ tenant, document, expected, untouched }) {
      return db.within<Awaited<ReturnType<Store["save"]>>>("readwrite", async (transaction) => {
        const pool = await poolRecord(transaction, tenant, document.handle);
        const current = pool?.document ?? null;
        if ((current?.revision ?? null) !== expected) return { saved: false, reason: "conflict", document: current };
        if (pool !== undefined && untouched) {
          // A draw needs a committed batch, so a pool without batches has none.
          const [touched] = await batchesBefore(new PoolScope(transaction, pool), Number.POSITIVE_INFINITY, 1);
          if (touched !== undefined) return { saved: false, reason: "touched", document: current };
        }
        const plain: PoolDocument = JSON.parse(JSON.stringify(document));
        const record = pool === undefined ? blankPool(tenant, plain) : { ...pool, document: plain };
        transaction.objectStore("pools").put(record);
        return { saved: true };
      });
    },

    list({ tenant, archived, cursor, limit, usageFrom }) {
      const [after] = readCursor(cursor, [""] as [string]);
      return db.within("readonly", async (transaction) => {
        const names = transaction.objectStore("pools").index("name");
        const pools = await got<PoolRecord[]>(names.getAll(range([tenant, after], [tenant, []], true)));
        const shown = pools.filter(({ document }) => document.archived === archived).slice(0, limit + 1);
        const rows = await Promise.all(
          shown.map(async (pool) => {
            const scope = new PoolScope(transaction, pool);
            const [stock, usage] = await Promise.all([
              scope.stock(),
              usageOf(scope, usageFrom, Number.MAX_SAFE_INTEGER),
            ]);
            return { document: pool.document, stock, usage, asOf: null };
          }),
        );
        return toPage(
          rows,
          limit,
          (row) => [row.document.handle],
          (row) => row,
        );
      });
    },

    async beginBatch(request) {
      const tries = () =>
        write<Awaited<ReturnType<Store["beginBatch"]>>>(request, stale, (scope) =>
          scope.pool.document.version === request.version
            ? begin(scope, request)
            : { status: "stale", document: scope.pool.document },
        );
      const mine = presenceOf(request);
      // Before it is staged: nobody may find it there and its tab gone.
      await presence.hold(mine);
      let answer = await tries();
      if (answer.status === "busy") {
        const { batch } = answer;
        if (await presence.isGone(presenceOf({ ...request, batch }))) {
          await write<void>(request, undefined, (scope) => dropNamed(scope, batch));
          answer = await tries();
        }
      }
      // `stale` is asked again under the same id, perhaps of a batch that is staged.
      if (answer.status === "busy" || answer.status === "ended") presence.letGo(mine);
      return answer;
    },

    async addBlock(request) {
      const answer = await write<Awaited<ReturnType<Store["addBlock"]>>>(request, ended, (scope) =>
        addBlock(scope, finder, request),
      );
      if (answer.status === "ended") presence.letGo(presenceOf(request));
      return answer;
    },

    async commitBatch(request) {
      const answer = await write<Awaited<ReturnType<Store["commitBatch"]>>>(request, ended, (scope) =>
        commit(scope, request),
      );
      presence.letGo(presenceOf(request));
      return answer;
    },

    async dropBatch(request) {
      await write<void>(request, undefined, (scope) => dropNamed(scope, request.batch));
      presence.letGo(presenceOf(request));
    },

    undoBatch: (request) =>
      write<Awaited<ReturnType<Store["undoBatch"]>>>(request, null, (scope) => undo(scope, request.batch)),

    batches: (request) =>
      read<Awaited<ReturnType<Store["batches"]>>>(request, noRows, async (scope) => {
        const [before] = readCursor(request.cursor, [Number.MAX_SAFE_INTEGER] as [number]);
        const found = await batchesBefore(scope, before, request.limit + 1);
        return toPage(
          found,
          request.limit,
          ({ sequence }) => [sequence],
          ({ row }) => row,
        );
      }),

    contains: (request) =>
      read<Uint8Array>(request, new Uint8Array(request.block.keys.length), (scope) =>
        contains(scope, finder, request.block.keys),
      ),

    claim: (request) =>
      write<Awaited<ReturnType<Store["claim"]>>>(request, stale, (scope) =>
        scope.pool.document.version === request.version
          ? claim(scope, request)
          : { status: "stale", document: scope.pool.document },
      ),

    release: (request) =>
      write<Awaited<ReturnType<Store["release"]>>>(
        request,
        request.items.map(() => ({ released: false, reason: "unknown-use" })),
        async (scope) => {
          const outcomes: Awaited<ReturnType<Store["release"]>> = [];
          for (const item of request.items) outcomes.push(await release(scope, item));
          return outcomes;
        },
      ),

    find: (request) => read(request, noRows, (scope) => find(scope, finder, request)),

    forget: (request) => write(request, { forgotten: 0 }, (scope) => forget(scope, request.contact)),

    markRedeemed: (request) =>
      write(request, { marked: 0, unknown: request.keys.length }, (scope) => markRedeemed(scope, finder, request)),

    voidCodes: (request) => write(request, { voided: 0 }, (scope) => voidCodes(scope, finder, request.keys)),

    counts: (request) => read<Awaited<ReturnType<Store["counts"]>>>(request, null, (scope) => scope.stock()),

    usage: (request) => read<UsageRow[]>(request, [], (scope) => usageOf(scope, request.from, request.to)),

    draws: (request) => read(request, noRows, (scope) => draws(scope, request)),

    codes: (request) => read(request, noRows, (scope) => codes(scope, request)),

    alerts: (request) => read<Awaited<ReturnType<Store["alerts"]>>>(request, null, ({ pool }) => pool.alerts),

    saveAlerts: (request) =>
      write<Awaited<ReturnType<Store["saveAlerts"]>>>(request, { saved: false, record: null }, (scope) => {
        const { pool } = scope;
        if ((pool.alerts?.revision ?? null) !== request.expected) return { saved: false, record: pool.alerts };
        const state: unknown = JSON.parse(JSON.stringify(request.state) ?? "null");
        pool.alerts = { revision: (request.expected ?? 0) + 1, state };
        scope.put("pools", pool);
        return { saved: true, record: pool.alerts };
      }),

    journal: (request) =>
      read<JournalEntry[]>(request, [], async (scope) => {
        const entries = await scope.all<JournalEntry>("journal", under(scope.pool.id));
        return entries.map(({ id, revision, entry }) => ({ id, revision, entry }));
      }),

    saveJournal: (request) =>
      write<Awaited<ReturnType<Store["saveJournal"]>>>(request, { saved: false, record: null }, async (scope) => {
        const { id, expected } = request;
        const key = [scope.pool.id, id];
        const found = await scope.get<JournalEntry>("journal", key);
        const current = found === undefined ? null : { id, revision: found.revision, entry: found.entry };
        if ((current?.revision ?? null) !== expected) return { saved: false, record: current };
        if (request.entry === null) {
          scope.store("journal").delete(key);
          return { saved: true, record: null };
        }
        const entry: unknown = JSON.parse(JSON.stringify(request.entry));
        const record: JournalEntry = { id, revision: (expected ?? 0) + 1, entry };
        scope.put("journal", { pool: scope.pool.id, ...record });
        return { saved: true, record };
      }),

    sweep: (request) => write(request, { more: false }, (scope) => sweep(scope, request)),

    close: () => db.close(),
  };
}

function blankPool(tenant: string, document: PoolDocument): Omit<PoolRecord, "id"> {
  return {
    tenant,
    handle: document.handle,
    document,
    draws: 0,
    uses: 0,
    batches: 0,
    blocks: 0,
    added: 0,
    fellBack: 0,
    redeemed: 0,
    staged: null,
    alerts: null,
  };
}

/** A pool's draws by hour or day, in `[from, to)`. */
async function usageOf(scope: PoolScope, from: number, to: number): Promise<UsageRow[]> {
  if (from >= to) return [];
  const { id } = scope.pool;
  const rows = await scope.all<UsageRow>("usage", range([id, from], [id, to], false, true));
  return rows.map(({ at, draws }) => ({ at, draws }));
}
