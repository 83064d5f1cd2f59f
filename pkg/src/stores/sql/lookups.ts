/** Look-ups, marks and lists in SQL. */
import type { FoundRow, Page } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { fromColumn, NEVER } from "../instants.js";
import { first, type SqlEngine, type SqlValue } from "./engine.js";
import type { PoolRow } from "./pools.js";
import { COMMITTED } from "./schema.js";

interface Pages {
  cursor: string | null;
  limit: number;
}

export interface UseRow {
  id: number;
  code: string;
  expires_at: number;
  batch: string;
  number: number;
  at: number;
  contact: string | null;
  message: string | null;
  slot: string;
  redeemed_at: number | null;
}

/** Every use with what is known of its code; a condition on `u` follows. */
export const USES = `SELECT u.id, coalesce(c.code, c.key) AS code, l.expires_at, b.batch, u.number, d.at, u.contact, u.message,
    u.slot, d.redeemed_at
  FROM coupon_uses AS u
  CROSS JOIN coupon_draws AS d ON d.lot = u.lot AND d.position = u.position
  CROSS JOIN coupon_codes AS c ON c.lot = u.lot AND c.position = u.position
  CROSS JOIN coupon_lots AS l ON l.id = u.lot
  CROSS JOIN coupon_batches AS b ON b.id = l.batch`;

export function useRow(row: UseRow): FoundRow {
  return {
    code: row.code,
    status: "assigned",
    expiresAt: fromColumn(row.expires_at),
    batch: row.batch,
    number: row.number,
    drawnAt: row.at,
    contact: row.contact,
    message: row.message,
    slot: row.slot,
    redeemedAt: row.redeemed_at,
  };
}

export function find(
  engine: SqlEngine,
  pool: PoolRow,
  request: Pages & { by: { key: string } | { contact: string } | { message: string } },
): Page<FoundRow> {
  const { by, cursor, limit } = request;
  const [after] = readCursor(cursor, [0] as [number]);
  const uses = (condition: string, value: SqlValue) =>
    toPage(
      engine.all<UseRow>(
        `${USES} WHERE u.pool = ? AND u.${condition} = ? AND u.id > ? ORDER BY u.id LIMIT ?`,
        pool.id,
        value,
        after,
        limit + 1,
      ),
      limit,
      ({ id }) => [id],
      useRow,
    );
  if ("contact" in by) return uses("contact", by.contact);
  if ("message" in by) return uses("message", by.message);
  const code = codeByKey(engine, pool, by.key);
  if (code === undefined) return { rows: [], next: null };
  if (code.number !== null) return uses("number", code.number);
  return { rows: codeNobodyHolds(code), next: null };
}

/** A code without a draw, unless it is staged or has left the pool. */
export function codeNobodyHolds(code: CodeRow): FoundRow[] {
  if (code.void === null && code.state !== COMMITTED) return [];
  const row: FoundRow = {
    code: code.code,
    status: code.void === null ? "available" : "void",
    expiresAt: fromColumn(code.expires_at),
    batch: code.batch,
    number: null,
    drawnAt: null,
    contact: null,
    message: null,
    slot: null,
    redeemedAt: null,
  };
  return [row];
}

export interface CodeRow {
  lot: number;
  position: number;
  code: string;
  expires_at: number;
  batch: string;
  state: number;
  number: number | null;
  redeemed_at: number | null;
  void: number | null;
}

/** A code with all that is known of it; whether it has left the pool is for the caller to see. A condition on `c` follows. */
export const CODE = `SELECT c.lot, c.position, coalesce(c.code, c.key) AS code, l.expires_at, b.batch, b.state, d.number,
    d.redeemed_at, v.lot AS void
  FROM coupon_codes AS c
  JOIN coupon_lots AS l ON l.id = c.lot
  JOIN coupon_batches AS b ON b.id = l.batch
  LEFT JOIN coupon_draws AS d ON d.lot = c.lot AND d.position = c.position
  LEFT JOIN coupon_voids AS v ON v.lot = c.lot AND v.position = c.position`;

function codeByKey(engine: SqlEngine, pool: PoolRow, key: string): CodeRow | undefined {
  return first<CodeRow>(engine, `${CODE} WHERE c.pool = ? AND c.key = ?`, pool.id, key);
}

export function markRedeemed(engine: SqlEngine, pool: PoolRow, keys: readonly string[], now: number): number {
  let marked = 0;
  let fresh = 0;
  for (const key of keys) {
    const code = codeByKey(engine, pool, key);
    if (code === undefined || code.number === null) continue;
    marked += 1;
    if (code.redeemed_at !== null) continue;
    fresh += engine.change(
      "UPDATE coupon_draws SET redeemed_at = ? WHERE lot = ? AND position = ?",
      now,
      code.lot,
      code.position,
    );
  }
  if (fresh > 0) engine.run("UPDATE coupon_pools SET redeemed = redeemed + ? WHERE id = ?", fresh, pool.id);
  return marked;
}

export function voidCodes(engine: SqlEngine, pool: PoolRow, keys: readonly string[]): number {
  let voided = 0;
  for (const key of keys) {
    const code = codeByKey(engine, pool, key);
    if (code === undefined || code.number !== null) continue;
    if (code.void !== null) voided += 1;
    if (code.void !== null || code.state !== COMMITTED) continue;
    voided += 1;
    const { lot, position, expires_at } = code;
    engine.run("INSERT INTO coupon_voids (lot, position) VALUES (?, ?)", lot, position);
    const returned = engine.change("DELETE FROM coupon_returned WHERE lot = ? AND position = ?", lot, position);
    engine.run(
      "UPDATE coupon_lots SET void = void + 1, free = free - 1, returned = returned - ? WHERE id = ?",
      returned,
      lot,
    );
    engine.run("UPDATE coupon_expiries SET void = void + 1 WHERE pool = ? AND expires_at = ?", pool.id, expires_at);
  }
  return voided;
}

export function draws(engine: SqlEngine, pool: PoolRow, { cursor, limit }: Pages): Page<FoundRow> {
  const [number, id] = readCursor(cursor, [0, 0] as [number, number]);
  const rows = engine.all<UseRow>(
    `${USES} WHERE u.pool = ? AND (u.number, u.id) > (?, ?) ORDER BY u.number, u.id LIMIT ?`,
    pool.id,
    number,
    id,
    limit + 1,
  );
  return toPage(rows, limit, (row) => [row.number, row.id], useRow);
}

export interface FreeCode {
  expires_at: number;
  batch: number;
  position: number;
  code: string;
}

const UNDRAWN_CODES = `SELECT position, coalesce(code, key) AS code FROM coupon_codes AS c WHERE lot = ? AND position > ?
  AND NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position)
  ORDER BY position LIMIT ?`;

const RETURNED_CODES = `SELECT r.position, coalesce(c.code, c.key) AS code
  FROM coupon_returned AS r CROSS JOIN coupon_codes AS c ON c.lot = r.lot AND c.position = r.position
  WHERE r.lot = ? AND r.position > ? ORDER BY r.position LIMIT ?`;

export function codes(
  engine: SqlEngine,
  pool: PoolRow,
  { cursor, limit }: Pages,
): Page<{ code: string; expiresAt: number | null }> {
  let [expiresAt, batch, after] = readCursor(cursor, FIRST_FREE_CODE);
  const found: FreeCode[] = [];
  while (found.length <= limit) {
    const lot = first<{ id: number; expires_at: number; batch: number; cursor: number }>(
      engine,
      `SELECT id, expires_at, batch, cursor FROM coupon_lots
       WHERE pool = ? AND free > 0 AND (expires_at, batch) >= (?, ?) ORDER BY expires_at, batch LIMIT 1`,
      pool.id,
      expiresAt,
      batch,
    );
    if (lot === undefined) break;
    const from = lot.expires_at === expiresAt && lot.batch === batch ? after : -1;
    const wanted = () => limit + 1 - found.length;
    const add = (rows: { position: number; code: string }[]) => {
      for (const row of rows) found.push({ expires_at: lot.expires_at, batch: lot.batch, ...row });
    };
    // What was given back lies before the lot's cursor, all else at or after it.
    if (from < lot.cursor) add(engine.all(RETURNED_CODES, lot.id, from, wanted()));
    if (wanted() > 0) add(engine.all(UNDRAWN_CODES, lot.id, Math.max(from, lot.cursor - 1), wanted()));
    [expiresAt, batch, after] = [lot.expires_at, lot.batch + 1, -1];
  }
  return freeCodes(found, limit);
}

/** Where a list of free codes starts: before the first lot. */
export const FIRST_FREE_CODE: [expiresAt: number, batch: number, position: number] = [-NEVER, 0, -1];

export function freeCodes(found: readonly FreeCode[], limit: number): Page<{ code: string; expiresAt: number | null }> {
  return toPage(
    found,
    limit,
    (code) => [code.expires_at, code.batch, code.position],
    (code) => ({ code: code.code, expiresAt: fromColumn(code.expires_at) }),
  );
}
