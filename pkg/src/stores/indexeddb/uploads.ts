/** Batches on IndexedDB: staging, commit, undo, and the sweep. */
import type { BatchRow, CodeBlock } from "../../store.js";
import { DAY, dayOf, toColumn } from "../instants.js";
import { firstOf, got, range, under } from "./database.js";
import { repeatsIn } from "./fingerprints.js";
import type { KeyFinder } from "./keys.js";
import type { BatchRecord, BlockRecord, FingerprintRecord, LotRecord, PoolScope } from "./records.js";

/** How many blocks one sweep looks at. */
const SWEEP_BLOCKS = 16;

const batchNamed = (scope: PoolScope, batch: string) => scope.get<BatchRecord>("batches", [scope.pool.id, batch]);

export async function begin(
  scope: PoolScope,
  request: { batch: string; now: number; lease: number },
): Promise<{ status: "begun" } | { status: "busy"; batch: string; until: number } | { status: "ended" }> {
  const { pool } = scope;
  const { now } = request;
  const leaseUntil = now + request.lease;
  const known = await batchNamed(scope, request.batch);
  if (known !== undefined) {
    if (known.state !== "staged") return { status: "ended" };
    scope.put("batches", { ...known, leaseUntil });
    return { status: "begun" };
  }
  const staged = pool.staged === null ? undefined : await batchNamed(scope, pool.staged);
  if (staged !== undefined) {
    if (now < staged.leaseUntil) return { status: "busy", batch: staged.batch, until: staged.leaseUntil };
    drop(scope, staged);
  }
  pool.batches += 1;
  pool.staged = request.batch;
  scope.put("pools", pool);
  const batch: BatchRecord = {
    pool: pool.id,
    batch: request.batch,
    sequence: pool.batches,
    state: "staged",
    leaseUntil,
    at: now,
    note: null,
    removed: 0,
    kept: 0,
  };
  scope.put("batches", batch);
  return { status: "begun" };
}

export function drop(scope: PoolScope, batch: BatchRecord): void {
  if (batch.state !== "staged") return;
  scope.put("batches", { ...batch, state: "dropped", unswept: 1 });
  scope.pool.staged = null;
  scope.put("pools", scope.pool);
}

export async function dropNamed(scope: PoolScope, name: string): Promise<void> {
  const batch = await batchNamed(scope, name);
  if (batch !== undefined) drop(scope, batch);
}

export async function addBlock(
  scope: PoolScope,
  finder: KeyFinder,
  request: { batch: string; number: number; block: CodeBlock; now: number; lease: number },
): Promise<{ status: "added"; duplicates: number[] } | { status: "ended" }> {
  const { pool } = scope;
  const batch = await batchNamed(scope, request.batch);
  if (batch === undefined || batch.state !== "staged") return { status: "ended" };
  scope.put("batches", { ...batch, leaseUntil: request.now + request.lease });
  const name = [pool.id, batch.sequence, request.number];
  const before = await scope.get<{ duplicates: number[] }>("answers", name);
  if (before !== undefined) return { status: "added", duplicates: before.duplicates };

  const { keys, runs } = request.block;
  const prints = finder.fingerprintsOf(keys);
  // A place in this very batch is an earlier block's: as much a duplicate as any.
  const places = await finder.locate(scope, keys, { prints, draws: false });
  const repeats = repeatsIn(keys, prints);
  const duplicates: number[] = [];
  let i = 0;
  for (const run of runs) {
    const chosen: number[] = [];
    for (const end = i + run.count; i < end; i += 1) {
      if (places.has(i) || repeats[i] === 1) duplicates.push(i);
      else chosen.push(i);
    }
    if (chosen.length > 0) await addRun(scope, batch, toColumn(run.expiresAt), request.block, chosen, prints);
  }
  const [id, sequence, number] = name;
  scope.put("answers", { pool: id, sequence, number, duplicates });
  scope.put("pools", pool);
  return { status: "added", duplicates };
}

/** Writes the chosen codes of one run as one block. */
async function addRun(
  scope: PoolScope,
  batch: BatchRecord,
  expiresAt: number,
  { codes, keys }: CodeBlock,
  chosen: readonly number[],
  prints: Uint32Array,
): Promise<void> {
  const { pool } = scope;
  const { sequence } = batch;
  const index = scope.store("lots").index("expiry");
  let lot = await got<LotRecord | undefined>(index.get([pool.id, sequence, expiresAt]));
  if (lot === undefined) {
    const blank: Omit<LotRecord, "id"> = {
      pool: pool.id,
      batch: batch.batch,
      sequence,
      expiresAt,
      added: 0,
      free: 0,
      assigned: 0,
      returned: 0,
      void: 0,
      undone: 0,
      cursor: 0,
    };
    lot = { ...blank, id: (await got(scope.store("lots").add(blank))) as number };
  }
  const fingerprints = new Uint32Array(2 * chosen.length);
  for (const [at, i] of chosen.entries()) {
    fingerprints[2 * at] = prints[2 * i] as number;
    fingerprints[2 * at + 1] = prints[2 * i + 1] as number;
  }
  pool.blocks += 1;
  const { id, added: start } = lot;
  const keysDiffer = keys !== codes && chosen.some((i) => keys[i] !== codes[i]);
  const block: BlockRecord = {
    lot: id,
    start,
    count: chosen.length,
    codes: chosen.map((i) => codes[i]).join("\n"),
    keys: keysDiffer ? chosen.map((i) => keys[i]).join("\n") : null,
    block: pool.blocks,
  };
  scope.store("blocks").add(block);
  const record: FingerprintRecord = { pool: pool.id, block: pool.blocks, lot: id, start, fingerprints };
  scope.store("fingerprints").add(record);
  lot.added += chosen.length;
  scope.putLot(lot);
}

export async function commit(
  scope: PoolScope,
  request: { batch: string; note: unknown; now: number },
): Promise<{ status: "committed"; added: number } | { status: "ended" }> {
  const { pool } = scope;
  const batch = await batchNamed(scope, request.batch);
  if (batch === undefined || (batch.state !== "staged" && batch.state !== "committed")) return { status: "ended" };
  const lots = await scope.lotsOf(batch.sequence);
  const added = lots.reduce((sum, lot) => sum + lot.added, 0);
  if (batch.state === "committed") return { status: "committed", added };
  const note: unknown = JSON.parse(JSON.stringify(request.note) ?? "null");
  scope.put("batches", { ...batch, state: "committed", note, at: request.now, unswept: 1 });
  for (const lot of lots) {
    lot.free = lot.added;
    scope.putLot(lot);
    await scope.count(lot.expiresAt, { added: lot.added });
  }
  pool.staged = null;
  pool.added += added;
  scope.put("pools", pool);
  return { status: "committed", added };
}

export async function undo(scope: PoolScope, name: string): Promise<{ removed: number; kept: number } | null> {
  const { pool } = scope;
  const batch = await batchNamed(scope, name);
  if (batch?.state === "undone") return { removed: batch.removed, kept: batch.kept };
  if (batch?.state !== "committed") return null;
  let removed = 0;
  let kept = 0;
  for (const lot of await scope.lotsOf(batch.sequence)) {
    removed += lot.free;
    kept += lot.assigned;
    await scope.count(lot.expiresAt, { undone: lot.free });
    scope.putLot({ ...lot, undone: lot.undone + lot.free, free: 0, returned: 0 });
  }
  scope.put("batches", { ...batch, state: "undone", removed, kept, unswept: 1 });
  pool.added -= removed;
  scope.put("pools", pool);
  return { removed, kept };
}

/** Batches before `sequence`, newest first, without dropped ones. */
export async function batchesBefore(
  scope: PoolScope,
  sequence: number,
  limit: number,
): Promise<{ sequence: number; row: BatchRow }[]> {
  const found: { sequence: number; row: BatchRow }[] = [];
  let before = sequence;
  while (found.length < limit) {
    const { id } = scope.pool;
    const request = scope
      .store("batches")
      .index("order")
      .openCursor(range([id, 0], [id, before], false, true), "prev");
    const batch = await firstOf<BatchRecord>(request);
    if (batch === undefined) break;
    before = batch.sequence;
    if (batch.state === "dropped") continue;
    const row: BatchRow = {
      batch: batch.batch,
      state: batch.state,
      note: batch.note,
      added: 0,
      undone: 0,
      assigned: 0,
      at: batch.at,
    };
    for (const lot of await scope.lotsOf(batch.sequence)) {
      row.added += lot.added;
      row.undone += lot.undone;
      row.assigned += lot.assigned;
    }
    found.push({ sequence: batch.sequence, row });
  }
  return found;
}

export async function sweep(
  scope: PoolScope,
  request: { now: number; rollUpBefore: number },
): Promise<{ more: boolean }> {
  const { pool } = scope;
  const staged = pool.staged === null ? undefined : await batchNamed(scope, pool.staged);
  if (staged !== undefined && staged.leaseUntil <= request.now) drop(scope, staged);
  await rollUp(scope, dayOf(request.rollUpBefore));
  const unswept = scope.store("batches").index("unswept");
  const batch = await got<BatchRecord | undefined>(unswept.get([pool.id, 1]));
  if (batch === undefined) return { more: false };
  scope.store("answers").delete(under(pool.id, batch.sequence));
  if (batch.state !== "committed" && (await sweepBlocks(scope, batch))) return { more: true };
  const { unswept: _, ...swept } = batch;
  scope.put("batches", swept);
  return { more: true };
}

/** Removes some blocks of a dropped or undone batch that hold no held or void code. Answers whether it found any. */
async function sweepBlocks(scope: PoolScope, batch: BatchRecord): Promise<boolean> {
  let removed = 0;
  for (const lot of await scope.lotsOf(batch.sequence)) {
    scope.store("returned").delete(under(lot.id));
    let from = 0;
    while (removed < SWEEP_BLOCKS) {
      const [block] = await scope.all<BlockRecord>("blocks", range([lot.id, from], [lot.id, []]), 1);
      if (block === undefined) break;
      from = block.start + block.count;
      const codes = range([lot.id, block.start], [lot.id, from], false, true);
      const kept = (await got(scope.store("draws").count(codes))) + (await got(scope.store("voids").count(codes)));
      if (kept > 0) continue;
      scope.store("blocks").delete([lot.id, block.start]);
      scope.store("fingerprints").delete([scope.pool.id, block.block]);
      removed += 1;
    }
    if (removed === SWEEP_BLOCKS) break;
  }
  return removed > 0;
}

/** Adds the hours of days before `today` up into their days. */
async function rollUp(scope: PoolScope, today: number): Promise<void> {
  const { id } = scope.pool;
  const hours = await scope.all<{ at: number; draws: number }>("usage", range([id], [id, today], false, true));
  if (hours.every(({ at }) => at % DAY === 0)) return;
  const days = new Map<number, number>();
  for (const { at, draws } of hours) {
    days.set(dayOf(at), (days.get(dayOf(at)) ?? 0) + draws);
    scope.store("usage").delete([id, at]);
  }
  for (const [at, draws] of days) scope.put("usage", { pool: id, at, draws });
}
