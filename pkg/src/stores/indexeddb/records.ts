/** The records of the object stores. Expiries are numbers here, `NEVER` for the pool's own (see `instants.ts`). */
import type { AlertRecord, ExpirySum, PoolDocument, Stock } from "../../store.js";
import { fromColumn } from "../instants.js";
import { got, range, type StoreName, under } from "./database.js";

export interface PoolRecord {
  id: number;
  tenant: string;
  handle: string;
  document: PoolDocument;
  /** The last numbers given out. */
  draws: number;
  uses: number;
  batches: number;
  blocks: number;
  /** Codes added and not undone. */
  added: number;
  fellBack: number;
  redeemed: number;
  /** The staged batch. */
  staged: string | null;
  alerts: AlertRecord | null;
}

export interface BatchRecord {
  pool: number;
  batch: string;
  sequence: number;
  state: "staged" | "committed" | "undone" | "dropped";
  leaseUntil: number;
  at: number;
  note: unknown;
  removed: number;
  kept: number;
  /** There while `sweep` has work here. */
  unswept?: 1;
}

export interface LotRecord {
  id: number;
  pool: number;
  batch: string;
  sequence: number;
  expiresAt: number;
  added: number;
  free: number;
  assigned: number;
  returned: number;
  void: number;
  undone: number;
  cursor: number;
  /** `expiresAt` while `free > 0`. */
  openUntil?: number;
}

/** Codes at `start`, `start + 1`, … of a lot; codes hold no line breaks, so lines are what they are joined with. */
export interface BlockRecord {
  lot: number;
  start: number;
  count: number;
  codes: string;
  /** `null` where every key equals its code. */
  keys: string | null;
  /** Its number in `fingerprints`. */
  block: number;
}

export interface FingerprintRecord {
  pool: number;
  /** Counted up in each pool, never used again. */
  block: number;
  lot: number;
  start: number;
  fingerprints: Uint32Array;
}

export interface PlaceRecord {
  lot: number;
  position: number;
}

/** A held code. Text, expiry and batch are repeated here, so that a retry reads no block. */
export interface DrawRecord extends PlaceRecord {
  code: string;
  expiresAt: number;
  batch: string;
  number: number;
  holder: string | null;
  uses: number;
  /** How often it was answered, to whichever use. */
  answers: number;
  at: number;
  redeemedAt: number | null;
}

export interface HolderRecord extends PlaceRecord {
  pool: number;
  holder: string;
}

export interface UseRecord extends PlaceRecord {
  pool: number;
  use: string;
  id: number;
  number: number;
  /** Its draw's `answers` when this use was last answered. */
  answers: number;
  contact: string | null;
  message: string | null;
  slot: string;
}

export interface ExpiryRecord {
  pool: number;
  expiresAt: number;
  added: number;
  undone: number;
  assigned: number;
  void: number;
}

/** One pool in one transaction. */
export class PoolScope {
  constructor(
    readonly transaction: IDBTransaction,
    readonly pool: PoolRecord,
  ) {}

  store(name: StoreName): IDBObjectStore {
    return this.transaction.objectStore(name);
  }

  get<Value>(name: StoreName, key: IDBValidKey): Promise<Value | undefined> {
    return got<Value | undefined>(this.store(name).get(key));
  }

  all<Value>(name: StoreName, keys: IDBKeyRange, count?: number): Promise<Value[]> {
    return got<Value[]>(this.store(name).getAll(keys, count));
  }

  /** Writes are not waited for: one that fails aborts the transaction. */
  put(name: StoreName, value: unknown): void {
    this.store(name).put(value);
  }

  /** Writes a lot, and keeps it in the index of open lots just as long as it has free codes. */
  putLot(lot: LotRecord): void {
    const { openUntil: _, ...rest } = lot;
    this.put("lots", lot.free > 0 ? { ...rest, openUntil: lot.expiresAt } : rest);
  }

  lotsOf(sequence: number): Promise<LotRecord[]> {
    return got<LotRecord[]>(this.store("lots").index("expiry").getAll(under(this.pool.id, sequence)));
  }

  /** Moves counts of one expiry. */
  async count(expiresAt: number, moved: Partial<Omit<ExpiryRecord, "pool" | "expiresAt">>): Promise<void> {
    const { id: pool } = this.pool;
    const sum = (await this.get<ExpiryRecord>("expiries", [pool, expiresAt])) ?? {
      pool,
      expiresAt,
      added: 0,
      undone: 0,
      assigned: 0,
      void: 0,
    };
    sum.added += moved.added ?? 0;
    sum.undone += moved.undone ?? 0;
    sum.assigned += moved.assigned ?? 0;
    sum.void += moved.void ?? 0;
    this.put("expiries", sum);
  }

  async stock(): Promise<Stock> {
    const sums = await this.all<ExpiryRecord>("expiries", under(this.pool.id));
    const expiries = sums.map(({ expiresAt, added, undone, assigned, void: voided }): ExpirySum => {
      return { expiresAt: fromColumn(expiresAt), added, undone, assigned, void: voided };
    });
    return { expiries, fellBack: this.pool.fellBack, redeemed: this.pool.redeemed };
  }

  /** The codes of a lot from `position` on, in order, without void ones, up to `count`. */
  async codesFrom(lot: LotRecord, position: number, count: number): Promise<{ position: number; code: string }[]> {
    const found: { position: number; code: string }[] = [];
    let from = position;
    while (found.length < count && from < lot.added) {
      const block = await this.blockAt(lot.id, from);
      if (block === undefined) break;
      const end = block.start + block.count;
      const voids = new Set<number>();
      if (lot.void > 0) {
        for (const place of await this.all<PlaceRecord>("voids", range([lot.id, from], [lot.id, end], false, true))) {
          voids.add(place.position);
        }
      }
      const codes = block.codes.split("\n");
      for (; from < end && found.length < count; from += 1) {
        if (!voids.has(from)) found.push({ position: from, code: codes[from - block.start] as string });
      }
    }
    return found;
  }

  async codeAt(lot: number, position: number): Promise<string> {
    const block = await this.blockAt(lot, position);
    const code = block?.codes.split("\n")[position - block.start];
    if (code === undefined) throw new Error(`Lot ${lot} has no code at ${position}.`);
    return code;
  }

  private async blockAt(lot: number, position: number): Promise<BlockRecord | undefined> {
    const request = this.store("blocks").openCursor(range([lot, 0], [lot, position]), "prev");
    const block = (await got(request))?.value as BlockRecord | undefined;
    return block && position < block.start + block.count ? block : undefined;
  }
}
