/** Moves a pool from one store to another, whole; what was begun and broken off is gone on with. */

import { CouponPoolsError, PoolConflictError, PoolNotFoundError, UploadError } from "./errors.js";
import type {
  BatchRow,
  CodeBlock,
  JournalEntry,
  MovedCode,
  MovedDraw,
  Page,
  PoolDocument,
  Stock,
  Store,
  UsageRow,
} from "./store.js";

export interface CopyOptions {
  /** The pool's handle, in both stores. */
  pool: string;
  /** Default `"default"`. */
  tenant?: string;
  /** Default `Date.now`. */
  clock?: () => number;
  /** Hears how many batches are done, after each. */
  onProgress?: (progress: { batches: number; ofBatches: number; codes: number }) => void;
}

/** What is in the new store now. */
export interface Copied {
  batches: number;
  /** Codes that are free, held or void. */
  codes: number;
  /** Codes that are held. */
  draws: number;
}

/** The journal entry that marks a copy that is under way, in the store it goes to. */
const MARK = "copy";

const DAY = 86_400_000;

/**
 * A batch is dropped, and its name used up for ever, when nothing was heard of it for so long. A copy that was broken
 * off waits for the call that goes on with it, which finds the batch by its name: so it is never dropped.
 */
const LEASE = 10 * 365 * DAY;

/** Runs of a sweep that a pool can need: each does some ten thousand codes. */
const SWEEPS = 100_000;

/** What `MARK` says. */
interface Mark {
  /** `createdAt` of the pool that is copied, so that another of the same name is not mistaken for it. */
  createdAt: number;
  /** `revision` of both documents: whoever opens a pool, to draw from it, or edits it, makes it another. */
  revision: number;
  /** Codes in a block: the same until the end, because blocks are known by their numbers. */
  blockCodes: number;
  /** Batches that are done, oldest first. */
  done: number;
}

/** What is counted of a pool. */
interface Sums {
  stock: Stock;
  usage: UsageRow[];
}

type Moving = Store & Required<Pick<Store, "contents" | "restore">>;

/**
 * Copies a pool from one store to another: settings, batches with their expiries, free codes in their order, draws with
 * holders, uses and numbers, redeemed and void codes, counts, usage and alerts. Retries find their draws in the
 * new store. Codes that have left the pool by an undo are not copied, nor counted there.
 *
 * The pool must be archived, so that nobody draws from it meanwhile, and stays so in both stores: `edit(handle,
 * { archived: false })` opens the new one. Releases, undos and marks must wait as well; where they did not, the copy
 * says so at its end. If it is broken off at any point, the same call goes on.
 *
 * Time grows with the pool, memory does not. Errors: `POOL_NOT_FOUND`; `POOL_NOT_ARCHIVED`; `POOL_UNFINISHED`
 * while the pool's journal has an entry (a top-up or a withdrawal at its shop, a copy that was broken off);
 * `UPLOAD_IN_PROGRESS`; `POOL_EXISTS` where the other store has a pool of this name that is no copy of this one; `POOL_CHANGED`;
 * `STORE_CANNOT_MOVE` for stores that have no `contents` and `restore`. The stores' own errors come as they are.
 */
export async function copyPool(from: Store, to: Store, options: CopyOptions): Promise<Copied> {
  const { pool, tenant = "default", clock = Date.now, onProgress } = options;
  const copy = new Copy(moving(from), moving(to), { tenant, pool }, clock);
  return copy.run(onProgress ?? (() => {}));
}

function moving(store: Store): Moving {
  if (store.contents && store.restore) return store as Moving;
  const { name } = store.traits;
  throw new CouponPoolsError(`pools cannot be copied from or to the store "${name}" yet`, {
    code: "STORE_CANNOT_MOVE",
    details: { store: name },
  });
}

class Copy {
  constructor(
    readonly from: Moving,
    readonly to: Moving,
    readonly name: { tenant: string; pool: string },
    readonly clock: () => number,
  ) {}

  async run(onProgress: NonNullable<CopyOptions["onProgress"]>): Promise<Copied> {
    const document = await this.source();
    const sums = await this.sumsOf(this.from);
    const batches = (await everyRow((page) => this.from.batches({ ...this.name, ...page }))).reverse();
    const mark = await this.begin(document, sums);
    const copied: Copied = { batches: batches.length, ...countsOf(sums.stock) };
    if (mark === null) return copied;
    let { revision, entry } = mark;
    // What an earlier try has ended: the batch on which it broke off may be among it.
    const there = await everyRow((page) => this.to.batches({ ...this.name, ...page }));
    const ended = new Map(there.map(({ batch, state }) => [batch, state]));
    let codes = 0;
    for (const [index, batch] of batches.entries()) {
      if (index >= entry.done) {
        codes += await this.batch(batch, ended.get(batch.batch) ?? "staged", document, entry.blockCodes);
        entry = { ...entry, done: index + 1 };
        revision = await this.saveMark(revision, entry);
      }
      onProgress({ batches: index + 1, ofBatches: batches.length, codes });
    }
    await this.books(sums);
    await this.verify(document, sums);
    await this.saveMark(revision, null);
    return copied;
  }

  /** The pool to be copied, at rest. */
  async source(): Promise<PoolDocument> {
    const { tenant, pool } = this.name;
    const [document] = await this.from.load({ tenant, pools: [pool] });
    if (!document) {
      throw new PoolNotFoundError(`there is no pool "${pool}" to copy`, { code: "POOL_NOT_FOUND", details: { pool } });
    }
    if (!document.archived) {
      throw new PoolConflictError(
        `"${pool}" is in use: archive("${pool}") it before it is copied, so that nobody draws`,
        {
          code: "POOL_NOT_ARCHIVED",
          details: { pool },
        },
      );
    }
    await this.nothingBegun();
    // Uploads that died are dropped; one that lives would add codes behind the copy's back.
    await this.sweep(this.from);
    const { rows } = await this.from.batches({ ...this.name, cursor: null, limit: 1 });
    if (rows[0]?.state === "staged") {
      throw new UploadError(`an upload to "${pool}" is under way: wait for it, or until its lease has run out`, {
        code: "UPLOAD_IN_PROGRESS",
        details: { pool },
      });
    }
    return document;
  }

  /**
   * The source's journal is empty. What is begun at a shop stays with one store: of a top-up that both had, one would
   * hand the codes out and the other, archived, take them back and delete them at the shop.
   */
  async nothingBegun(): Promise<void> {
    const { pool } = this.name;
    const journal = (await this.from.journal(this.name)).map(({ id }) => id);
    if (journal.length === 0) return;
    const why = journal.includes(MARK)
      ? "it is itself a copy that is not finished: call that copyPool again first"
      : "its shop has work to do: run maintain() on the store it is in until that is done";
    throw new PoolConflictError(`"${pool}" cannot be copied yet, ${why}`, {
      code: "POOL_UNFINISHED",
      details: { pool, journal },
    });
  }

  /** Makes the pool in the new store, or finds the copy that was begun; `null`: that is done already. */
  async begin(document: PoolDocument, sums: Sums): Promise<{ revision: number; entry: Mark } | null> {
    const { tenant, pool } = this.name;
    const exists = (why: string): PoolConflictError =>
      new PoolConflictError(`the other store has a pool "${pool}" already, ${why}`, {
        code: "POOL_EXISTS",
        details: { pool },
      });
    const made = await this.to.save({ tenant, document, expected: null, untouched: false });
    const found = await this.mark();
    if (found) {
      const entry = found.entry as Mark;
      if (entry.createdAt !== document.createdAt) throw exists("which is being copied from another");
      if (entry.revision !== document.revision) throw this.changed("it was used or edited since its copy was begun");
      if (!made.saved && made.document?.revision !== entry.revision) throw this.changed("the copy is in use already");
      return { revision: found.revision, entry };
    }
    if (!made.saved) {
      // Looked at before anything is written: an empty pool of somebody else would be overwritten.
      const there = made.document as PoolDocument;
      if (there.createdAt !== document.createdAt) throw exists("which is not a copy of this one");
      const newer = there.revision >= document.revision;
      const isDone = newer && sameSums(await this.sumsOf(this.to), sums);
      if (isDone && sums.stock.expiries.length > 0) return null;
      // The last try may have ended between the two writes.
      const untouched = await this.to.save({ tenant, document, expected: document.revision, untouched: true });
      if (!untouched.saved) {
        throw (await this.mark()) ? this.busy() : exists("which is not a copy of this one as it is now");
      }
    }
    const blockCodes = Math.min(this.from.traits.limits.blockCodes, this.to.traits.limits.blockCodes, 5_000);
    const entry: Mark = { createdAt: document.createdAt, revision: document.revision, blockCodes, done: 0 };
    return { revision: await this.saveMark(null, entry), entry };
  }

  async mark(): Promise<JournalEntry | undefined> {
    return (await this.to.journal(this.name)).find(({ id }) => id === MARK);
  }

  async saveMark(expected: number | null, entry: Mark | null): Promise<number> {
    const answer = await this.to.saveJournal({ ...this.name, id: MARK, expected, entry });
    if (answer.saved) return answer.record?.revision ?? 0;
    throw this.busy();
  }

  /**
   * One batch: its codes as an upload, then its draws and void codes, then its undo. Each step can be done twice; `state`
   * is how far the new store had it before this call, `staged` also where it had none of it.
   */
  async batch(row: BatchRow, state: BatchRow["state"], document: PoolDocument, blockCodes: number): Promise<number> {
    const { batch } = row;
    let codes = 0;
    if (state === "staged") {
      const now = this.clock();
      const begun = await this.to.beginBatch({ ...this.name, batch, version: document.version, now, lease: LEASE });
      if (begun.status !== "begun") throw this.changed(`the new store would not take batch ${batch}: ${begun.status}`);
      let number = 0;
      for await (const rows of this.contents(batch, blockCodes)) {
        const request = { ...this.name, batch, number, block: blockOf(rows), now: this.clock(), lease: LEASE };
        const added = await this.to.addBlock(request);
        if (added.status !== "added" || added.duplicates.length > 0) {
          throw this.changed(`the new store would not take a block of batch ${batch}`);
        }
        number += 1;
        codes += rows.length;
      }
      const committed = await this.to.commitBatch({ ...this.name, batch, note: row.note, now: row.at });
      if (committed.status !== "committed") throw this.changed(`batch ${batch} ended in the new store`);
    }
    if (state === "undone") return codes;
    const most = this.to.traits.limits;
    for await (const rows of this.contents(batch, Math.min(blockCodes, most.claimItems))) {
      const draws = rows.flatMap(({ key, held }) =>
        typeof held === "string" ? [] : [{ key, draw: held as MovedDraw }],
      );
      if (draws.length > 0) await this.to.restore({ ...this.name, draws, totals: null });
      const keys = rows.filter(({ held }) => held === "void").map(({ key }) => key);
      if (keys.length > 0) await this.to.voidCodes({ ...this.name, keys });
    }
    if (row.state === "undone") await this.to.undoBatch({ ...this.name, batch, now: this.clock() });
    return codes;
  }

  async *contents(batch: string, limit: number): AsyncGenerator<MovedCode[]> {
    let cursor: string | null = null;
    do {
      const page: Page<MovedCode> = await this.from.contents({ ...this.name, batch, cursor, limit });
      if (page.rows.length > 0) yield page.rows;
      cursor = page.next;
    } while (cursor !== null);
  }

  /** What is counted, and the alerts. */
  async books({ stock, usage }: Sums): Promise<void> {
    // Every new draw is counted once, in the order of its number: so the sum is the last one's.
    const lastNumber = usage.reduce((sum, { draws }) => sum + draws, 0);
    await this.to.restore({ ...this.name, draws: [], totals: { lastNumber, fellBack: stock.fellBack, usage } });
    const alerts = await this.from.alerts(this.name);
    if (alerts !== null) {
      const there = await this.to.alerts(this.name);
      const same = there !== null && JSON.stringify(there.state) === JSON.stringify(alerts.state);
      if (!same) await this.to.saveAlerts({ ...this.name, expected: there?.revision ?? null, state: alerts.state });
    }
  }

  /** The source is as it was, and the copy is like it. */
  async verify(document: PoolDocument, sums: Sums): Promise<void> {
    const { tenant, pool } = this.name;
    const [now] = await this.from.load({ tenant, pools: [pool] });
    if (now?.revision !== document.revision || !sameSums(await this.sumsOf(this.from), sums)) {
      throw this.changed("it was changed while it was copied");
    }
    const [copy] = await this.to.load({ tenant, pools: [pool] });
    if (copy?.revision !== document.revision) throw this.changed("the copy is in use already");
    // Again: a top-up that began before the pool was archived may write its entry late.
    await this.nothingBegun();
    if (!sameSums(await this.sumsOf(this.to), sums)) throw this.changed("the copy is not like it");
  }

  async sumsOf(store: Store): Promise<Sums> {
    const stock = (await store.counts(this.name)) ?? { expiries: [], fellBack: 0, redeemed: 0 };
    return { stock, usage: await store.usage({ ...this.name, from: 0, to: Number.MAX_SAFE_INTEGER }) };
  }

  async sweep(store: Store): Promise<void> {
    for (let runs = 0; runs < SWEEPS; runs += 1) {
      if (!(await store.sweep({ ...this.name, now: this.clock(), rollUpBefore: 0 })).more) return;
    }
  }

  busy(): PoolConflictError {
    const { pool } = this.name;
    return new PoolConflictError(`"${pool}" is being copied by somebody else at this moment`, {
      code: "POOL_CHANGED",
      details: { pool },
    });
  }

  changed(why: string): PoolConflictError {
    const { pool } = this.name;
    return new PoolConflictError(`"${pool}" cannot be copied: ${why}. Copy it into a store that has none of it yet`, {
      code: "POOL_CHANGED",
      details: { pool },
    });
  }
}

/** A block as uploads make it. Its fingerprints are hints, and the stores that can be copied to take none. */
function blockOf(rows: readonly MovedCode[]): CodeBlock {
  const codes = rows.map(({ code }) => code);
  const equal = rows.every(({ code, key }) => code === key);
  const runs: { expiresAt: number | null; count: number }[] = [];
  for (const { expiresAt } of rows) {
    const last = runs[runs.length - 1];
    if (last && last.expiresAt === expiresAt) last.count += 1;
    else runs.push({ expiresAt, count: 1 });
  }
  return { codes, keys: equal ? codes : rows.map(({ key }) => key), fingerprints: new Uint8Array(0), runs };
}

function countsOf(stock: Stock): { codes: number; draws: number } {
  let [codes, draws] = [0, 0];
  for (const { added, undone, assigned } of stock.expiries) {
    codes += added - undone;
    draws += assigned;
  }
  return { codes, draws };
}

/** Whether two pools hold as many codes of each expiry (free, held, void and redeemed), and were drawn from as often. */
function sameSums(one: Sums, other: Sums): boolean {
  const figures = ({ stock, usage }: Sums) =>
    JSON.stringify([
      stock.fellBack,
      stock.redeemed,
      stock.expiries
        .map((sum) => [sum.expiresAt, sum.added - sum.undone, sum.assigned, sum.void])
        .filter(([, held, assigned, taken]) => held !== 0 || assigned !== 0 || taken !== 0),
      drawsByDay(usage),
    ]);
  return figures(one) === figures(other);
}

/** By day, because maintenance may roll hours up at any time. */
function drawsByDay(usage: readonly UsageRow[]): [number, number][] {
  const drawsOf = new Map<number, number>();
  for (const { at, draws } of usage) {
    const day = Math.floor(at / DAY);
    drawsOf.set(day, (drawsOf.get(day) ?? 0) + draws);
  }
  return [...drawsOf];
}

async function everyRow<Row>(
  read: (page: { cursor: string | null; limit: number }) => Promise<Page<Row>>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await read({ cursor, limit: 1_000 });
    rows.push(...page.rows);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}
