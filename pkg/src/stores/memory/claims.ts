/** Claims and releases of the memory store. Nothing here awaits, so each call is one indivisible step. */
import type { AlertRecord, ClaimOutcome, ClaimRequest, ReleaseItem, ReleaseOutcome } from "../../store.js";
import { hourOf, isValid } from "../instants.js";
import { type Draw, freeOf, type Lot, type PoolState, placeInOrder, type Use } from "./pool.js";

export interface Claimed {
  status: "claimed";
  outcomes: ClaimOutcome[];
  remaining: number;
  added: number;
  alerts: AlertRecord | null;
}

export function claim(pool: PoolState, request: ClaimRequest): Claimed {
  const { now, reuse } = request;
  const outcomes: ClaimOutcome[] = [];
  const drawsBefore = pool.draws.length;
  const supply: Supply = { lot: undefined };
  for (const item of request.items) {
    const known = pool.uses.get(item.use);
    if (known !== undefined) {
      outcomes.push(answer(known, true, false));
      continue;
    }
    let draw = item.holder === null ? undefined : pool.holders.get(item.holder);
    let fresh = false;
    let reason: "empty" | "expired" = "empty";
    if (draw !== undefined && !isValid(draw.lot.expiresAt, request.expiresAt, now)) {
      if (reuse === "per-contact") reason = "expired";
      draw = undefined;
    }
    if (draw === undefined && reason === "empty") {
      draw = take(pool, request, supply, item.holder);
      fresh = true;
    }
    if (draw === undefined) {
      if (item.fallsBack) pool.fellBack += 1;
      outcomes.push({ code: null, reason });
      continue;
    }
    pool.useCount += 1;
    const { contact, message, slot } = item;
    const use: Use = { key: item.use, id: pool.useCount, draw, contact, message, slot, answers: 0, next: null };
    if (draw.lastUse === null) draw.firstUse = use;
    else draw.lastUse.next = use;
    draw.lastUse = use;
    pool.uses.add(item.use, use);
    outcomes.push(answer(use, false, fresh));
  }
  const drawn = pool.draws.length - drawsBefore;
  if (drawn > 0) pool.usage.set(hourOf(now), (pool.usage.get(hourOf(now)) ?? 0) + drawn);
  return {
    status: "claimed",
    outcomes,
    remaining: remaining(pool, request),
    added: pool.added,
    alerts: pool.alertRecord,
  };
}

function answer(use: Use, repeat: boolean, fresh: boolean): ClaimOutcome {
  const { draw } = use;
  const { lot, position, number } = draw;
  draw.answers += 1;
  use.answers = draw.answers;
  return { code: lot.codes[position] as string, number, expiresAt: lot.expiresAt, repeat, fresh, answers: use.answers };
}

/** The lot that a claim draws from at present: looked up again only when it runs out. */
interface Supply {
  lot: Lot | undefined;
}

/** Draws the next code for a holder, or nothing if no lot has one. */
function take(pool: PoolState, request: ClaimRequest, supply: Supply, holder: string | null): Draw | undefined {
  supply.lot ??= nextLot(pool, request);
  const { lot } = supply;
  if (lot === undefined) return undefined;
  const position = takePosition(lot);
  const draw: Draw = {
    number: pool.draws.length + 1,
    lot,
    position,
    holder,
    at: request.now,
    redeemedAt: null,
    answers: 0,
    firstUse: null,
    lastUse: null,
  };
  pool.draws.push(draw);
  lot.taken[position] = draw;
  lot.assigned += 1;
  if (lot.sum) lot.sum.assigned += 1;
  if (freeOf(lot) === 0) {
    pool.shut(lot);
    supply.lot = undefined;
  }
  if (holder !== null) pool.holders.set(holder, draw);
  return draw;
}

/** The open lot that expires first, then the one of the oldest batch; codes without an expiry have the pool's. */
function nextLot(pool: PoolState, request: ClaimRequest): Lot | undefined {
  const after = request.now + request.minValidity;
  const dated = pool.dated[firstValid(pool, after)];
  const undated = isValid(null, request.expiresAt, after) ? pool.undated[0] : undefined;
  if (dated === undefined || undated === undefined) return dated ?? undated;
  const order = (dated.expiresAt ?? 0) - (request.expiresAt ?? Number.POSITIVE_INFINITY);
  return (order || dated.batch.sequence - undated.batch.sequence) <= 0 ? dated : undated;
}

/** Index of the first dated lot whose codes are valid after `instant`. */
function firstValid(pool: PoolState, instant: number): number {
  const first = pool.dated[0];
  if (first === undefined || isValid(first.expiresAt, null, instant)) return 0;
  return placeInOrder(pool.dated, instant, Number.POSITIVE_INFINITY);
}

function takePosition(lot: Lot): number {
  if (lot.returned.size > 0) {
    for (const position of lot.returned) {
      lot.returned.delete(position);
      return position;
    }
  }
  // Only void codes can lie at or after the cursor and be taken.
  while (lot.taken[lot.cursor] !== undefined) lot.cursor += 1;
  if (lot.cursor >= lot.codes.length) throw new Error("A lot's counts are wrong.");
  lot.cursor += 1;
  return lot.cursor - 1;
}

function remaining(pool: PoolState, request: ClaimRequest): number {
  const after = request.now + request.minValidity;
  let sum = 0;
  for (let i = firstValid(pool, after); i < pool.dated.length; i += 1) sum += freeOf(pool.dated[i] as Lot);
  if (isValid(null, request.expiresAt, after)) for (const lot of pool.undated) sum += freeOf(lot);
  return sum;
}

export function release(pool: PoolState, item: ReleaseItem): ReleaseOutcome {
  const use = pool.uses.get(item.use);
  if (use === undefined) return { released: false, reason: "unknown-use" };
  const { draw } = use;
  if (draw.number !== item.number) return { released: false, reason: "other-number" };
  if (item.answers !== null && use.answers !== item.answers) return { released: false, reason: "answered-since" };
  if (draw.redeemedAt !== null) return { released: false, reason: "redeemed" };
  pool.uses.delete(item.use);
  unlink(draw, use);
  if (draw.firstUse !== null) return { released: true, freed: false };
  free(pool, draw);
  return { released: true, freed: true };
}

function unlink(draw: Draw, use: Use): void {
  let before: Use | null = null;
  for (let at = draw.firstUse; at !== null && at !== use; at = at.next) before = at;
  if (before === null) draw.firstUse = use.next;
  else before.next = use.next;
  if (draw.lastUse === use) draw.lastUse = before;
}

/** Gives a draw's code back to its lot; a code of an undone batch leaves the pool instead. */
function free(pool: PoolState, draw: Draw): void {
  const { lot, position } = draw;
  if (draw.holder !== null && pool.holders.get(draw.holder) === draw) pool.holders.delete(draw.holder);
  pool.draws[draw.number - 1] = null;
  lot.taken[position] = undefined;
  lot.assigned -= 1;
  const sum = pool.sumOf(lot.expiresAt);
  sum.assigned -= 1;
  if (lot.batch.state === "undone") {
    lot.undone += 1;
    sum.undone += 1;
    pool.added -= 1;
    if (!pool.dead.includes(lot)) pool.dead.push(lot);
    return;
  }
  lot.returned.add(position);
  if (freeOf(lot) === 1) pool.open(lot);
}
