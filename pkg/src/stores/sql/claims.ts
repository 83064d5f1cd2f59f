/** Claims and releases in SQL: the cost of a claim is that of its items, whatever the pool's size. */
import type { ClaimAnswer, ClaimItem, ClaimOutcome, ClaimRequest, ReleaseItem, ReleaseOutcome } from "../../store.js";
import { fromColumn, hourOf, isValid, NEVER } from "../instants.js";
import { inPieces } from "../pieces.js";
import { first, type SqlEngine, type SqlValue } from "./engine.js";
import { alertsOf, type PoolRow } from "./pools.js";
import { UNDONE } from "./schema.js";

/** A code with its draw. */
interface Held {
  lot: number;
  position: number;
  code: string;
  expires_at: number;
  number: number;
  holder: string | null;
  uses: number;
  answers: number;
}

const HELD = "h.lot, h.position, coalesce(c.code, c.key) AS code, l.expires_at, d.number, d.holder, d.uses";

const KNOWN_USES = `SELECT h.use, h.id, coalesce(d.answers, h.answers) AS answers, ${HELD}
  FROM json_each(?) AS j
  CROSS JOIN coupon_uses AS h ON h.pool = ? AND h.use = j.value
  CROSS JOIN coupon_draws AS d ON d.lot = h.lot AND d.position = h.position
  CROSS JOIN coupon_codes AS c ON c.lot = h.lot AND c.position = h.position
  CROSS JOIN coupon_lots AS l ON l.id = h.lot`;

const CURRENT_DRAWS = `SELECT d.answers, ${HELD}
  FROM json_each(?) AS j
  CROSS JOIN coupon_holders AS h ON h.pool = ? AND h.holder = j.value
  CROSS JOIN coupon_draws AS d ON d.lot = h.lot AND d.position = h.position
  CROSS JOIN coupon_codes AS c ON c.lot = h.lot AND c.position = h.position
  CROSS JOIN coupon_lots AS l ON l.id = h.lot`;

/** The first open lot with an expiry after ?2, and the first without one; ?3 is the pool's expiry. */
const NEXT_LOT = `SELECT id, expires_at, cursor, free, returned FROM (
    SELECT * FROM (SELECT * FROM coupon_lots WHERE pool = ?1 AND free > 0 AND expires_at > ?2 AND expires_at < ${NEVER}
      ORDER BY expires_at, batch LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT * FROM coupon_lots WHERE pool = ?1 AND free > 0 AND expires_at = ${NEVER} AND ?3 > ?2
      ORDER BY batch LIMIT 1)
  )
  ORDER BY CASE expires_at WHEN ${NEVER} THEN ?3 ELSE expires_at END, batch, expires_at LIMIT 1`;

const RETURNED_CODES = `SELECT r.position, coalesce(c.code, c.key) AS code
  FROM coupon_returned AS r CROSS JOIN coupon_codes AS c ON c.lot = r.lot AND c.position = r.position
  WHERE r.lot = ? ORDER BY r.position LIMIT ?`;

const NEXT_CODES = `SELECT position, coalesce(code, key) AS code FROM coupon_codes AS c
  WHERE lot = ? AND position >= ?
    AND NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position)
  ORDER BY position LIMIT ?`;

export function claim(engine: SqlEngine, pool: PoolRow, request: ClaimRequest): ClaimAnswer {
  const { items, now } = request;
  const read = new Map<number, Held>();
  const known = knownUses(engine, pool, items, read);
  const newItems = items.filter(({ use }) => !known.has(use));
  const current = currentDraws(engine, pool, newItems, read);
  const isCurrentValid = (draw: Held) => isValid(fromColumn(draw.expires_at), request.expiresAt, now);

  // Every item that may need a code of its own: one for each new use or, where holders keep codes, for each holder.
  const wanting = new Set<string | ClaimItem>();
  for (const item of newItems) {
    const draw = item.holder === null ? undefined : current.get(item.holder);
    if (draw === undefined) wanting.add(item.holder ?? item);
    else if (request.reuse !== "per-contact" && !isCurrentValid(draw)) wanting.add(item.holder ?? item);
  }
  const fresh = take(engine, pool, request, wanting.size);

  let taken = 0;
  let fellBack = 0;
  const uses: SqlValue[][] = [];
  const repeats: number[] = [];
  const sharedRepeats: [id: number, answers: number][] = [];
  const changed = new Set<Held>();
  const answer = (draw: Held, rest: { repeat: boolean; fresh: boolean }): ClaimOutcome => {
    draw.answers += 1;
    const isNew = draw.number > pool.draws;
    if (draw.holder !== null && !isNew) changed.add(draw);
    const { code, number, expires_at, answers } = draw;
    return { code, number, expiresAt: fromColumn(expires_at), ...rest, answers };
  };
  const outcomes = items.map((item): ClaimOutcome => {
    const before = known.get(item.use);
    if (before !== undefined) {
      const { id, draw } = before;
      const outcome = answer(draw, { repeat: true, fresh: false });
      if (draw.holder === null) repeats.push(id);
      else sharedRepeats.push([id, draw.answers]);
      return outcome;
    }
    let draw = item.holder === null ? undefined : current.get(item.holder);
    let isFresh = false;
    let reason: "empty" | "expired" = "empty";
    if (draw !== undefined && !isCurrentValid(draw)) {
      if (request.reuse === "per-contact") reason = "expired";
      draw = undefined;
    }
    if (draw === undefined && reason === "empty") {
      const next = fresh[taken];
      if (next !== undefined) {
        taken += 1;
        isFresh = true;
        next.number = pool.draws + taken;
        next.holder = item.holder;
        draw = next;
        if (item.holder !== null) current.set(item.holder, next);
      }
    }
    if (draw === undefined) {
      if (item.fallsBack) fellBack += 1;
      return { code: null, reason };
    }
    const outcome = answer(draw, { repeat: false, fresh: isFresh });
    draw.uses += 1;
    uses.push([item.use, draw.lot, draw.position, draw.number, draw.answers, item.contact, item.message, item.slot]);
    return outcome;
  });
  // Every code taken from a lot's count must get its holder here, or it would be neither free nor held.
  if (taken !== fresh.length) throw new Error(`A claim took ${fresh.length} codes and gave out ${taken}.`);

  record(engine, pool, now, fresh, uses, [...changed]);
  if (repeats.length > 0) {
    engine.run(
      "UPDATE coupon_uses SET answers = answers + 1 WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(repeats),
    );
  }
  // One by one: where a host has run ANALYZE on a small table, UPDATE … FROM would read all of it for each of these.
  for (const [id, answers] of sharedRepeats) engine.run("UPDATE coupon_uses SET answers = ? WHERE id = ?", answers, id);
  if (taken > 0 || fellBack > 0) {
    engine.run(
      "UPDATE coupon_pools SET draws = draws + ?, fell_back = fell_back + ? WHERE id = ?",
      taken,
      fellBack,
      pool.id,
    );
  }
  return {
    status: "claimed",
    outcomes,
    remaining: remaining(engine, pool, request),
    added: pool.added,
    alerts: alertsOf(pool),
  };
}

/** One object for each draw, however many uses and holders lead to it: it counts what this claim does to the draw. */
function once(read: Map<number, Held>, row: Held): Held {
  const before = read.get(row.number);
  if (before !== undefined) return before;
  read.set(row.number, row);
  return row;
}

function knownUses(
  engine: SqlEngine,
  pool: PoolRow,
  items: readonly ClaimItem[],
  read: Map<number, Held>,
): Map<string, { id: number; draw: Held }> {
  if (items.length === 0) return new Map();
  const uses = JSON.stringify(items.map(({ use }) => use));
  const rows = engine.all<Held & { use: string; id: number }>(KNOWN_USES, uses, pool.id);
  return new Map(rows.map((row) => [row.use, { id: row.id, draw: once(read, row) }]));
}

function currentDraws(
  engine: SqlEngine,
  pool: PoolRow,
  items: readonly ClaimItem[],
  read: Map<number, Held>,
): Map<string, Held> {
  const holders = [...new Set(items.flatMap(({ holder }) => holder ?? []))];
  if (holders.length === 0) return new Map();
  const rows = engine.all<Held>(CURRENT_DRAWS, JSON.stringify(holders), pool.id);
  return new Map(rows.map((row) => [row.holder as string, once(read, row)]));
}

/** Takes up to `count` codes out of the lots, in the order of claims. */
function take(engine: SqlEngine, pool: PoolRow, request: ClaimRequest, count: number): Held[] {
  const after = request.now + request.minValidity;
  const poolExpiry = request.expiresAt ?? NEVER;
  const fresh: Held[] = [];
  while (fresh.length < count) {
    const lot = first<{ id: number; expires_at: number; cursor: number; free: number; returned: number }>(
      engine,
      NEXT_LOT,
      pool.id,
      after,
      poolExpiry,
    );
    if (lot === undefined) break;
    const wanted = Math.min(count - fresh.length, lot.free);
    const codes: { position: number; code: string }[] = [];
    if (lot.returned > 0) codes.push(...engine.all<{ position: number; code: string }>(RETURNED_CODES, lot.id, wanted));
    const returned = codes.length;
    for (const { position } of codes)
      engine.run("DELETE FROM coupon_returned WHERE lot = ? AND position = ?", lot.id, position);
    if (returned < wanted) {
      codes.push(...engine.all<{ position: number; code: string }>(NEXT_CODES, lot.id, lot.cursor, wanted - returned));
    }
    if (codes.length !== wanted) throw new Error(`Lot ${lot.id} says ${lot.free} codes are free, but has fewer.`);
    const last = codes[codes.length - 1];
    const cursor = returned < wanted && last !== undefined ? last.position + 1 : lot.cursor;
    engine.run(
      "UPDATE coupon_lots SET free = free - ?1, assigned = assigned + ?1, returned = returned - ?2, cursor = ?3 WHERE id = ?4",
      wanted,
      returned,
      cursor,
      lot.id,
    );
    engine.run(
      "UPDATE coupon_expiries SET assigned = assigned + ? WHERE pool = ? AND expires_at = ?",
      wanted,
      pool.id,
      lot.expires_at,
    );
    for (const { position, code } of codes) {
      fresh.push({
        lot: lot.id,
        position,
        code,
        expires_at: lot.expires_at,
        number: 0,
        uses: 0,
        answers: 0,
        holder: null,
      });
    }
  }
  return fresh;
}

/** Writes down new draws, uses and holders, and what became of draws that were there. */
function record(
  engine: SqlEngine,
  pool: PoolRow,
  now: number,
  fresh: readonly Held[],
  uses: readonly SqlValue[][],
  changed: readonly Held[],
): void {
  if (fresh.length > 0) {
    const draws = fresh.map(({ lot, position, number, holder, uses, answers }) => {
      return [lot, position, number, holder, uses, holder === null ? null : answers];
    });
    engine.run(
      `INSERT INTO coupon_draws (lot, position, number, holder, uses, answers, at)
       SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, ?1 FROM json_each(?2)`,
      now,
      JSON.stringify(draws),
    );
    engine.run(
      "INSERT INTO coupon_usage (pool, at, draws) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET draws = draws + ?3",
      pool.id,
      hourOf(now),
      fresh.length,
    );
    const holders = fresh.filter(({ holder }) => holder !== null);
    if (holders.length > 0) {
      engine.run(
        `INSERT OR REPLACE INTO coupon_holders (pool, holder, lot, position)
         SELECT ?1, value->>0, value->>1, value->>2 FROM json_each(?2)`,
        pool.id,
        JSON.stringify(holders.map(({ holder, lot, position }) => [holder, lot, position])),
      );
    }
  }
  for (const { lot, position, uses, answers } of changed) {
    const sql = "UPDATE coupon_draws SET uses = ?, answers = ? WHERE lot = ? AND position = ?";
    engine.run(sql, uses, answers, lot, position);
  }
  if (uses.length === 0) return;
  for (const { json } of inPieces(uses, engine.textBytes)) {
    engine.run(
      `INSERT INTO coupon_uses (pool, use, lot, position, number, answers, contact, message, slot)
       SELECT ?1, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7
       FROM json_each(?2)`,
      pool.id,
      json,
    );
  }
}

function remaining(engine: SqlEngine, pool: PoolRow, request: ClaimRequest): number {
  const row = first<{ free: number }>(
    engine,
    `SELECT coalesce(sum(added - undone - assigned - void), 0) AS free FROM coupon_expiries
     WHERE pool = ?1 AND expires_at > ?2 AND (expires_at < ${NEVER} OR ?3 > ?2)`,
    pool.id,
    request.now + request.minValidity,
    request.expiresAt ?? NEVER,
  );
  return row?.free ?? 0;
}

const USE = `SELECT u.id, u.number, u.answers, u.lot, u.position, d.uses, d.holder, d.redeemed_at, l.expires_at, l.batch, b.state
  FROM coupon_uses AS u
  CROSS JOIN coupon_draws AS d ON d.lot = u.lot AND d.position = u.position
  CROSS JOIN coupon_lots AS l ON l.id = u.lot
  CROSS JOIN coupon_batches AS b ON b.id = l.batch
  WHERE u.pool = ? AND u.use = ?`;

interface UseRow {
  id: number;
  number: number;
  answers: number;
  lot: number;
  position: number;
  uses: number;
  holder: string | null;
  redeemed_at: number | null;
  expires_at: number;
  batch: number;
  state: number;
}

export function release(engine: SqlEngine, pool: PoolRow, item: ReleaseItem): ReleaseOutcome {
  const use = first<UseRow>(engine, USE, pool.id, item.use);
  if (use === undefined) return { released: false, reason: "unknown-use" };
  if (use.number !== item.number) return { released: false, reason: "other-number" };
  if (item.answers !== null && use.answers !== item.answers) return { released: false, reason: "answered-since" };
  if (use.redeemed_at !== null) return { released: false, reason: "redeemed" };
  engine.run("DELETE FROM coupon_uses WHERE id = ?", use.id);
  if (use.uses > 1) {
    engine.run("UPDATE coupon_draws SET uses = uses - 1 WHERE lot = ? AND position = ?", use.lot, use.position);
    return { released: true, freed: false };
  }
  free(engine, pool, use);
  return { released: true, freed: true };
}

/** Gives a draw's code back to its lot; a code of an undone batch leaves the pool instead. */
function free(engine: SqlEngine, pool: PoolRow, { lot, position, holder, expires_at, batch, state }: UseRow): void {
  engine.run("DELETE FROM coupon_draws WHERE lot = ? AND position = ?", lot, position);
  if (holder !== null) {
    // Under until-expired the holder may have moved on to another code.
    engine.run(
      "DELETE FROM coupon_holders WHERE pool = ? AND holder = ? AND lot = ? AND position = ?",
      pool.id,
      holder,
      lot,
      position,
    );
  }
  const undone = state === UNDONE ? 1 : 0;
  engine.run(
    "UPDATE coupon_expiries SET assigned = assigned - 1, undone = undone + ? WHERE pool = ? AND expires_at = ?",
    undone,
    pool.id,
    expires_at,
  );
  if (undone) {
    engine.run(
      "UPDATE coupon_lots SET assigned = assigned - 1, undone = undone + 1, swept = min(swept, ?) WHERE id = ?",
      position,
      lot,
    );
    engine.run("UPDATE coupon_batches SET swept = 0 WHERE id = ?", batch);
    engine.run("UPDATE coupon_pools SET added = added - 1 WHERE id = ?", pool.id);
    return;
  }
  engine.run("INSERT INTO coupon_returned (lot, position) VALUES (?, ?)", lot, position);
  engine.run(
    "UPDATE coupon_lots SET assigned = assigned - 1, free = free + 1, returned = returned + 1 WHERE id = ?",
    lot,
  );
}
