/** Pools in SQL on their way to or from another store. */
import type { MovedCode, MovedDraw, MovedTotals, Page } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { fromColumn, NEVER } from "../instants.js";
import { first, type SqlEngine } from "./engine.js";
import type { PoolRow } from "./pools.js";
import { COMMITTED, UNDONE } from "./schema.js";

interface Row {
  position: number;
  key: string;
  code: string;
  number: number | null;
  holder: string | null;
  answers: number | null;
  at: number;
  redeemed_at: number | null;
  void: number | null;
  current: number | null;
}

/** The codes of a lot after a position; of an undone batch (?3) only those that are held or void. */
const CODES = `SELECT c.position, c.key, coalesce(c.code, c.key) AS code, d.number, d.holder, d.answers, d.at, d.redeemed_at,
    v.lot AS void, h.lot AS current
  FROM coupon_codes AS c
  LEFT JOIN coupon_draws AS d ON d.lot = c.lot AND d.position = c.position
  LEFT JOIN coupon_voids AS v ON v.lot = c.lot AND v.position = c.position
  LEFT JOIN coupon_holders AS h ON h.pool = c.pool AND h.holder = d.holder AND h.lot = c.lot AND h.position = c.position
  WHERE c.lot = ?1 AND c.position > ?2 AND (NOT ?3 OR d.lot IS NOT NULL OR v.lot IS NOT NULL)
  ORDER BY c.position LIMIT ?4`;

const USES = `SELECT u.use, u.number, u.answers, u.contact, u.message, u.slot
  FROM json_each(?) AS j CROSS JOIN coupon_uses AS u ON u.pool = ? AND u.number = j.value ORDER BY u.id`;

export function contents(
  engine: SqlEngine,
  pool: PoolRow,
  request: { batch: string; cursor: string | null; limit: number },
): Page<MovedCode> {
  let [expiresAt, after] = readCursor(request.cursor, [-NEVER, -1] as [number, number]);
  const { limit } = request;
  const batch = first<{ id: number; state: number }>(
    engine,
    `SELECT id, state FROM coupon_batches WHERE pool = ? AND batch = ? AND state IN (${COMMITTED}, ${UNDONE})`,
    pool.id,
    request.batch,
  );
  if (batch === undefined) return { rows: [], next: null };
  const found: (Row & { expires_at: number })[] = [];
  while (found.length <= limit) {
    const lot = first<{ id: number; expires_at: number }>(
      engine,
      "SELECT id, expires_at FROM coupon_lots WHERE batch = ? AND expires_at >= ? ORDER BY expires_at LIMIT 1",
      batch.id,
      expiresAt,
    );
    if (lot === undefined) break;
    const from = lot.expires_at === expiresAt ? after : -1;
    const isUndone = batch.state === UNDONE ? 1 : 0;
    const rows = engine.all<Row>(CODES, lot.id, from, isUndone, limit + 1 - found.length);
    for (const row of rows) found.push({ ...row, expires_at: lot.expires_at });
    [expiresAt, after] = [lot.expires_at + 1, -1];
  }
  const usesByNumber = usesOf(engine, pool, found);
  return toPage(
    found,
    limit,
    (row) => [row.expires_at, row.position],
    (row) => ({
      code: row.code,
      key: row.key,
      expiresAt: fromColumn(row.expires_at),
      held: row.number === null ? (row.void === null ? "free" : "void") : movedDraw(row, usesByNumber),
    }),
  );
}

type UsesByNumber = ReadonlyMap<number, MovedDraw["uses"]>;

function usesOf(engine: SqlEngine, pool: PoolRow, found: readonly Row[]): UsesByNumber {
  const numbers = found.flatMap(({ number }) => number ?? []);
  const usesByNumber = new Map<number, MovedDraw["uses"]>(numbers.map((number) => [number, []]));
  type UseRow = MovedDraw["uses"][number] & { number: number };
  for (const { number, ...use } of engine.all<UseRow>(USES, JSON.stringify(numbers), pool.id)) {
    usesByNumber.get(number)?.push(use);
  }
  return usesByNumber;
}

function movedDraw(row: Row, usesByNumber: UsesByNumber): MovedDraw {
  const number = row.number as number;
  const uses = usesByNumber.get(number) ?? [];
  return {
    number,
    holder: row.holder,
    current: row.current !== null,
    drawnAt: row.at,
    redeemedAt: row.redeemed_at,
    uses,
    // Without a holder the one use counts for its draw.
    answers: row.answers ?? uses[0]?.answers ?? 0,
  };
}

interface Place {
  lot: number;
  position: number;
  expires_at: number;
  cursor: number;
  state: number;
  number: number | null;
  holder: string | null;
  void: number | null;
}

const PLACE = `SELECT c.lot, c.position, l.expires_at, l.cursor, b.state, d.number, d.holder, v.lot AS void
  FROM coupon_codes AS c
  JOIN coupon_lots AS l ON l.id = c.lot
  JOIN coupon_batches AS b ON b.id = l.batch
  LEFT JOIN coupon_draws AS d ON d.lot = c.lot AND d.position = c.position
  LEFT JOIN coupon_voids AS v ON v.lot = c.lot AND v.position = c.position
  WHERE c.pool = ? AND c.key = ?`;

export function restore(
  engine: SqlEngine,
  pool: PoolRow,
  { draws, totals }: { draws: readonly { key: string; draw: MovedDraw }[]; totals: MovedTotals | null },
): void {
  let [last, redeemed] = [pool.draws, 0];
  for (const { key, draw } of draws) {
    const place = first<Place>(engine, PLACE, pool.id, key);
    if (place !== undefined && isThere(engine, pool, place, draw)) continue;
    if (place === undefined || place.number !== null || place.void !== null || place.state !== COMMITTED) {
      throw new Error(`Draw ${draw.number} is of a code that is not free.`);
    }
    const taken = first(engine, "SELECT 1 FROM coupon_uses WHERE pool = ? AND number = ?", pool.id, draw.number);
    if (taken !== undefined) throw new Error(`Draw ${draw.number} is there already.`);
    hold(engine, pool, place, draw);
    last = Math.max(last, draw.number);
    if (draw.redeemedAt !== null) redeemed += 1;
  }
  const lastNumber = Math.max(last, totals?.lastNumber ?? 0);
  engine.run("UPDATE coupon_pools SET draws = ?, redeemed = redeemed + ? WHERE id = ?", lastNumber, redeemed, pool.id);
  if (totals === null) return;
  engine.run("UPDATE coupon_pools SET fell_back = ? WHERE id = ?", totals.fellBack, pool.id);
  engine.run("DELETE FROM coupon_usage WHERE pool = ?", pool.id);
  engine.run(
    "INSERT INTO coupon_usage (pool, at, draws) SELECT ?, value->>0, value->>1 FROM json_each(?)",
    pool.id,
    JSON.stringify(totals.usage.map(({ at, draws }) => [at, draws])),
  );
}

/** A number alone says little: a pool that was drawn from gives the same numbers to others. */
function isThere(engine: SqlEngine, pool: PoolRow, place: Place, { number, holder, uses }: MovedDraw): boolean {
  if (place.number !== number || place.holder !== holder) return false;
  const sql = "SELECT use FROM coupon_uses WHERE pool = ? AND number = ? ORDER BY id";
  const there = engine.all<{ use: string }>(sql, pool.id, number);
  return there.length === uses.length && uses.every(({ use }, i) => use === there[i]?.use);
}

function hold(engine: SqlEngine, pool: PoolRow, place: Place, draw: MovedDraw): void {
  const { lot, position, expires_at, cursor } = place;
  let returned = 0;
  if (position < cursor) {
    returned -= engine.change("DELETE FROM coupon_returned WHERE lot = ? AND position = ?", lot, position);
  } else if (position > cursor) {
    // What claims step over here must stay free: it lies before the cursor from now on.
    returned += engine.change(
      `INSERT INTO coupon_returned (lot, position) SELECT lot, position FROM coupon_codes AS c
       WHERE lot = ?1 AND position >= ?2 AND position < ?3
         AND NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position)`,
      lot,
      cursor,
      position,
    );
  }
  engine.run(
    "UPDATE coupon_lots SET free = free - 1, assigned = assigned + 1, returned = returned + ?, cursor = ? WHERE id = ?",
    returned,
    Math.max(cursor, position + 1),
    lot,
  );
  engine.run(
    "UPDATE coupon_expiries SET assigned = assigned + 1 WHERE pool = ? AND expires_at = ?",
    pool.id,
    expires_at,
  );
  engine.run(
    `INSERT INTO coupon_draws (lot, position, number, holder, uses, answers, at, redeemed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    lot,
    position,
    draw.number,
    draw.holder,
    draw.uses.length,
    draw.holder === null ? null : draw.answers,
    draw.drawnAt,
    draw.redeemedAt,
  );
  if (draw.holder !== null && draw.current) {
    const sql = "INSERT INTO coupon_holders (pool, holder, lot, position) VALUES (?, ?, ?, ?)";
    engine.run(sql, pool.id, draw.holder, lot, position);
  }
  for (const { use, answers, contact, message, slot } of draw.uses) {
    engine.run(
      `INSERT INTO coupon_uses (pool, use, lot, position, number, answers, contact, message, slot)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      pool.id,
      use,
      lot,
      position,
      draw.number,
      answers,
      contact,
      message,
      slot,
    );
  }
}
