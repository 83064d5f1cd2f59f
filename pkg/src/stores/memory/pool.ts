/** What the memory store keeps of one pool, and the moves that every call shares. */
import type { AlertRecord, ExpirySum, JournalEntry, PoolDocument, Stock } from "../../store.js";
import { KeyMap } from "./table.js";

export interface Batch {
  readonly id: string;
  /** Order of batches in the pool. */
  readonly sequence: number;
  state: "staged" | "committed" | "undone" | "dropped";
  leaseUntil: number;
  at: number;
  /** As JSON, so that nobody's later change reaches it. */
  note: string;
  removed: number;
  kept: number;
  readonly lots: Map<number | null, Lot>;
  /** The duplicates answered for each block, for repeats. */
  readonly answered: Map<number, number[]>;
}

export interface Lot {
  /** Index in `PoolState.lots`. */
  readonly id: number;
  readonly batch: Batch;
  readonly expiresAt: number | null;
  codes: string[];
  /** The same array as `codes` while every key equals its code. */
  keys: string[];
  /** By position: the draw that holds the code, `null` if it is void, nothing if it is free. */
  readonly taken: (Draw | null | undefined)[];
  /** The first position that was never handed out. */
  cursor: number;
  /** Free positions before the cursor. */
  readonly returned: Set<number>;
  assigned: number;
  void: number;
  undone: number;
  sum: ExpirySum | null;
}

export interface Draw {
  readonly number: number;
  readonly lot: Lot;
  readonly position: number;
  readonly holder: string | null;
  readonly at: number;
  redeemedAt: number | null;
  /** How often it was answered, to whichever use. */
  answers: number;
  /** Its uses, as a chain: an array for each draw would cost more than all the rest of it. */
  firstUse: Use | null;
  lastUse: Use | null;
}

export interface Use {
  readonly key: string;
  /** Order of uses in the pool. */
  readonly id: number;
  readonly draw: Draw;
  contact: string | null;
  message: string | null;
  readonly slot: string;
  /** Its draw's `answers` when this use was last answered. */
  answers: number;
  /** The next use of the same draw. */
  next: Use | null;
}

/** A place in a pool as one number: a lot's id and a position in it. */
const POSITIONS = 2 ** 31;

export class PoolState {
  readonly batches: Batch[] = [];
  readonly batchById = new Map<string, Batch>();
  staged: Batch | null = null;
  readonly lots: Lot[] = [];
  /** Where each key was last put; the place may be dead (`isDead`). */
  readonly places = new Map<string, number>();
  /** Committed lots with free codes: those with an expiry, by expiry and batch; those without, by batch. */
  readonly dated: Lot[] = [];
  readonly undated: Lot[] = [];
  readonly sums = new Map<number | null, ExpirySum>();
  added = 0;
  readonly uses = new KeyMap<Use>();
  readonly holders = new KeyMap<Draw>();
  /** Draws by number minus one; `null` once released. */
  readonly draws: (Draw | null)[] = [];
  useCount = 0;
  readonly usage = new Map<number, number>();
  fellBack = 0;
  redeemed = 0;
  /** Kept as JSON, like everything that callers could change later. */
  alerts: { revision: number; state: string } | null = null;
  readonly journal = new Map<string, { revision: number; entry: string }>();
  /** Lots whose places `sweep` has yet to remove. */
  readonly dead: Lot[] = [];
  private json: string;
  version: number;
  revision: number;
  archived: boolean;

  constructor(document: PoolDocument) {
    this.json = JSON.stringify(document);
    this.version = document.version;
    this.revision = document.revision;
    this.archived = document.archived;
  }

  get document(): PoolDocument {
    return JSON.parse(this.json);
  }

  set document(document: PoolDocument) {
    this.json = JSON.stringify(document);
    this.version = document.version;
    this.revision = document.revision;
    this.archived = document.archived;
  }

  get alertRecord(): AlertRecord | null {
    return this.alerts && { revision: this.alerts.revision, state: JSON.parse(this.alerts.state) };
  }

  journalEntry(id: string): JournalEntry | null {
    const kept = this.journal.get(id);
    return kept === undefined ? null : { id, revision: kept.revision, entry: JSON.parse(kept.entry) };
  }

  /** The lot and position where `key` was put, dead or alive. */
  placeOf(key: string): { lot: Lot; position: number } | undefined {
    const place = this.places.get(key);
    if (place === undefined) return undefined;
    const lot = this.lots[Math.floor(place / POSITIONS)];
    return lot && { lot, position: place % POSITIONS };
  }

  setPlace(key: string, lot: Lot, position: number): void {
    this.places.set(key, lot.id * POSITIONS + position);
  }

  /** The code behind `key`, if it is in a committed batch and has not left the pool. */
  held(key: string): { lot: Lot; position: number } | undefined {
    const place = this.placeOf(key);
    return place && place.lot.batch.state !== "staged" && !isDead(place.lot, place.position) ? place : undefined;
  }

  stock(): Stock {
    const expiries = [...this.sums.values()].map((sum) => ({ ...sum }));
    expiries.sort((a, b) => (a.expiresAt ?? Number.POSITIVE_INFINITY) - (b.expiresAt ?? Number.POSITIVE_INFINITY) || 0);
    return { expiries, fellBack: this.fellBack, redeemed: this.redeemed };
  }

  sumOf(expiresAt: number | null): ExpirySum {
    let sum = this.sums.get(expiresAt);
    if (sum === undefined) {
      sum = { expiresAt, added: 0, undone: 0, assigned: 0, void: 0 };
      this.sums.set(expiresAt, sum);
    }
    return sum;
  }

  /** Puts a lot that has free codes among those that claims look at. */
  open(lot: Lot): void {
    const lots = lot.expiresAt === null ? this.undated : this.dated;
    lots.splice(placeInOrder(lots, lot.expiresAt ?? 0, lot.batch.sequence), 0, lot);
  }

  /** Takes a lot that has run out of free codes away again. */
  shut(lot: Lot): void {
    const lots = lot.expiresAt === null ? this.undated : this.dated;
    const at = placeInOrder(lots, lot.expiresAt ?? 0, lot.batch.sequence);
    if (lots[at] === lot) lots.splice(at, 1);
  }
}

export function* usesOf(draw: Draw): Generator<Use> {
  for (let use = draw.firstUse; use !== null; use = use.next) yield use;
}

/** Codes of a committed lot that nobody holds and that are not void. */
export const freeOf = (lot: Lot): number => lot.codes.length - lot.undone - lot.assigned - lot.void;

/** Whether the code at `position` has left the pool: its batch was dropped, or undone while nobody held it. */
export function isDead(lot: Lot, position: number): boolean {
  const { state } = lot.batch;
  return state === "dropped" || (state === "undone" && lot.taken[position] === undefined);
}

/** Index of the first lot that is not before (`expiresAt`, `sequence`). */
export function placeInOrder(lots: readonly Lot[], expiresAt: number, sequence: number): number {
  let low = 0;
  let high = lots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const lot = lots[middle] as Lot;
    const before = (lot.expiresAt ?? 0) - expiresAt || lot.batch.sequence - sequence;
    if (before < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
