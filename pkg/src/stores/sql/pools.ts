/** Pool rows, and the documents in them. */
import type { AlertRecord, ExpirySum, PoolDocument, Stock, UsageRow } from "../../store.js";
import { fromColumn } from "../instants.js";
import { first, type SqlEngine } from "./engine.js";

export interface PoolRow {
  id: number;
  handle: string;
  document: string;
  revision: number;
  version: number;
  draws: number;
  added: number;
  fell_back: number;
  redeemed: number;
  alerts: string | null;
  alerts_revision: number | null;
}

export const POOL = `SELECT id, handle, document, revision, version, draws, added, fell_back, redeemed, alerts, alerts_revision
  FROM coupon_pools`;

export function poolRow(engine: SqlEngine, name: { tenant: string; pool: string }): PoolRow | undefined {
  return first<PoolRow>(engine, `${POOL} WHERE tenant = ? AND handle = ?`, name.tenant, name.pool);
}

export const documentOf = (pool: PoolRow | undefined): PoolDocument | null =>
  pool === undefined ? null : JSON.parse(pool.document);

export const alertsOf = (pool: PoolRow | undefined): AlertRecord | null =>
  pool === undefined || pool.alerts === null || pool.alerts_revision === null
    ? null
    : { revision: pool.alerts_revision, state: JSON.parse(pool.alerts) };

export function save(
  engine: SqlEngine,
  request: { tenant: string; document: PoolDocument; expected: number | null; untouched: boolean },
): { saved: true } | { saved: false; reason: "conflict" | "touched"; document: PoolDocument | null } {
  const { tenant, document, expected } = request;
  const pool = poolRow(engine, { tenant, pool: document.handle });
  if ((pool?.revision ?? null) !== expected) return { saved: false, reason: "conflict", document: documentOf(pool) };
  if (pool !== undefined && request.untouched) {
    // A draw needs a committed batch, so a pool without batches has none.
    const touched = first(engine, "SELECT 1 FROM coupon_batches WHERE pool = ? AND state <> 3 LIMIT 1", pool.id);
    if (touched !== undefined) return { saved: false, reason: "touched", document: documentOf(pool) };
  }
  const { revision, version, handle } = document;
  const archived = document.archived ? 1 : 0;
  const json = JSON.stringify(document);
  if (pool === undefined) {
    engine.run(
      "INSERT INTO coupon_pools (tenant, handle, document, revision, version, archived) VALUES (?, ?, ?, ?, ?, ?)",
      tenant,
      handle,
      json,
      revision,
      version,
      archived,
    );
  } else {
    engine.run(
      "UPDATE coupon_pools SET document = ?, revision = ?, version = ?, archived = ? WHERE id = ?",
      json,
      revision,
      version,
      archived,
      pool.id,
    );
  }
  return { saved: true };
}

export function poolsAfter(
  engine: SqlEngine,
  request: { tenant: string; archived: boolean },
  handle: string,
  limit: number,
): PoolRow[] {
  return engine.all<PoolRow>(
    `${POOL} WHERE tenant = ? AND handle > ? AND archived = ? ORDER BY handle LIMIT ?`,
    request.tenant,
    handle,
    request.archived ? 1 : 0,
    limit,
  );
}

/** The draws by hour or day of each of these pools, in `[from, to)`. */
export function usagesOf(engine: SqlEngine, pools: readonly PoolRow[], from: number, to: number): UsageRow[][] {
  const rows = engine.all<StoredUsage>(
    `SELECT pool, at, draws FROM coupon_usage
     WHERE pool IN (SELECT value FROM json_each(?)) AND at >= ? AND at < ? ORDER BY pool, at`,
    JSON.stringify(pools.map(({ id }) => id)),
    from,
    to,
  );
  return usagesByPool(pools, rows);
}

export type StoredUsage = UsageRow & { pool: number };

export function usagesByPool(pools: readonly { id: number }[], rows: readonly StoredUsage[]): UsageRow[][] {
  const usages = new Map<number, UsageRow[]>(pools.map(({ id }) => [id, []]));
  for (const { pool, at, draws } of rows) usages.get(pool)?.push({ at, draws });
  return [...usages.values()];
}

/** The stock of each of these pools. */
export function stocksOf(engine: SqlEngine, pools: readonly PoolRow[]): Stock[] {
  const rows = engine.all<StoredSum>(
    `SELECT pool, expires_at, added, undone, assigned, void FROM coupon_expiries
     WHERE pool IN (SELECT value FROM json_each(?)) ORDER BY pool, expires_at`,
    JSON.stringify(pools.map(({ id }) => id)),
  );
  return stocksByPool(pools, rows);
}

export type StoredSum = Omit<ExpirySum, "expiresAt"> & { pool: number; expires_at: number };

export function stocksByPool(
  pools: readonly { id: number; fell_back: number; redeemed: number }[],
  rows: readonly StoredSum[],
): Stock[] {
  const sums = new Map<number, ExpirySum[]>(pools.map(({ id }) => [id, []]));
  for (const { pool, expires_at, added, undone, assigned, void: voided } of rows) {
    sums.get(pool)?.push({ expiresAt: fromColumn(expires_at), added, undone, assigned, void: voided });
  }
  return pools.map(({ id, fell_back, redeemed }) => ({ expiries: sums.get(id) ?? [], fellBack: fell_back, redeemed }));
}
