/** Pools' documents, stock, usage, alerts and journal in D1. */
import type { AlertRecord, JournalEntry, PoolDocument, PoolRequest, Stock, UsageRow } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import {
  alertsOf,
  documentOf,
  POOL,
  type PoolRow,
  type StoredSum,
  type StoredUsage,
  stocksByPool,
  usagesByPool,
} from "../sql/pools.js";
import { type JournalRow, journalEntry } from "../sql/store.js";
import { type Answer, type Database, type Request, type Statement, sql } from "./database.js";
import { POOL_ID } from "./names.js";

export async function load(database: Database, { tenant, pools }: Request<"load">): Promise<Answer<"load">> {
  const [rows] = await database.send(
    [
      sql(
        "SELECT handle, document FROM coupon_pools WHERE tenant = ? AND handle IN (SELECT value FROM json_each(?))",
        tenant,
        JSON.stringify(pools),
      ),
    ],
    true,
  );
  const documents = new Map(rows?.map(({ handle, document }) => [handle, document as string]));
  return pools.map((pool) => {
    const document = documents.get(pool);
    return document === undefined ? null : JSON.parse(document);
  });
}

export async function save(database: Database, request: Request<"save">): Promise<Answer<"save">> {
  const { tenant, document, expected, untouched } = request;
  const { handle, revision, version } = document;
  const values = [tenant, handle, JSON.stringify(document), revision, version, document.archived ? 1 : 0] as const;
  const write =
    expected === null
      ? sql(
          `INSERT INTO coupon_pools (tenant, handle, document, revision, version, archived) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (tenant, handle) DO NOTHING RETURNING 1 AS saved`,
          ...values,
        )
      : sql(
          // A draw needs a committed batch, so a pool without batches has none.
          `UPDATE coupon_pools SET document = ?3, revision = ?4, version = ?5, archived = ?6
           WHERE tenant = ?1 AND handle = ?2 AND revision = ?7
             AND (?8 = 0 OR NOT EXISTS (SELECT 1 FROM coupon_batches AS b WHERE b.pool = coupon_pools.id AND b.state <> 3))
           RETURNING 1 AS saved`,
          ...values,
          expected,
          untouched ? 1 : 0,
        );
  const [saved, found] = await database.send([write, poolNamed({ tenant, pool: handle })], false);
  if (saved?.length === 1) return { saved: true };
  const pool = found?.[0] as unknown as PoolRow | undefined;
  const reason = (pool?.revision ?? null) === expected ? "touched" : "conflict";
  return { saved: false, reason, document: documentOf(pool) };
}

/** The pool's row. */
export const poolNamed = ({ tenant, pool }: PoolRequest): Statement =>
  sql(`${POOL} WHERE tenant = ? AND handle = ?`, tenant, pool);

const PAGE = `SELECT id FROM coupon_pools WHERE tenant = ?1 AND handle > ?2 AND archived = ?3 ORDER BY handle LIMIT ?4`;

export async function list(database: Database, request: Request<"list">): Promise<Answer<"list">> {
  const [after] = readCursor(request.cursor, [""] as [string]);
  const page = [request.tenant, after, request.archived ? 1 : 0, request.limit + 1] as const;
  const [rows, sums, usage] = await database.send(
    [
      sql(`${POOL} WHERE id IN (${PAGE}) ORDER BY handle`, ...page),
      sql(`SELECT * FROM coupon_expiries WHERE pool IN (${PAGE}) ORDER BY pool, expires_at`, ...page),
      sql(
        `SELECT pool, at, draws FROM coupon_usage WHERE pool IN (${PAGE}) AND at >= ?5 ORDER BY pool, at`,
        ...page,
        request.usageFrom,
      ),
    ],
    true,
  );
  const pools = rows as unknown as PoolRow[];
  const stocks = stocksByPool(pools, sums as unknown as StoredSum[]);
  const usages = usagesByPool(pools, usage as unknown as StoredUsage[]);
  return toPage(
    pools.map((pool, i) => ({ pool, stock: stocks[i] as Stock, usage: usages[i] as UsageRow[] })),
    request.limit,
    ({ pool }) => [pool.handle],
    ({ pool, ...figures }) => ({ document: JSON.parse(pool.document) as PoolDocument, ...figures, asOf: null }),
  );
}

export async function counts(database: Database, { tenant, pool: handle }: PoolRequest): Promise<Stock | null> {
  const [rows, sums] = await database.send(
    [
      poolNamed({ tenant, pool: handle }),
      sql(`SELECT * FROM coupon_expiries WHERE pool = ${POOL_ID} ORDER BY expires_at`, tenant, handle),
    ],
    true,
  );
  return stocksByPool(rows as unknown as PoolRow[], sums as unknown as StoredSum[])[0] ?? null;
}

export async function usage(database: Database, request: Request<"usage">): Promise<UsageRow[]> {
  const [rows] = await database.send(
    [
      sql(
        `SELECT at, draws FROM coupon_usage WHERE pool = ${POOL_ID} AND at >= ?3 AND at < ?4 ORDER BY at`,
        request.tenant,
        request.pool,
        request.from,
        request.to,
      ),
    ],
    true,
  );
  return rows as unknown as UsageRow[];
}

export async function alerts(database: Database, request: PoolRequest): Promise<AlertRecord | null> {
  const [rows] = await database.send([poolNamed(request)], true);
  return alertsOf(rows?.[0] as unknown as PoolRow | undefined);
}

export async function saveAlerts(database: Database, request: Request<"saveAlerts">): Promise<Answer<"saveAlerts">> {
  const { tenant, pool, expected } = request;
  const [saved, rows] = await database.send(
    [
      sql(
        `UPDATE coupon_pools SET alerts = ?3, alerts_revision = ?4
         WHERE tenant = ?1 AND handle = ?2 AND alerts_revision IS ?5 RETURNING 1 AS saved`,
        tenant,
        pool,
        JSON.stringify(request.state) ?? "null",
        (expected ?? 0) + 1,
        expected,
      ),
      poolNamed(request),
    ],
    false,
  );
  return { saved: saved?.length === 1, record: alertsOf(rows?.[0] as unknown as PoolRow | undefined) };
}

export async function journal(database: Database, request: PoolRequest): Promise<JournalEntry[]> {
  const [rows] = await database.send(
    [
      sql(
        `SELECT id, revision, entry FROM coupon_journal WHERE pool = ${POOL_ID} ORDER BY id`,
        request.tenant,
        request.pool,
      ),
    ],
    true,
  );
  return (rows as unknown as JournalRow[]).map(journalEntry);
}

export async function saveJournal(database: Database, request: Request<"saveJournal">): Promise<Answer<"saveJournal">> {
  const { tenant, pool, id, expected, entry } = request;
  const current = sql(
    `SELECT id, revision, entry FROM coupon_journal WHERE pool = ${POOL_ID} AND id = ?3`,
    tenant,
    pool,
    id,
  );
  const [pools, before, , after] = await database.send(
    [poolNamed(request), current, journalWrite(request), current],
    false,
  );
  const had = before?.[0] as unknown as JournalRow | undefined;
  const has = after?.[0] as unknown as JournalRow | undefined;
  // Removing what was never there is saved, too, if the pool is.
  const saved = pools?.length === 1 && (had?.revision ?? null) === expected;
  return { saved, record: has === undefined || (saved && entry === null) ? null : journalEntry(has) };
}

function journalWrite({ tenant, pool, id, expected, entry }: Request<"saveJournal">): Statement {
  if (entry === null) {
    return sql(
      `DELETE FROM coupon_journal WHERE pool = ${POOL_ID} AND id = ?3 AND revision = ?4`,
      tenant,
      pool,
      id,
      expected ?? -1,
    );
  }
  const json = JSON.stringify(entry);
  if (expected === null) {
    return sql(
      `INSERT INTO coupon_journal (pool, id, revision, entry)
       SELECT id, ?3, 1, ?4 FROM coupon_pools WHERE tenant = ?1 AND handle = ?2 ON CONFLICT DO NOTHING`,
      tenant,
      pool,
      id,
      json,
    );
  }
  return sql(
    `UPDATE coupon_journal SET revision = revision + 1, entry = ?4
     WHERE pool = ${POOL_ID} AND id = ?3 AND revision = ?5`,
    tenant,
    pool,
    id,
    json,
    expected,
  );
}
