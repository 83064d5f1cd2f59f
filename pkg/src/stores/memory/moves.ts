/** Pools of the memory store on their way to or from another store. */
import type { MovedCode, MovedDraw, MovedTotals, Page } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { toColumn } from "../instants.js";
import { type Draw, freeOf, isDead, type Lot, type PoolState, type Use, usesOf } from "./pool.js";

export function contents(
  pool: PoolState,
  { batch: id, cursor, limit }: { batch: string; cursor: string | null; limit: number },
): Page<MovedCode> {
  const [expiresAt, after] = readCursor(cursor, [Number.MIN_SAFE_INTEGER, -1] as [number, number]);
  const batch = pool.batchById.get(id);
  if (batch === undefined || batch.state === "staged") return { rows: [], next: null };
  const found: { lot: Lot; position: number }[] = [];
  const lots = [...batch.lots.values()].sort((a, b) => toColumn(a.expiresAt) - toColumn(b.expiresAt));
  for (const lot of lots) {
    const place = toColumn(lot.expiresAt);
    if (place < expiresAt) continue;
    for (let at = place === expiresAt ? after + 1 : 0; at < lot.codes.length && found.length <= limit; at += 1) {
      if (!isDead(lot, at)) found.push({ lot, position: at });
    }
  }
  return toPage(
    found,
    limit,
    ({ lot, position }) => [toColumn(lot.expiresAt), position],
    ({ lot, position }) => {
      const taken = lot.taken[position];
      return {
        code: lot.codes[position] as string,
        key: lot.keys[position] as string,
        expiresAt: lot.expiresAt,
        held: taken === undefined ? "free" : taken === null ? "void" : movedDraw(pool, taken),
      };
    },
  );
}

function movedDraw(pool: PoolState, draw: Draw): MovedDraw {
  const { number, holder, at, redeemedAt, answers } = draw;
  const current = holder !== null && pool.holders.get(holder) === draw;
  const uses = [...usesOf(draw)].map(({ key, answers, contact, message, slot }) => ({
    use: key,
    answers,
    contact,
    message,
    slot,
  }));
  return { number, holder, current, drawnAt: at, redeemedAt, uses, answers };
}

export function restore(
  pool: PoolState,
  { draws, totals }: { draws: readonly { key: string; draw: MovedDraw }[]; totals: MovedTotals | null },
): void {
  const wanted = draws.flatMap(({ key, draw }) => {
    const place = pool.held(key);
    if (place === undefined) throw new Error(`Draw ${draw.number} is of a code that is not in the pool.`);
    const taken = place.lot.taken[place.position];
    if (taken && isThere(taken, draw)) return [];
    if (taken !== undefined) throw new Error(`Draw ${draw.number} is of a code that is not free.`);
    if (pool.draws[draw.number - 1]) throw new Error(`Draw ${draw.number} is there already.`);
    if (draw.uses.some(({ use }) => pool.uses.get(use) !== undefined)) {
      throw new Error(`A use of draw ${draw.number} has a code already.`);
    }
    return [{ ...place, draw }];
  });
  for (const { lot, position, draw } of wanted) hold(pool, lot, position, draw);
  if (totals === null) return;
  while (pool.draws.length < totals.lastNumber) pool.draws.push(null);
  pool.fellBack = totals.fellBack;
  pool.usage.clear();
  for (const { at, draws } of totals.usage) pool.usage.set(at, draws);
}

/** A number alone says little: a pool that was drawn from gives the same numbers to others. */
function isThere(draw: Draw, moved: MovedDraw): boolean {
  const uses = [...usesOf(draw)].map(({ key }) => key);
  return (
    draw.number === moved.number &&
    draw.holder === moved.holder &&
    uses.length === moved.uses.length &&
    moved.uses.every(({ use }, i) => use === uses[i])
  );
}

function hold(pool: PoolState, lot: Lot, position: number, moved: MovedDraw): void {
  const { number, holder, drawnAt, redeemedAt, answers } = moved;
  const draw: Draw = { number, lot, position, holder, at: drawnAt, redeemedAt, answers, firstUse: null, lastUse: null };
  for (const { use: key, ...rest } of moved.uses) {
    pool.useCount += 1;
    const use: Use = { key, id: pool.useCount, draw, ...rest, next: null };
    if (draw.lastUse === null) draw.firstUse = use;
    else draw.lastUse.next = use;
    draw.lastUse = use;
    pool.uses.add(key, use);
  }
  while (pool.draws.length < number) pool.draws.push(null);
  pool.draws[number - 1] = draw;
  if (holder !== null && moved.current) pool.holders.set(holder, draw);
  if (redeemedAt !== null) pool.redeemed += 1;
  lot.returned.delete(position);
  lot.taken[position] = draw;
  lot.assigned += 1;
  pool.sumOf(lot.expiresAt).assigned += 1;
  if (freeOf(lot) === 0) pool.shut(lot);
}
