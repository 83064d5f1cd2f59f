/**
 * Fingerprints of a pool's keys, in memory: where each was put, found without reading a code. Codes come by the million,
 * and a page must not stop meanwhile: no call here moves more than a small part of what is kept.
 */

import type { FingerprintRecord } from "./records.js";

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

/** Where a key may be: at `offset` of the block that starts at `start` of a lot. */
export interface Hit {
  lot: number;
  start: number;
  offset: number;
}

/** How many tables there are: each moves alone when it grows, a 256th of all. */
const TABLES = 256;

const FIRST_SLOTS = 64;

/** A table grows when it is 0.35 to 0.7 full, each at a share of its own: one after another, and not all at once. */
const fullOf = (table: number): number => Math.floor(FIRST_SLOTS * 0.35 * 2 ** (table / TABLES));

interface Table {
  /** Which key is where, counted from 1. */
  slots: Int32Array;
  used: number;
  /** How many keys it takes before it grows. */
  full: number;
}

/** How many keys' fingerprints lie in one piece of memory: more keys take more pieces, and none is copied. */
const PIECE_BITS = 15;
const PIECE = 1 << PIECE_BITS;

const NONE: readonly Hit[] = [];

/**
 * The fingerprints of one pool: open-addressed tables that only grow, as block numbers do. Of each only the lower word is
 * kept, and the table that the upper one has chosen: of twenty million keys that are looked for among twenty million
 * others, some 400 are read for nothing. About 15 bytes a key.
 */
export class Fingerprints {
  /** The last block that is in here. */
  block = 0;
  private readonly blocks: { lot: number; start: number; first: number }[] = [];
  /** The lower word of each key, in the order in which they came. */
  private readonly prints: Uint32Array[] = [];
  private count = 0;
  private readonly tables = Array.from({ length: TABLES }, (_, table): Table => {
    return { slots: new Int32Array(FIRST_SLOTS), used: 0, full: fullOf(table) };
  });

  add({ block, lot, start, fingerprints }: FingerprintRecord): void {
    this.block = block;
    this.blocks.push({ lot, start, first: this.count });
    for (let at = 0; at < fingerprints.length; at += 2) {
      this.insert(fingerprints[at] as number, fingerprints[at + 1] as number);
    }
  }

  /** Where keys with this fingerprint were put: nowhere, mostly. */
  hits(low: number, high: number): readonly Hit[] {
    const { slots } = this.tables[high % TABLES] as Table;
    const mask = slots.length - 1;
    let found = NONE;
    for (let at = low & mask; slots[at] !== 0; at = (at + 1) & mask) {
      const entry = (slots[at] as number) - 1;
      if (this.prints[entry >>> PIECE_BITS]?.[entry & (PIECE - 1)] !== low) continue;
      const { lot, start, first } = this.blockOf(entry);
      found = [...found, { lot, start, offset: entry - first }];
    }
    return found;
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

  private insert(low: number, high: number): void {
    const entry = this.count;
    const at = entry & (PIECE - 1);
    if (at === 0) this.prints.push(new Uint32Array(PIECE));
    (this.prints[entry >>> PIECE_BITS] as Uint32Array)[at] = low;
    this.count += 1;
    const table = this.tables[high % TABLES] as Table;
    if (table.used >= table.full) this.grow(table);
    table.used += 1;
    put(table.slots, low, entry);
  }

  private grow(table: Table): void {
    const grown = new Int32Array(2 * table.slots.length);
    for (const slot of table.slots) {
      if (slot === 0) continue;
      const entry = slot - 1;
      put(grown, this.prints[entry >>> PIECE_BITS]?.[entry & (PIECE - 1)] as number, entry);
    }
    table.slots = grown;
    table.full *= 2;
  }
}

function put(slots: Int32Array, low: number, entry: number): void {
  const mask = slots.length - 1;
  let at = low & mask;
  while (slots[at] !== 0) at = (at + 1) & mask;
  slots[at] = entry + 1;
}

/** Which keys of a block stand further up in it too: 1 or 0 for each. */
export function repeatsIn(keys: readonly string[], prints: Uint32Array): Uint8Array {
  const repeats = new Uint8Array(keys.length);
  let size = 16;
  while (size < 2 * keys.length) size *= 2;
  const slots = new Int32Array(size);
  for (let i = 0; i < keys.length; i += 1) {
    let at = (prints[2 * i] as number) & (size - 1);
    for (; slots[at] !== 0 && repeats[i] === 0; at = (at + 1) & (size - 1)) {
      const other = (slots[at] as number) - 1;
      if (prints[2 * other + 1] === prints[2 * i + 1] && keys[other] === keys[i]) repeats[i] = 1;
    }
    if (repeats[i] === 0) slots[at] = i + 1;
  }
  return repeats;
}
