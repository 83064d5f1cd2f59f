/** Look-ups and lists of the memory store. */
import type { BatchRow, FoundRow, Page } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { isValid } from "../instants.js";
import { type Draw, type Lot, type PoolState, type Use, usesOf } from "./pool.js";
import { batchRow } from "./uploads.js";

interface Pages {
  cursor: string | null;
  limit: number;
}

export type FindBy = { key: string } | { contact: string } | { message: string };

export function find(pool: PoolState, request: Pages & { by: FindBy }): Page<FoundRow> {
  const [after] = readCursor(request.cursor, [0] as [number]);
  const { by, limit } = request;
  if ("key" in by) {
    const place = pool.held(by.key);
    if (place === undefined) return { rows: [], next: null };
    const draw = place.lot.taken[place.position];
    if (!draw) return { rows: [unheldRow(place.lot, place.position)], next: null };
    const uses = [...usesOf(draw)].filter((use) => use.id > after).slice(0, limit + 1);
    return toPage(uses, limit, (use) => [use.id], useRow);
  }
  const found: Use[] = [];
  for (const use of pool.uses.values()) {
    const matches = "contact" in by ? use.contact === by.contact : use.message === by.message;
    if (matches && use.id > after) found.push(use);
    if (found.length > limit) break;
  }
  return toPage(found, limit, (use) => [use.id], useRow);
}

function useRow(use: Use): FoundRow {
  const { draw, contact, message, slot } = use;
  return {
    code: draw.lot.codes[draw.position] as string,
    status: "assigned",
    expiresAt: draw.lot.expiresAt,
    batch: draw.lot.batch.id,
    number: draw.number,
    drawnAt: draw.at,
    contact,
    message,
    slot,
    redeemedAt: draw.redeemedAt,
  };
}

function unheldRow(lot: Lot, position: number): FoundRow {
  return {
    code: lot.codes[position] as string,
    status: lot.taken[position] === null ? "void" : "available",
    expiresAt: lot.expiresAt,
    batch: lot.batch.id,
    number: null,
    drawnAt: null,
    contact: null,
    message: null,
    slot: null,
    redeemedAt: null,
  };
}

/** Every use by its draw's number, then by the order of uses. */
export function draws(pool: PoolState, { cursor, limit }: Pages): Page<FoundRow> {
  const [number, id] = readCursor(cursor, [1, 0] as [number, number]);
  const found: Use[] = [];
  for (let i = number - 1; i < pool.draws.length && found.length <= limit; i += 1) {
    const draw: Draw | null | undefined = pool.draws[i];
    if (!draw) continue;
    for (const use of usesOf(draw)) if (draw.number !== number || use.id > id) found.push(use);
  }
  return toPage(found.slice(0, limit + 1), limit, (use) => [use.draw.number, use.id], useRow);
}

export function codes(pool: PoolState, { cursor, limit }: Pages): Page<{ code: string; expiresAt: number | null }> {
  const [lotId, after] = readCursor(cursor, [-1, -1] as [number, number]);
  const from = pool.lots[lotId];
  const found: { lot: Lot; position: number }[] = [];
  for (const lot of [...pool.dated, ...pool.undated]) {
    if (from && isBefore(lot, from)) continue;
    for (let position = lot === from ? after + 1 : 0; position < lot.codes.length; position += 1) {
      if (lot.taken[position] === undefined) found.push({ lot, position });
      if (found.length > limit) break;
    }
    if (found.length > limit) break;
  }
  return toPage(
    found,
    limit,
    ({ lot, position }) => [lot.id, position],
    ({ lot, position }) => ({ code: lot.codes[position] as string, expiresAt: lot.expiresAt }),
  );
}

function isBefore(lot: Lot, other: Lot): boolean {
  if (lot.expiresAt === other.expiresAt) return lot.batch.sequence < other.batch.sequence;
  return other.expiresAt === null || (lot.expiresAt !== null && isValid(other.expiresAt, null, lot.expiresAt));
}

/** Newest first. */
export function batches(pool: PoolState, { cursor, limit }: Pages): Page<BatchRow> {
  const [before] = readCursor(cursor, [Number.MAX_SAFE_INTEGER] as [number]);
  const found = pool.batches.filter((batch) => batch.sequence < before && batch.state !== "dropped").reverse();
  return toPage(found.slice(0, limit + 1), limit, (batch) => [batch.sequence], batchRow);
}
