/** Batches of the memory store: staging, commit, undo and what `sweep` clears away. */
import type { BatchRow, CodeBlock } from "../../store.js";
import { DAY, dayOf } from "../instants.js";
import { type Batch, freeOf, isDead, type Lot, type PoolState } from "./pool.js";

/** How many codes one `sweep` looks at. */
const SWEEP_CODES = 50_000;

export function begin(
  pool: PoolState,
  request: { batch: string; now: number; lease: number },
): { status: "begun" } | { status: "busy"; batch: string; until: number } | { status: "ended" } {
  const { now } = request;
  const known = pool.batchById.get(request.batch);
  if (known !== undefined && known.state !== "staged") return { status: "ended" };
  if (known === undefined) {
    const { staged } = pool;
    if (staged && now < staged.leaseUntil) return { status: "busy", batch: staged.id, until: staged.leaseUntil };
    if (staged) drop(pool, staged);
  }
  const batch = known ?? newBatch(pool, request.batch, now);
  batch.leaseUntil = now + request.lease;
  pool.staged = batch;
  return { status: "begun" };
}

function newBatch(pool: PoolState, id: string, at: number): Batch {
  const batch: Batch = {
    id,
    sequence: pool.batches.length,
    state: "staged",
    leaseUntil: 0,
    at,
    note: "null",
    removed: 0,
    kept: 0,
    lots: new Map(),
    answered: new Map(),
  };
  pool.batches.push(batch);
  pool.batchById.set(id, batch);
  return batch;
}

export function addBlock(
  pool: PoolState,
  request: { batch: string; number: number; block: CodeBlock; now: number; lease: number },
): { status: "added"; duplicates: number[] } | { status: "ended" } {
  const batch = pool.staged;
  if (batch === null || batch.id !== request.batch) return { status: "ended" };
  batch.leaseUntil = request.now + request.lease;
  const before = batch.answered.get(request.number);
  if (before !== undefined) return { status: "added", duplicates: [...before] };
  const { codes, keys, runs } = request.block;
  const duplicates: number[] = [];
  let i = 0;
  for (const run of runs) {
    const lot = lotOf(pool, batch, run.expiresAt);
    if (keys !== codes && lot.keys === lot.codes) lot.keys = [...lot.codes];
    for (const end = i + run.count; i < end; i += 1) {
      const key = keys[i] as string;
      const place = pool.placeOf(key);
      if (place !== undefined && !isDead(place.lot, place.position)) {
        duplicates.push(i);
        continue;
      }
      pool.setPlace(key, lot, lot.codes.length);
      lot.codes.push(codes[i] as string);
      if (lot.keys !== lot.codes) lot.keys.push(key);
    }
  }
  batch.answered.set(request.number, duplicates);
  return { status: "added", duplicates: [...duplicates] };
}

function lotOf(pool: PoolState, batch: Batch, expiresAt: number | null): Lot {
  let lot = batch.lots.get(expiresAt);
  if (lot === undefined) {
    const codes: string[] = [];
    lot = {
      id: pool.lots.length,
      batch,
      expiresAt,
      codes,
      keys: codes,
      taken: [],
      cursor: 0,
      returned: new Set(),
      assigned: 0,
      void: 0,
      undone: 0,
      sum: null,
    };
    pool.lots.push(lot);
    batch.lots.set(expiresAt, lot);
  }
  return lot;
}

const addedOf = (batch: Batch): number => total(batch, (lot) => lot.codes.length);

function total(batch: Batch, part: (lot: Lot) => number): number {
  let sum = 0;
  for (const lot of batch.lots.values()) sum += part(lot);
  return sum;
}

export function commit(
  pool: PoolState,
  request: { batch: string; note: unknown; now: number },
): { status: "committed"; added: number } | { status: "ended" } {
  const batch = pool.batchById.get(request.batch);
  if (batch?.state === "committed") return { status: "committed", added: addedOf(batch) };
  if (batch === undefined || batch.state !== "staged") return { status: "ended" };
  batch.state = "committed";
  batch.note = JSON.stringify(request.note) ?? "null";
  batch.at = request.now;
  batch.answered.clear();
  pool.staged = null;
  for (const lot of batch.lots.values()) {
    if (lot.codes.length === 0) continue;
    lot.sum = pool.sumOf(lot.expiresAt);
    lot.sum.added += lot.codes.length;
    pool.open(lot);
  }
  const added = addedOf(batch);
  pool.added += added;
  return { status: "committed", added };
}

export function drop(pool: PoolState, batch: Batch): void {
  if (batch.state !== "staged") return;
  batch.state = "dropped";
  batch.answered.clear();
  pool.staged = null;
  pool.dead.push(...batch.lots.values());
}

export function undo(pool: PoolState, id: string): { removed: number; kept: number } | null {
  const batch = pool.batchById.get(id);
  if (batch?.state === "undone") return { removed: batch.removed, kept: batch.kept };
  if (batch?.state !== "committed") return null;
  for (const lot of batch.lots.values()) {
    const free = freeOf(lot);
    if (free > 0) pool.shut(lot);
    lot.undone += free;
    lot.returned.clear();
    const sum = pool.sums.get(lot.expiresAt);
    if (sum) sum.undone += free;
    pool.added -= free;
    batch.removed += free;
    batch.kept += lot.assigned;
    pool.dead.push(lot);
  }
  batch.state = "undone";
  return { removed: batch.removed, kept: batch.kept };
}

export function batchRow(batch: Batch): BatchRow {
  return {
    batch: batch.id,
    state: batch.state as BatchRow["state"],
    note: JSON.parse(batch.note),
    added: addedOf(batch),
    undone: total(batch, (lot) => lot.undone),
    assigned: total(batch, (lot) => lot.assigned),
    at: batch.at,
  };
}

export function sweep(pool: PoolState, request: { now: number; rollUpBefore: number }): { more: boolean } {
  if (pool.staged && pool.staged.leaseUntil <= request.now) drop(pool, pool.staged);
  let looked = 0;
  for (let lot = pool.dead[0]; lot !== undefined && looked < SWEEP_CODES; lot = pool.dead[0]) {
    looked += lot.codes.length;
    for (const [position, key] of lot.keys.entries()) {
      const place = pool.placeOf(key);
      // The same key may have come again in another lot since.
      if (place?.lot === lot && place.position === position && isDead(lot, position)) pool.places.delete(key);
    }
    pool.dead.shift();
  }
  const today = dayOf(request.rollUpBefore);
  for (const [hour, draws] of [...pool.usage]) {
    if (hour >= today || hour % DAY === 0) continue;
    pool.usage.set(dayOf(hour), (pool.usage.get(dayOf(hour)) ?? 0) + draws);
    pool.usage.delete(hour);
  }
  return { more: pool.dead.length > 0 };
}
