/**
 * Finding codes by key without one record a code: 64-bit fingerprints of all keys lie in memory for the pools in use,
 * and every hit is verified against the text, so a collision costs a read and never an answer.
 */
import { got, range } from "./database.js";
import type { BatchRecord, BlockRecord, DrawRecord, FingerprintRecord, LotRecord, PoolScope } from "./records.js";

/** How many pools' fingerprints are kept: about 16 bytes a code. */
const POOLS = 4;

/** A code that is in the pool, or staged. */
export interface Place {
  lot: LotRecord;
  batch: BatchRecord;
  position: number;
  code: string;
  draw: DrawRecord | undefined;
  isVoid: boolean;
}

/** Two 32-bit lanes over the UTF-16 units of each key (multiply and xor as FNV-1a does, then mixed). */
export function fingerprintsOf(keys: readonly string[]): Uint32Array {
  const prints = new Uint32Array(2 * keys.length);
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as string;
    let low = 0x811c9dc5;
    let high = 0x9e3779b9;
    for (let at = 0; at < key.length; at += 1) {
      const unit = key.charCodeAt(at);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit, 0x85ebca6b);
      high ^= high >>> 15;
    }
    prints[2 * i] = Math.imul(low ^ (low >>> 16), 0xc2b2ae35) ^ high;
    prints[2 * i + 1] = high;
  }
  return prints;
}

/** The fingerprints of one pool: an open-addressed table that only grows, as block numbers do. */
class Fingerprints {
  /** The last block that is in the table. */
  block = 0;
  private readonly blocks: { lot: number; start: number; first: number }[] = [];
  private prints = new Uint32Array(2048);
  private table = new Int32Array(2048);
  private count = 0;

  add({ block, lot, start, fingerprints }: FingerprintRecord): void {
    this.block = block;
    this.blocks.push({ lot, start, first: this.count });
    this.grow(this.count + fingerprints.length / 2);
    this.prints.set(fingerprints, 2 * this.count);
    const end = this.count + fingerprints.length / 2;
    for (; this.count < end; this.count += 1) this.insert(this.count);
  }

  /** Where keys with this fingerprint were put. */
  *hits(low: number, high: number): Generator<{ lot: number; start: number; offset: number }> {
    const mask = this.table.length - 1;
    for (let at = low & mask; this.table[at] !== 0; at = (at + 1) & mask) {
      const entry = (this.table[at] as number) - 1;
      if (this.prints[2 * entry] !== low || this.prints[2 * entry + 1] !== high) continue;
      const { lot, start, first } = this.blockOf(entry);
      yield { lot, start, offset: entry - first };
    }
  }

  private blockOf(entry: number): { lot: number; start: number; first: number } {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.blocks[middle]?.first ?? 0) <= entry) low = middle;
      else high = middle - 1;
    }
    return this.blocks[low] as { lot: number; start: number; first: number };
  }

  private insert(entry: number): void {
    const mask = this.table.length - 1;
    let at = (this.prints[2 * entry] as number) & mask;
    while (this.table[at] !== 0) at = (at + 1) & mask;
    this.table[at] = entry + 1;
  }

  /** Keeps the table at most half full. */
  private grow(entries: number): void {
    let size = this.table.length;
    while (size < 2 * entries) size *= 2;
    if (size === this.table.length) return;
    const prints = new Uint32Array(size);
    prints.set(this.prints.subarray(0, 2 * this.count));
    this.prints = prints;
    this.table = new Int32Array(size);
    for (let entry = 0; entry < this.count; entry += 1) this.insert(entry);
  }
}

export class KeyFinder {
  private readonly pools = new Map<number, Fingerprints>();

  constructor(readonly fingerprintsOf: (keys: readonly string[]) => Uint32Array) {}

  /** Forgets everything: the database may be another one now. */
  clear(): void {
    this.pools.clear();
  }

  /**
   * Where the pool has each of these keys; codes that have left the pool are not there any more. To be called before
   * the transaction writes blocks: what the table takes up must have been committed.
   */
  async locate(
    scope: PoolScope,
    keys: readonly string[],
    prints = this.fingerprintsOf(keys),
  ): Promise<Map<number, Place>> {
    const table = await this.upToDate(scope);
    const places = new Map<number, Place>();
    const seen = new Seen(scope);
    for (let i = 0; i < keys.length; i += 1) {
      for (const hit of table.hits(prints[2 * i] as number, prints[2 * i + 1] as number)) {
        const place = await seen.verify(hit, keys[i] as string);
        if (place === undefined) continue;
        places.set(i, place);
        break;
      }
    }
    return places;
  }

  private async upToDate(scope: PoolScope): Promise<Fingerprints> {
    const { id } = scope.pool;
    const table = this.pools.get(id) ?? new Fingerprints();
    // The pool used last goes to the end, the one unused for longest is let go.
    this.pools.delete(id);
    this.pools.set(id, table);
    for (const oldest of this.pools.keys()) {
      if (this.pools.size <= POOLS) break;
      this.pools.delete(oldest);
    }
    if (table.block < scope.pool.blocks) {
      const news = await scope.all<FingerprintRecord>(
        "fingerprints",
        range([id, table.block], [id, scope.pool.blocks], true),
      );
      // Another call may have added some of them meanwhile.
      for (const record of news) if (record.block > table.block) table.add(record);
    }
    return table;
  }
}

/** What was read already to verify hits of one call. */
class Seen {
  private readonly blocks = new Map<string, { keys: string[]; codes: string[] } | null>();
  private readonly lots = new Map<number, { lot: LotRecord; batch: BatchRecord } | null>();

  constructor(private readonly scope: PoolScope) {}

  async verify(hit: { lot: number; start: number; offset: number }, key: string): Promise<Place | undefined> {
    const block = await this.block(hit.lot, hit.start);
    if (block?.keys[hit.offset] !== key) return undefined;
    const known = await this.lot(hit.lot);
    if (known === null || known.batch.state === "dropped") return undefined;
    const at: [number, number] = [hit.lot, hit.start + hit.offset];
    const { scope } = this;
    const draw = known.lot.assigned > 0 ? await scope.get<DrawRecord>("draws", at) : undefined;
    const isVoid = known.lot.void > 0 && (await got(scope.store("voids").count(at))) > 0;
    if (known.batch.state === "undone" && draw === undefined && !isVoid) return undefined;
    return { ...known, position: at[1], code: block.codes[hit.offset] as string, draw, isVoid };
  }

  private async block(lot: number, start: number): Promise<{ keys: string[]; codes: string[] } | null> {
    const name = `${lot} ${start}`;
    let block = this.blocks.get(name);
    if (block === undefined) {
      const record = await this.scope.get<BlockRecord>("blocks", [lot, start]);
      const codes = record?.codes.split("\n") ?? [];
      block = record === undefined ? null : { codes, keys: record.keys === null ? codes : record.keys.split("\n") };
      this.blocks.set(name, block);
    }
    return block;
  }

  private async lot(id: number): Promise<{ lot: LotRecord; batch: BatchRecord } | null> {
    let known = this.lots.get(id);
    if (known === undefined) {
      const lot = await this.scope.get<LotRecord>("lots", id);
      const batch = lot && (await this.scope.get<BatchRecord>("batches", [lot.pool, lot.batch]));
      known = lot && batch ? { lot, batch } : null;
      this.lots.set(id, known);
    }
    return known;
  }
}
