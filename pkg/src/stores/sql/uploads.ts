/** Batches in SQL: staging, commit, undo, and the sweep. */
import type { BatchRow, CodeBlock } from "../../store.js";
import { DAY, dayOf, toColumn } from "../instants.js";
import { inPieces } from "../pieces.js";
import { first, type SqlEngine } from "./engine.js";
import type { PoolRow } from "./pools.js";
import { COMMITTED, DROPPED, STAGED, UNDONE } from "./schema.js";

/** How many positions one sweep looks at: some tens of milliseconds. */
export const SWEEP_POSITIONS = 10_000;

/** Whether the code `c` of batch `b` has left the pool; its row may still be there. */
export const HAS_LEFT = `(b.state = ${DROPPED} OR b.state = ${UNDONE}
  AND NOT EXISTS (SELECT 1 FROM coupon_draws AS d WHERE d.lot = c.lot AND d.position = c.position)
  AND NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position))`;

interface Batch {
  id: number;
  state: number;
  lease_until: number;
  removed: number;
  kept: number;
}

function batchNamed(engine: SqlEngine, pool: PoolRow, batch: string): Batch | undefined {
  return first<Batch>(
    engine,
    "SELECT id, state, lease_until, removed, kept FROM coupon_batches WHERE pool = ? AND batch = ?",
    pool.id,
    batch,
  );
}

export function begin(
  engine: SqlEngine,
  pool: PoolRow,
  request: { batch: string; now: number; lease: number },
): { status: "begun" } | { status: "busy"; batch: string; until: number } | { status: "ended" } {
  const { now } = request;
  const leaseUntil = now + request.lease;
  const known = batchNamed(engine, pool, request.batch);
  if (known !== undefined) {
    if (known.state !== STAGED) return { status: "ended" };
    engine.run("UPDATE coupon_batches SET lease_until = ? WHERE id = ?", leaseUntil, known.id);
    return { status: "begun" };
  }
  const staged = first<Batch & { batch: string }>(
    engine,
    "SELECT id, batch, lease_until FROM coupon_batches WHERE pool = ? AND state = 0",
    pool.id,
  );
  if (staged !== undefined) {
    if (now < staged.lease_until) return { status: "busy", batch: staged.batch, until: staged.lease_until };
    engine.run("UPDATE coupon_batches SET state = 3 WHERE id = ?", staged.id);
  }
  engine.run(
    "INSERT INTO coupon_batches (pool, batch, lease_until, at) VALUES (?, ?, ?, ?)",
    pool.id,
    request.batch,
    leaseUntil,
    now,
  );
  return { status: "begun" };
}

export function addBlock(
  engine: SqlEngine,
  pool: PoolRow,
  request: { batch: string; number: number; block: CodeBlock; now: number; lease: number },
): { status: "added"; duplicates: number[] } | { status: "ended" } {
  const batch = batchNamed(engine, pool, request.batch);
  if (batch === undefined || batch.state !== STAGED) return { status: "ended" };
  engine.run("UPDATE coupon_batches SET lease_until = ? WHERE id = ?", request.now + request.lease, batch.id);
  const before = first<{ duplicates: string }>(
    engine,
    "SELECT duplicates FROM coupon_blocks WHERE batch = ? AND number = ?",
    batch.id,
    request.number,
  );
  if (before !== undefined) return { status: "added", duplicates: JSON.parse(before.duplicates) };
  const { codes, keys, runs } = request.block;
  const duplicates: number[] = [];
  let start = 0;
  for (const { expiresAt, count } of runs) {
    const end = start + count;
    const runKeys = keys.slice(start, end);
    const runCodes = codes === keys ? runKeys : codes.slice(start, end);
    for (const i of addRun(engine, pool, batch.id, toColumn(expiresAt), runKeys, runCodes)) duplicates.push(start + i);
    start = end;
  }
  engine.run(
    "INSERT INTO coupon_blocks (batch, number, duplicates) VALUES (?, ?, ?)",
    batch.id,
    request.number,
    JSON.stringify(duplicates),
  );
  return { status: "added", duplicates };
}

/** Adds codes of one expiry; answers the indices of those that the pool has already. */
function addRun(
  engine: SqlEngine,
  pool: PoolRow,
  batch: number,
  expiresAt: number,
  keys: readonly string[],
  codes: readonly string[],
): number[] {
  if (keys.length > 1 && jsonBytes(keys) + jsonBytes(codes) > engine.textBytes) {
    const half = keys.length >> 1;
    const before = addRun(engine, pool, batch, expiresAt, keys.slice(0, half), codes.slice(0, half));
    const after = addRun(engine, pool, batch, expiresAt, keys.slice(half), codes.slice(half));
    return [...before, ...after.map((i) => half + i)];
  }
  engine.run(
    "INSERT INTO coupon_lots (pool, batch, expires_at) VALUES (?, ?, ?) ON CONFLICT (batch, expires_at) DO NOTHING",
    pool.id,
    batch,
    expiresAt,
  );
  const lot = first<{ id: number; next: number }>(
    engine,
    "SELECT id, next FROM coupon_lots WHERE batch = ? AND expires_at = ?",
    batch,
    expiresAt,
  );
  if (lot === undefined) throw new Error("A lot that was just written is not there.");
  const keyList = JSON.stringify(keys);
  const duplicates: number[] = [];
  let added = insertCodes(engine, pool, lot.id, lot.next, keys, codes, keyList);
  if (added < keys.length) {
    const replaced = new Map<string, number>();
    for (const { i, gone } of conflicts(engine, pool, lot.id, lot.next, keyList)) {
      const key = keys[i] as string;
      if (gone && !replaced.has(key)) replaced.set(key, i);
      else duplicates.push(i);
    }
    replaceCodes(engine, pool, lot.id, lot.next, replaced, codes);
    added += replaced.size;
    if (added + duplicates.length !== keys.length) throw new Error("A block's codes and duplicates do not add up.");
  }
  engine.run("UPDATE coupon_lots SET added = added + ?, next = next + ? WHERE id = ?", added, keys.length, lot.id);
  return duplicates;
}

/** Most bytes that texts without control characters can have as JSON: three for a UTF-16 unit, and what is around each. */
const jsonBytes = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + 3 * text.length + 4, 2);

/** Inserts every code whose key has no row in the pool, at `from` plus its index; answers how many. */
function insertCodes(
  engine: SqlEngine,
  pool: PoolRow,
  lot: number,
  from: number,
  keys: readonly string[],
  codes: readonly string[],
  keyList: string,
): number {
  if (codes === keys) {
    return engine.change(
      `INSERT INTO coupon_codes (lot, position, pool, key) SELECT ?, ? + key, ?, value FROM json_each(?) WHERE true
       ON CONFLICT (pool, key) DO NOTHING`,
      lot,
      from,
      pool.id,
      keyList,
    );
  }
  return engine.change(
    `INSERT INTO coupon_codes (lot, position, pool, key, code)
     SELECT ?, ? + key, ?, value->>0, value->>1 FROM json_each(?) WHERE true
     ON CONFLICT (pool, key) DO NOTHING`,
    lot,
    from,
    pool.id,
    JSON.stringify(keys.map((key, i) => [key, key === codes[i] ? null : (codes[i] as string)])),
  );
}

/** The indices that were not inserted, ascending, and whether the row in their way has left the pool. */
function conflicts(engine: SqlEngine, pool: PoolRow, lot: number, from: number, keyList: string) {
  return engine.all<{ i: number; gone: number }>(
    `SELECT j.key AS i, ${HAS_LEFT} AS gone
     FROM json_each(?1) AS j
     CROSS JOIN coupon_codes AS c ON c.pool = ?2 AND c.key = j.value
     CROSS JOIN coupon_lots AS l ON l.id = c.lot
     CROSS JOIN coupon_batches AS b ON b.id = l.batch
     WHERE NOT (c.lot = ?3 AND c.position = ?4 + j.key)
     ORDER BY j.key`,
    keyList,
    pool.id,
    lot,
    from,
  );
}

/** Puts codes in the place of rows that have left the pool and that no sweep has removed yet. */
function replaceCodes(
  engine: SqlEngine,
  pool: PoolRow,
  lot: number,
  from: number,
  replaced: ReadonlyMap<string, number>,
  codes: readonly string[],
): void {
  if (replaced.size === 0) return;
  const rows = [...replaced].map(([key, i]) => [from + i, key, key === codes[i] ? null : (codes[i] as string)]);
  engine.run(
    "DELETE FROM coupon_codes WHERE pool = ? AND key IN (SELECT value FROM json_each(?))",
    pool.id,
    JSON.stringify([...replaced.keys()]),
  );
  engine.run(
    `INSERT INTO coupon_codes (lot, position, pool, key, code)
     SELECT ?, value->>0, ?, value->>1, value->>2 FROM json_each(?)`,
    lot,
    pool.id,
    JSON.stringify(rows),
  );
}

export function commit(
  engine: SqlEngine,
  pool: PoolRow,
  request: { batch: string; note: unknown; now: number },
): { status: "committed"; added: number } | { status: "ended" } {
  const batch = batchNamed(engine, pool, request.batch);
  if (batch === undefined || (batch.state !== STAGED && batch.state !== COMMITTED)) return { status: "ended" };
  const sum = first<{ added: number }>(
    engine,
    "SELECT coalesce(sum(added), 0) AS added FROM coupon_lots WHERE batch = ?",
    batch.id,
  );
  const added = sum?.added ?? 0;
  if (batch.state === COMMITTED) return { status: "committed", added };
  engine.run(
    "UPDATE coupon_batches SET state = 1, note = ?, at = ? WHERE id = ?",
    JSON.stringify(request.note) ?? "null",
    request.now,
    batch.id,
  );
  engine.run("UPDATE coupon_lots SET free = added WHERE batch = ?", batch.id);
  engine.run(
    `INSERT INTO coupon_expiries (pool, expires_at, added)
     SELECT pool, expires_at, added FROM coupon_lots WHERE batch = ? AND added > 0
     ON CONFLICT DO UPDATE SET added = added + excluded.added`,
    batch.id,
  );
  engine.run("UPDATE coupon_pools SET added = added + ? WHERE id = ?", added, pool.id);
  return { status: "committed", added };
}

export function drop(engine: SqlEngine, pool: PoolRow, batch: string): void {
  engine.run("UPDATE coupon_batches SET state = 3 WHERE pool = ? AND batch = ? AND state = 0", pool.id, batch);
}

export function undo(engine: SqlEngine, pool: PoolRow, name: string): { removed: number; kept: number } | null {
  const batch = batchNamed(engine, pool, name);
  if (batch?.state === UNDONE) return { removed: batch.removed, kept: batch.kept };
  if (batch?.state !== COMMITTED) return null;
  const sum = first<{ removed: number; kept: number }>(
    engine,
    "SELECT coalesce(sum(free), 0) AS removed, coalesce(sum(assigned), 0) AS kept FROM coupon_lots WHERE batch = ?",
    batch.id,
  );
  const { removed, kept } = sum ?? { removed: 0, kept: 0 };
  engine.run(
    `UPDATE coupon_expiries AS e SET undone = e.undone + l.free FROM coupon_lots AS l
     WHERE l.batch = ? AND e.pool = l.pool AND e.expires_at = l.expires_at`,
    batch.id,
  );
  engine.run("UPDATE coupon_lots SET undone = undone + free, free = 0, returned = 0 WHERE batch = ?", batch.id);
  engine.run(
    "UPDATE coupon_batches SET state = 2, removed = ?, kept = ?, swept = 0 WHERE id = ?",
    removed,
    kept,
    batch.id,
  );
  engine.run("UPDATE coupon_pools SET added = added - ? WHERE id = ?", removed, pool.id);
  return { removed, kept };
}

/** For each key, whether the pool holds it: 1 or 0. */
export function contains(engine: SqlEngine, pool: PoolRow, keys: readonly string[]): Uint8Array {
  const bits = new Uint8Array(keys.length);
  for (const { from, json } of inPieces(keys, engine.textBytes)) {
    const rows = engine.all<{ i: number }>(
      `SELECT j.key AS i FROM json_each(?) AS j
       CROSS JOIN coupon_codes AS c ON c.pool = ? AND c.key = j.value
       CROSS JOIN coupon_lots AS l ON l.id = c.lot
       CROSS JOIN coupon_batches AS b ON b.id = l.batch
       WHERE b.state <> ${STAGED} AND NOT ${HAS_LEFT}`,
      json,
      pool.id,
    );
    for (const { i } of rows) bits[from + i] = 1;
  }
  return bits;
}

/** Batches older than `before`, newest first. */
export function batchesBefore(engine: SqlEngine, pool: PoolRow, before: number, limit: number) {
  return engine.all<StoredBatch>(batchesOf("?"), pool.id, before, limit).map(batchRow);
}

export interface StoredBatch {
  id: number;
  batch: string;
  state: number;
  note: string;
  at: number;
  added: number;
  undone: number;
  assigned: number;
}

/** The batches of `pool` before an id, and their counts; then come the id and the limit. */
export const batchesOf = (pool: string): string =>
  `SELECT b.id, b.batch, b.state, b.note, b.at, coalesce(sum(l.added), 0) AS added,
     coalesce(sum(l.undone), 0) AS undone, coalesce(sum(l.assigned), 0) AS assigned
   FROM (SELECT * FROM coupon_batches WHERE pool = ${pool} AND id < ? AND state <> ${DROPPED} ORDER BY id DESC LIMIT ?) AS b
   LEFT JOIN coupon_lots AS l ON l.batch = b.id
   GROUP BY b.id ORDER BY b.id DESC`;

export function batchRow({ id, state, note, ...rest }: StoredBatch): { id: number; row: BatchRow } {
  const name: BatchRow["state"] = state === STAGED ? "staged" : state === COMMITTED ? "committed" : "undone";
  return { id, row: { ...rest, state: name, note: JSON.parse(note) } };
}

export function sweep(
  engine: SqlEngine,
  pool: PoolRow,
  request: { now: number; rollUpBefore: number },
): { more: boolean } {
  engine.run(
    "UPDATE coupon_batches SET state = 3 WHERE pool = ? AND state = 0 AND lease_until <= ?",
    pool.id,
    request.now,
  );
  rollUp(engine, pool, dayOf(request.rollUpBefore));
  const batch = first<Batch>(
    engine,
    "SELECT id, state FROM coupon_batches WHERE pool = ? AND swept = 0 AND state <> 0 LIMIT 1",
    pool.id,
  );
  if (batch === undefined) return { more: false };
  engine.run("DELETE FROM coupon_blocks WHERE batch = ?", batch.id);
  if (batch.state === COMMITTED || !sweepCodes(engine, batch.id)) {
    engine.run("UPDATE coupon_batches SET swept = 1 WHERE id = ?", batch.id);
  }
  return { more: true };
}

/** Removes a piece of a dropped or undone batch's rows; held and void codes stay. Answers whether there is more. */
function sweepCodes(engine: SqlEngine, batch: number): boolean {
  const lot = first<{ id: number; swept: number; next: number }>(
    engine,
    "SELECT id, swept, next FROM coupon_lots WHERE batch = ? AND swept < next LIMIT 1",
    batch,
  );
  if (lot === undefined) return false;
  const end = Math.min(lot.swept + SWEEP_POSITIONS, lot.next);
  engine.run(
    `DELETE FROM coupon_codes AS c WHERE lot = ? AND position >= ? AND position < ?
       AND NOT EXISTS (SELECT 1 FROM coupon_draws AS d WHERE d.lot = c.lot AND d.position = c.position)
       AND NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position)`,
    lot.id,
    lot.swept,
    end,
  );
  engine.run("DELETE FROM coupon_returned WHERE lot = ? AND position >= ? AND position < ?", lot.id, lot.swept, end);
  engine.run("UPDATE coupon_lots SET swept = ? WHERE id = ?", end, lot.id);
  return true;
}

/** Adds the hours of days before `today` up into their days. */
function rollUp(engine: SqlEngine, pool: PoolRow, today: number): void {
  engine.run(
    `INSERT INTO coupon_usage (pool, at, draws)
     SELECT pool, at - at % ${DAY}, sum(draws) FROM coupon_usage WHERE pool = ? AND at < ? AND at % ${DAY} <> 0 GROUP BY 2
     ON CONFLICT DO UPDATE SET draws = draws + excluded.draws`,
    pool.id,
    today,
  );
  engine.run(`DELETE FROM coupon_usage WHERE pool = ? AND at < ? AND at % ${DAY} <> 0`, pool.id, today);
}
