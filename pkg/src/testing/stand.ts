/** A pool under test: short words for the calls that cases make, and the audit that every case can end with. */
import type {
  ClaimAnswer,
  ClaimItem,
  ClaimOutcome,
  CodeBlock,
  FoundRow,
  Page,
  PoolDocument,
  ReleaseOutcome,
  Stock,
  Store,
} from "../store.js";
import { ok, same } from "./expect.js";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Noon of a Thursday in UTC; cases count from here. */
export const NOON = Date.UTC(2026, 0, 15, 12);
export const LEASE = 60_000;

export type Claimed = Extract<ClaimAnswer, { status: "claimed" }>;
export type Drawn = Extract<ClaimOutcome, { code: string }>;

/** What one expiry-blind look at a pool's stock says. */
export interface Figures {
  remaining: number;
  expired: number;
  assigned: number;
  void: number;
  added: number;
  undone: number;
}

export function documentOf(handle: string, settings: Partial<PoolDocument> = {}): PoolDocument {
  return {
    format: 1,
    handle,
    name: "Spring sale",
    kind: "static",
    reuse: "per-message",
    onEmpty: "stop",
    lowStock: [],
    expiresAt: null,
    minValidity: 0,
    timeZone: "UTC",
    caseSensitive: true,
    fixedCode: null,
    dynamic: null,
    sample: null,
    archived: false,
    revision: 1,
    version: 1,
    createdAt: NOON,
    updatedAt: NOON,
    ...settings,
  };
}

type Run = CodeBlock["runs"][number];

/** A block of these codes; `keys` default to the codes, and one run without an expiry. */
export function blockOf(codes: readonly string[], expiry: number | null | Run[] = null, keys = codes): CodeBlock {
  const runs = Array.isArray(expiry) ? expiry : [{ expiresAt: expiry, count: codes.length }];
  const fingerprints = new Uint8Array(8 * keys.length);
  const view = new DataView(fingerprints.buffer);
  for (const [i, key] of keys.entries()) {
    let [low, high] = [0x811c9dc5, 0x9e3779b9];
    for (let at = 0; at < key.length; at += 1) {
      low = Math.imul(low ^ key.charCodeAt(at), 0x01000193);
      high = Math.imul(high ^ key.charCodeAt(at), 0x85ebca6b);
    }
    view.setUint32(8 * i, low >>> 0, true);
    view.setUint32(8 * i + 4, high >>> 0, true);
  }
  return { codes, keys, fingerprints, runs };
}

/** `count` codes: `prefix0`, `prefix1`, … */
export const series = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

export function itemOf(use: string, part: Partial<ClaimItem> = {}): ClaimItem {
  return { use, holder: null, contact: `${use}@example.com`, message: "mail-1", slot: "", fallsBack: false, ...part };
}

export class Stand {
  now = NOON;
  document: PoolDocument;

  constructor(
    readonly store: Store,
    readonly tenant: string,
    settings: Partial<PoolDocument> = {},
    readonly pool = "spring-sale",
  ) {
    this.document = documentOf(pool, settings);
  }

  /** The same pool through another connection. */
  through(store: Store): Stand {
    const stand = new Stand(store, this.tenant, {}, this.pool);
    stand.document = this.document;
    stand.now = this.now;
    return stand;
  }

  get name() {
    return { tenant: this.tenant, pool: this.pool };
  }

  async create(): Promise<this> {
    const answer = await this.store.save({
      tenant: this.tenant,
      document: this.document,
      expected: null,
      untouched: false,
    });
    same(answer, { saved: true }, "A new pool was not saved.");
    return this;
  }

  /** Saves changed settings as the next revision and version. */
  async edit(settings: Partial<PoolDocument>): Promise<void> {
    const { revision, version } = this.document;
    const document = { ...this.document, ...settings, revision: revision + 1, version: version + 1 };
    const answer = await this.store.save({ tenant: this.tenant, document, expected: revision, untouched: false });
    same(answer, { saved: true }, "An edit was not saved.");
    this.document = document;
  }

  begin(batch: string) {
    return this.store.beginBatch({ ...this.name, batch, version: this.document.version, now: this.now, lease: LEASE });
  }

  add(batch: string, number: number, block: CodeBlock) {
    return this.store.addBlock({ ...this.name, batch, number, block, now: this.now, lease: LEASE });
  }

  commit(batch: string, note: unknown = null) {
    return this.store.commitBatch({ ...this.name, batch, note, now: this.now });
  }

  undo(batch: string) {
    return this.store.undoBatch({ ...this.name, batch, now: this.now });
  }

  /** Stages codes and leaves the batch open; answers the duplicates' indices. */
  async stage(batch: string, codes: readonly string[], expiry: number | null | Run[] = null): Promise<number[]> {
    same(await this.begin(batch), { status: "begun" }, `Batch ${batch} did not begin.`);
    const answer = await this.add(batch, 0, blockOf(codes, expiry));
    ok(answer.status === "added", `A block of ${batch} was refused.`);
    return answer.duplicates;
  }

  /** One whole upload; answers the codes that were duplicates. */
  async upload(batch: string, codes: readonly string[], expiry: number | null | Run[] = null): Promise<string[]> {
    const duplicates = await this.stage(batch, codes, expiry);
    const answer = await this.commit(batch);
    same(answer, { status: "committed", added: codes.length - duplicates.length }, `Batch ${batch} was not committed.`);
    return duplicates.map((i) => codes[i] as string);
  }

  /** A claim as the module makes it, from the pool's settings. */
  ask(items: readonly ClaimItem[]): Promise<ClaimAnswer> {
    const { version, reuse, expiresAt, minValidity } = this.document;
    return this.store.claim({ ...this.name, version, now: this.now, reuse, expiresAt, minValidity, items });
  }

  async claim(items: readonly ClaimItem[]): Promise<Claimed> {
    const answer = await this.ask(items);
    ok(answer.status === "claimed", "The claim was refused as stale.");
    same(answer.outcomes.length, items.length, "A claim must answer every item.");
    return answer;
  }

  async outcome(use: string, part: Partial<ClaimItem> = {}): Promise<ClaimOutcome> {
    return (await this.claim([itemOf(use, part)])).outcomes[0] as ClaimOutcome;
  }

  /** The code that a use draws, `null` if it comes away empty. */
  async draw(use: string, part: Partial<ClaimItem> = {}): Promise<string | null> {
    return (await this.outcome(use, part)).code;
  }

  async drawn(use: string, part: Partial<ClaimItem> = {}): Promise<Drawn> {
    const outcome = await this.outcome(use, part);
    ok(outcome.code !== null, `Use ${use} came away empty.`);
    return outcome;
  }

  async release(use: string, number: number, answers: number | null = null): Promise<ReleaseOutcome> {
    const outcomes = await this.store.release({ ...this.name, items: [{ use, number, answers }], now: this.now });
    return outcomes[0] as ReleaseOutcome;
  }

  async stock(): Promise<Stock> {
    const stock = await this.store.counts(this.name);
    ok(stock, "The pool has no stock.");
    return stock;
  }

  async figures(): Promise<Figures> {
    const { expiresAt, minValidity } = this.document;
    return figuresOf(await this.stock(), expiresAt, this.now + minValidity);
  }

  async find(by: { key: string } | { contact: string } | { message: string }): Promise<FoundRow[]> {
    return everyRow((page) => this.store.find({ ...this.name, by, ...page }), 3);
  }

  /** All uses, read in small pages. */
  draws(limit = 7): Promise<FoundRow[]> {
    return everyRow((page) => this.store.draws({ ...this.name, ...page }), limit);
  }

  async codes(limit = 7): Promise<string[]> {
    const rows = await everyRow((page) => this.store.codes({ ...this.name, ...page }), limit);
    return rows.map(({ code }) => code);
  }

  async sweep(rollUpBefore = 0): Promise<void> {
    for (let rounds = 0; (await this.store.sweep({ ...this.name, now: this.now, rollUpBefore })).more; rounds += 1) {
      ok(rounds < 10_000, "The sweep does not end.");
    }
  }

  /**
   * Promises 1 and 3, checked row by row: every code is free or held by one draw, never both, never neither, and the
   * sums, the batches and the rows agree.
   */
  async audit(limit = 500): Promise<Figures> {
    const [stock, free, uses] = [await this.stock(), await this.codes(limit), await this.draws(limit)];
    const batches = await everyRow((page) => this.store.batches({ ...this.name, ...page }), limit);
    const figures = figuresOf(stock, null, 0);
    same(figures.remaining, free.length, "The sums' free codes are not the rows'.");
    const codeByNumber = new Map<number, string>();
    for (const { number, code } of uses) {
      ok(number !== null, "A draw without a number.");
      same(codeByNumber.get(number) ?? code, code, `Draw ${number} shows two codes.`);
      codeByNumber.set(number, code);
    }
    const held = new Set(codeByNumber.values());
    same(held.size, codeByNumber.size, "A code is held by two draws.");
    same(held.size, figures.assigned, "The sums' assigned codes are not the rows'.");
    same(new Set(free).size, free.length, "A free code is listed twice.");
    for (const code of free) ok(!held.has(code), `${code} is both free and held.`);
    const committed = batches.filter(({ state }) => state !== "staged");
    const total = (part: "added" | "undone" | "assigned") => committed.reduce((sum, batch) => sum + batch[part], 0);
    same(
      [total("added"), total("undone"), total("assigned")],
      [figures.added, figures.undone, figures.assigned],
      "The batches' sums are not the expiries'.",
    );
    return figures;
  }
}

/** Sums as the module reads them; `conserved` is promise 3. */
export function figuresOf(stock: Stock, poolExpiry: number | null, instant: number): Figures {
  const figures: Figures = { remaining: 0, expired: 0, assigned: 0, void: 0, added: 0, undone: 0 };
  for (const sum of stock.expiries) {
    const free = sum.added - sum.undone - sum.assigned - sum.void;
    for (const count of [free, sum.added, sum.undone, sum.assigned, sum.void]) {
      ok(Number.isInteger(count) && count >= 0, `A count is impossible: ${JSON.stringify(sum)}`);
    }
    const expiresAt = sum.expiresAt ?? poolExpiry;
    if (expiresAt === null || instant < expiresAt) figures.remaining += free;
    else figures.expired += free;
    figures.assigned += sum.assigned;
    figures.void += sum.void;
    figures.added += sum.added;
    figures.undone += sum.undone;
  }
  return figures;
}

export async function everyRow<Row>(
  read: (page: { cursor: string | null; limit: number }) => Promise<Page<Row>>,
  limit: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await read({ cursor, limit });
    ok(page.rows.length <= limit, "A page is longer than its limit.");
    ok(page.next === null || page.rows.length > 0, "An empty page names a next one.");
    rows.push(...page.rows);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}
