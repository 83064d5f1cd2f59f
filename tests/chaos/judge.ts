/** Compares what processes were told with what the database holds, promise by promise (docs/promises.md). */
import { CouponPools } from "coupon-pools";
import type { BatchRow, FoundRow, Store } from "../../pkg/src/store.js";
import { everyRow, type Figures, figuresOf } from "../../pkg/src/testing/stand.js";
import { historyOf, type PoolHistory, type Promised, type Report } from "./history.js";
import type { Line } from "./log.js";
import { POOLS, type PoolName } from "./sender.js";

export interface Verdict {
  /** New draws that somebody was told. */
  draws: number;
  /** Answers that repeated a draw. */
  repeats: number;
  uploads: number;
  undos: number;
  /** How often each promise was found broken. */
  broken: Record<Promised, number>;
  /** The first cases of each, in words. */
  cases: string[];
}

const TENANT = "default";
const PAGE = 1_000;
/** Cases told of each promise. */
const CASES = 5;

/** Judges every pool. `logs`: one list of lines for each place. Nobody may be at work in the database any more. */
export async function judge(logs: readonly (readonly Line[])[], store: Store, clock: () => number): Promise<Verdict> {
  const verdict: Verdict = {
    draws: 0,
    repeats: 0,
    uploads: 0,
    undos: 0,
    broken: { shared: 0, retry: 0, lost: 0, invented: 0, upload: 0, undo: 0, counts: 0, redeemed: 0 },
    cases: [],
  };
  for (const pool of Object.keys(POOLS) as PoolName[]) {
    const report: Report = (promise, what) => {
      verdict.broken[promise] += 1;
      if (verdict.broken[promise] <= CASES) verdict.cases.push(`${promise}: ${pool}: ${what}`);
    };
    const history = historyOf(logs, pool, POOLS[pool].reuse !== "per-message", report);
    verdict.draws += history.drawn;
    verdict.repeats += history.repeats;
    verdict.uploads += [...history.uploads.values()].filter(({ told }) => told !== null).length;
    verdict.undos += [...history.undos.values()].filter(({ told }) => told !== null).length;
    const held = await rowsOf(store, pool);
    judgeUses(history, held, report);
    judgeSharing(history, held, pool, report);
    judgeRedeemed(history, held, report);
    judgeUploads(history, held, report);
    await judgeCounts(store, pool, held, clock, report);
  }
  return verdict;
}

/** What the database holds of a pool. */
interface Held {
  uses: FoundRow[];
  free: Set<string>;
  batches: BatchRow[];
}

async function rowsOf(store: Store, pool: string): Promise<Held> {
  const name = { tenant: TENANT, pool };
  const free = await everyRow((page) => store.codes({ ...name, ...page }), PAGE);
  return {
    uses: await everyRow((page) => store.draws({ ...name, ...page }), PAGE),
    free: new Set(free.map(({ code }) => code)),
    batches: await everyRow((page) => store.batches({ ...name, ...page }), PAGE),
  };
}

/** Every draw that was told is there with its number, what was released is not, and nothing is there that nobody asked for. */
function judgeUses(history: PoolHistory, { uses }: Held, report: Report): void {
  const found = new Map<string, FoundRow>();
  for (const row of uses) {
    const message = row.message ?? "";
    const asked = history.uses.get(message);
    if (found.has(message)) report("shared", `${message} is there twice`);
    if (asked === undefined || asked.contact !== row.contact) {
      report("invented", `${message} of ${row.contact} holds ${row.code}, which nobody asked for`);
    }
    found.set(message, row);
  }
  for (const [message, { certain, code, number }] of history.uses) {
    const row = found.get(message);
    if (!certain) continue;
    if (code === null) {
      if (row) report("invented", `${message} holds ${row.code} (${row.number}) and was told that it holds none`);
    } else if (row === undefined) {
      report("lost", `${message} was told ${code} (${number}) and holds nothing`);
    } else if (row.code !== code || row.number !== number) {
      report("lost", `${message} was told ${code} (${number}) and holds ${row.code} (${row.number})`);
    }
  }
}

/** No code with two holders, no holder with two codes: among those who were told, among the rows, and between both. */
function judgeSharing(history: PoolHistory, { uses, free }: Held, pool: PoolName, report: Report): void {
  const draws = new Map(history.draws);
  const isHeldByContact = POOLS[pool].reuse !== "per-message";
  const alive = new Set<number>();
  for (const { certain, code, number } of history.uses.values()) if (certain && code !== null) alive.add(number);
  for (const { number, code, contact, message } of uses) {
    const holder = (isHeldByContact ? contact : message) ?? "";
    const told = draws.get(number ?? 0);
    if (told && (told.code !== code || told.holder !== holder)) {
      report("shared", `draw ${number} is ${told.code} for ${told.holder} and ${code} for ${holder}`);
    }
    draws.set(number ?? 0, { code, holder });
    alive.add(number ?? 0);
  }
  const byCode = new Map<string, number>();
  const byHolder = new Map<string, number>();
  for (const number of alive) {
    const { code, holder } = draws.get(number) as { code: string; holder: string };
    const other = byCode.get(code);
    if (other !== undefined) {
      report("shared", `${code} is held by ${draws.get(other)?.holder} (${other}) and by ${holder} (${number})`);
    }
    byCode.set(code, number);
    if (free.has(code)) report("shared", `${code} is held by ${holder} (${number}) and free`);
    // Under until-expired a holder moves on to another code.
    if (POOLS[pool].reuse === "until-expired") continue;
    const before = byHolder.get(holder);
    if (before !== undefined) report("shared", `${holder} holds ${draws.get(before)?.code} and ${code}`);
    byHolder.set(holder, number);
  }
}

function judgeRedeemed(history: PoolHistory, { uses }: Held, report: Report): void {
  const marked = new Set(uses.filter(({ redeemedAt }) => redeemedAt !== null).map(({ code }) => code));
  for (const code of history.redeemed) if (!marked.has(code)) report("redeemed", `${code} has lost its mark`);
}

/** Uploads that were answered are whole; the others are whole or absent; an undone one has no free code. */
function judgeUploads(history: PoolHistory, { uses, free, batches }: Held, report: Report): void {
  const heldByUpload = new Map<string, Set<string>>();
  const freeByUpload = new Map<string, number>();
  const owner = (code: string): string => {
    const cut = code.lastIndexOf("-");
    const [name, index] = [code.slice(0, cut), Number(code.slice(cut + 1))];
    const upload = history.uploads.get(name);
    if (upload === undefined || !(index < upload.count)) report("invented", `${code} was in no upload`);
    return name;
  };
  for (const { code } of uses) {
    const name = owner(code);
    let held = heldByUpload.get(name);
    if (held === undefined) {
      held = new Set();
      heldByUpload.set(name, held);
    }
    held.add(code);
  }
  for (const code of free) {
    const name = owner(code);
    freeByUpload.set(name, (freeByUpload.get(name) ?? 0) + 1);
  }
  const byName = new Map<string, BatchRow>();
  for (const batch of batches) {
    if (batch.state === "staged") continue;
    const { fileName } = batch.note as { fileName: string };
    if (byName.has(fileName) || !history.uploads.has(fileName)) report("upload", `${fileName} is there unasked`);
    byName.set(fileName, batch);
  }
  for (const [name, { count, told, refused }] of history.uploads) {
    const batch = byName.get(name);
    const [held, open] = [heldByUpload.get(name)?.size ?? 0, freeByUpload.get(name) ?? 0];
    if (batch === undefined) {
      if (told !== null) report("upload", `${name} was told ${told.added} codes and is gone`);
      if (held + open > 0) report("upload", `${name} was never committed and has ${held + open} codes`);
      continue;
    }
    if (refused) report("upload", `${name} was refused and is there`);
    const undo = history.undos.get(batch.batch);
    if (told && told.batch !== batch.batch) report("upload", `${name} is batch ${batch.batch}, not ${told.batch}`);
    if (batch.added !== count || (told && told.added !== count)) {
      report("upload", `${name} has added ${batch.added} of ${count} codes, and said ${told?.added}`);
    }
    if (batch.assigned !== held) report("counts", `${name} has ${held} codes held and counts ${batch.assigned}`);
    if (batch.state === "undone") {
      if (undo === undefined) report("undo", `${name} is undone, which nobody asked for`);
      if (open > 0) report("undo", `${name} is undone and has ${open} free codes`);
      if (batch.undone + held !== batch.added) report("counts", `${name} has ${batch.undone} undone and ${held} held`);
      if (undo?.told && undo.told.removed + undo.told.kept !== batch.added) {
        report("undo", `${name} had ${batch.added} codes and ${JSON.stringify(undo.told)} when it was undone`);
      }
    } else {
      if (undo?.told) report("undo", `${name} was told to be undone and is not`);
      if (held + open !== count) report("lost", `${name} has ${held} codes held and ${open} free of ${count}`);
    }
  }
}

/** Promise 3, and figures against rows. */
async function judgeCounts(
  store: Store,
  pool: PoolName,
  { uses, free, batches }: Held,
  clock: () => number,
  report: Report,
): Promise<void> {
  const name = { tenant: TENANT, pool };
  const stock = await store.counts(name);
  if (stock === null) return report("counts", "there is no stock");
  const equal = (what: string, counted: number, rows: number) => {
    if (counted !== rows) report("counts", `${what}: ${counted} by the figures, ${rows} by the rows`);
  };
  let figures: Figures;
  try {
    figures = figuresOf(stock, null, 0);
  } catch (error) {
    return report("counts", String(error));
  }
  equal("free", figures.remaining, free.size);
  equal("assigned", figures.assigned, new Set(uses.map(({ code }) => code)).size);
  equal("redeemed", stock.redeemed, new Set(uses.filter((row) => row.redeemedAt !== null).map((row) => row.code)).size);
  const committed = batches.filter(({ state }) => state !== "staged");
  const total = (part: "added" | "undone" | "assigned") => committed.reduce((sum, batch) => sum + batch[part], 0);
  equal("added", figures.added, total("added"));
  equal("undone", figures.undone, total("undone"));
  equal("assigned by batch", figures.assigned, total("assigned"));
  const row = await new CouponPools({ store, clock }).get(pool);
  equal("the sum", (row.remaining ?? 0) + row.assigned + row.expired + row.void, row.added);
  // Numbers count all draws that ever were, and so does the usage.
  const usage = await store.usage({ ...name, from: 0, to: Number.MAX_SAFE_INTEGER });
  const drawn = usage.reduce((sum, { draws }) => sum + draws, 0);
  const last = uses.reduce((most, { number }) => Math.max(most, number ?? 0), 0);
  if (last > drawn) report("counts", `draw ${last} is there and ${drawn} were counted`);
}
