/** The store contract over the schema's functions: one call, one statement. */
import type {
  AlertRecord,
  BatchRow,
  ClaimAnswer,
  ClaimItem,
  ClaimOutcome,
  FoundRow,
  JournalEntry,
  Page,
  PoolDocument,
  ReleaseOutcome,
  Stock,
  Store,
  StoreTraits,
  UsageRow,
} from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { dayOf, fromColumn, NEVER, toColumn } from "../instants.js";
import type { Call } from "./calls.js";
import { read, written } from "./values.js";

/** Pages of rows that carry the id by which the next page goes on. */
type Placed<Row> = Row & { id: number };

type ClaimedRow =
  | { status: "stale"; document: PoolDocument | null }
  | { status: "claimed"; outcomes: Plain | Mixed; remaining: number; added: number; alerts: AlertRecord | null };

/** New uses only, each with a code of its own until there are no more. */
interface Plain {
  first: number;
  codes: string[];
  expires: number[];
}

/** Items of all kinds: what each came to, and the codes that were taken for those that wanted one. */
interface Mixed {
  fresh: string[];
  held: (string | null)[];
  kinds: (typeof REPEAT | typeof HELD | typeof EXPIRED | typeof WANTS)[];
  ranks: number[];
  numbers: number[];
  expires: number[];
  answers: number[];
  turns: number[];
}

/** As in `functions/claims.ts`. */
const REPEAT = 1;
const HELD = 2;
const EXPIRED = 3;
const WANTS = 4;

const EMPTY = { code: null, reason: "empty" } as const;

function plainOutcomes({ first, codes, expires }: Plain, count: number): ClaimOutcome[] {
  return Array.from({ length: count }, (_, i): ClaimOutcome => {
    const code = codes[i];
    if (code === undefined) return EMPTY;
    const expiresAt = fromColumn(expires[i] as number);
    return { code, number: first + i, expiresAt, repeat: false, fresh: true, answers: 1 };
  });
}

function mixedOutcomes(row: Mixed): ClaimOutcome[] {
  return row.kinds.map((kind, i): ClaimOutcome => {
    if (kind === EXPIRED) return { code: null, reason: "expired" };
    const code = kind === WANTS ? row.fresh[(row.ranks[i] as number) - 1] : row.held[i];
    if (code === undefined || code === null) return EMPTY;
    return {
      code,
      number: row.numbers[i] as number,
      expiresAt: fromColumn(row.expires[i] as number),
      repeat: kind === REPEAT,
      fresh: kind === WANTS && row.turns[i] === 1,
      answers: row.answers[i] as number,
    };
  });
}

/** A list in which every item says the same, as one item. */
function folded(items: readonly ClaimItem[], field: "message" | "slot"): string[] {
  const values = items.map((item) => written(item[field]));
  return values.every((value) => value === values[0]) ? values.slice(0, 1) : values;
}

function foundPage(
  rows: Placed<FoundRow>[],
  limit: number,
  placeOf: (row: Placed<FoundRow>) => number[],
): Page<FoundRow> {
  return toPage(rows, limit, placeOf, ({ id: _, ...row }) => ({
    ...row,
    contact: read(row.contact),
    message: read(row.message),
    slot: read(row.slot),
  }));
}

const RELEASED: Record<string, ReleaseOutcome> = {
  released: { released: true, freed: false },
  freed: { released: true, freed: true },
};

/** A store on a schema that is there (`migrate`). */
export function postgresStore(call: Call, traits: StoreTraits): Store {
  return {
    traits,

    load: ({ tenant, pools }) => call<(PoolDocument | null)[]>("load_pools", tenant, pools),

    save({ tenant, document, expected, untouched }) {
      const { handle, revision, version, archived } = document;
      const json = JSON.stringify(document);
      return call("save_pool", tenant, handle, json, revision, version, archived, expected, untouched);
    },

    async list({ tenant, archived, cursor, limit, usageFrom }) {
      const [after] = readCursor(cursor, [""] as [string]);
      type Row = { document: PoolDocument; stock: Stock; usage: UsageRow[] };
      const rows = await call<Row[]>("list_pools", tenant, archived, after, limit + 1, Math.ceil(usageFrom));
      return toPage(
        rows,
        limit,
        ({ document }) => [document.handle],
        ({ document, stock, usage }) => ({ document, stock: stockOf(stock), usage, asOf: null }),
      );
    },

    beginBatch: ({ tenant, pool, batch, version, now, lease }) =>
      call("begin_batch", tenant, pool, batch, version, now, lease),

    addBlock({ tenant, pool, batch, number, block, now, lease }) {
      const { keys, codes, runs } = block;
      const expires = runs.map(({ expiresAt }) => toColumn(expiresAt));
      const counts = runs.map(({ count }) => count);
      const texts = codes === keys ? null : codes;
      return call("add_block", tenant, pool, batch, number, now, lease, keys, texts, expires, counts);
    },

    commitBatch: ({ tenant, pool, batch, note, now }) =>
      call("commit_batch", tenant, pool, batch, JSON.stringify(note) ?? "null", now),

    dropBatch: ({ tenant, pool, batch }) => call<void>("drop_batch", tenant, pool, batch).then(() => undefined),

    undoBatch: ({ tenant, pool, batch }) => call("undo_batch", tenant, pool, batch),

    async batches({ tenant, pool, cursor, limit }) {
      const [before] = readCursor(cursor, [Number.MAX_SAFE_INTEGER] as [number]);
      const rows = await call<Placed<BatchRow>[]>("list_batches", tenant, pool, before, limit + 1);
      return toPage(
        rows,
        limit,
        ({ id }) => [id],
        ({ id: _, ...row }) => row,
      );
    },

    async contains({ tenant, pool, block }) {
      const bits = new Uint8Array(block.keys.length);
      for (const i of await call<number[]>("contains", tenant, pool, block.keys)) bits[i] = 1;
      return bits;
    },

    async claim(request): Promise<ClaimAnswer> {
      const { tenant, pool, version, now, reuse, expiresAt, minValidity, items } = request;
      const answer = await call<ClaimedRow>(
        "claim",
        tenant,
        pool,
        version,
        now,
        reuse,
        expiresAt,
        minValidity,
        items.map(({ use }) => use),
        items.some(({ holder }) => holder !== null) ? items.map(({ holder }) => holder) : null,
        items.map(({ contact }) => written(contact)),
        folded(items, "message"),
        folded(items, "slot"),
        items.map(({ fallsBack }) => fallsBack),
      );
      if (answer.status === "stale") return answer;
      const { outcomes } = answer;
      return {
        ...answer,
        outcomes: "kinds" in outcomes ? mixedOutcomes(outcomes) : plainOutcomes(outcomes, items.length),
      };
    },

    async release({ tenant, pool, items }) {
      const outcomes = await call<string[]>(
        "release",
        tenant,
        pool,
        items.map(({ use }) => use),
        items.map(({ number }) => number),
        items.map(({ answers }) => answers),
      );
      return outcomes.map((said) => RELEASED[said] ?? ({ released: false, reason: said } as ReleaseOutcome));
    },

    async find({ tenant, pool, by, cursor, limit }) {
      const [after] = readCursor(cursor, [0] as [number]);
      const [name, value] =
        "key" in by
          ? (["find_by_key", by.key] as const)
          : "contact" in by
            ? (["find_by_contact", written(by.contact)] as const)
            : (["find_by_message", written(by.message)] as const);
      const rows = await call<Placed<FoundRow>[]>(name, tenant, pool, value, after, limit + 1);
      return foundPage(rows, limit, ({ id }) => [id]);
    },

    forget: ({ tenant, pool, contact }) => call("forget", tenant, pool, written(contact)),

    markRedeemed: ({ tenant, pool, keys, now }) => call("mark_redeemed", tenant, pool, keys, now),

    voidCodes: ({ tenant, pool, keys }) => call("void_codes", tenant, pool, keys),

    async counts({ tenant, pool }) {
      const stock = await call<Stock | null>("count_stock", tenant, pool);
      return stock === null ? null : stockOf(stock);
    },

    usage: ({ tenant, pool, from, to }) =>
      call<UsageRow[]>("read_usage", tenant, pool, Math.ceil(from), Math.ceil(Math.min(to, NEVER))),

    async draws({ tenant, pool, cursor, limit }) {
      const [number, id] = readCursor(cursor, [0, 0] as [number, number]);
      const rows = await call<Placed<FoundRow>[]>("list_draws", tenant, pool, number, id, limit + 1);
      return foundPage(rows, limit, (row) => [row.number as number, row.id]);
    },

    async codes({ tenant, pool, cursor, limit }) {
      const [expiresAt, batch, position] = readCursor(cursor, [-NEVER, 0, -1] as [number, number, number]);
      type Row = { expires_at: number; batch: number; position: number; code: string };
      const rows = await call<Row[]>("list_codes", tenant, pool, expiresAt, batch, position, limit + 1);
      return toPage(
        rows,
        limit,
        (row) => [row.expires_at, row.batch, row.position],
        (row) => ({ code: row.code, expiresAt: fromColumn(row.expires_at) }),
      );
    },

    alerts: ({ tenant, pool }) => call<AlertRecord | null>("read_alerts", tenant, pool),

    saveAlerts: ({ tenant, pool, expected, state }) =>
      call("save_alerts", tenant, pool, expected, JSON.stringify(state) ?? "null"),

    journal: ({ tenant, pool }) => call<JournalEntry[]>("read_journal", tenant, pool),

    saveJournal: ({ tenant, pool, id, expected, entry }) =>
      call("save_journal", tenant, pool, id, expected, entry === null ? null : JSON.stringify(entry)),

    sweep: ({ tenant, pool, now, rollUpBefore }) => call("sweep", tenant, pool, now, dayOf(rollUpBefore)),
  };
}

const stockOf = (stock: Stock): Stock => ({
  ...stock,
  expiries: stock.expiries.map((sum) => ({ ...sum, expiresAt: fromColumn(sum.expiresAt as number) })),
});
