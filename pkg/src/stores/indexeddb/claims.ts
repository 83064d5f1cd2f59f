/** Claims and releases on IndexedDB. */
import type { ClaimAnswer, ClaimItem, ClaimOutcome, ClaimRequest, ReleaseItem, ReleaseOutcome } from "../../store.js";
import { fromColumn, hourOf, isValid, NEVER } from "../instants.js";
import { got, range } from "./database.js";
import type {
  BatchRecord,
  DrawRecord,
  ExpiryRecord,
  HolderRecord,
  LotRecord,
  PlaceRecord,
  PoolScope,
  UseRecord,
} from "./records.js";

export async function claim(scope: PoolScope, request: ClaimRequest): Promise<ClaimAnswer> {
  const { pool } = scope;
  const { items, now } = request;
  const read = new Map<number, DrawRecord>();
  const known = await knownUses(scope, items, read);
  const newItems = items.filter(({ use }) => !known.has(use));
  const current = await currentDraws(scope, newItems, read);
  const isCurrentValid = (draw: DrawRecord) => isValid(fromColumn(draw.expiresAt), request.expiresAt, now);

  // Every item that may need a code of its own: one for each new use or, where holders keep codes, for each holder.
  const wanting = new Set<string | ClaimItem>();
  for (const item of newItems) {
    const draw = item.holder === null ? undefined : current.get(item.holder);
    if (draw === undefined || (request.reuse !== "per-contact" && !isCurrentValid(draw)))
      wanting.add(item.holder ?? item);
  }
  const fresh = await take(scope, request, wanting.size);

  let taken = 0;
  const changed = new Set<DrawRecord>();
  const answer = (draw: DrawRecord, use: UseRecord, rest: { repeat: boolean; fresh: boolean }): ClaimOutcome => {
    draw.answers += 1;
    use.answers = draw.answers;
    changed.add(draw);
    const { code, number, expiresAt, answers } = draw;
    return { code, number, expiresAt: fromColumn(expiresAt), ...rest, answers };
  };
  const outcomes = items.map((item): ClaimOutcome => {
    const before = known.get(item.use);
    if (before !== undefined) {
      const outcome = answer(before.draw, before.use, { repeat: true, fresh: false });
      scope.put("uses", before.use);
      return outcome;
    }
    let draw = item.holder === null ? undefined : current.get(item.holder);
    let isFresh = false;
    let reason: "empty" | "expired" = "empty";
    if (draw !== undefined && !isCurrentValid(draw)) {
      if (request.reuse === "per-contact") reason = "expired";
      draw = undefined;
    }
    if (draw === undefined && reason === "empty") {
      draw = fresh[taken];
      if (draw !== undefined) {
        taken += 1;
        isFresh = true;
        pool.draws += 1;
        draw.number = pool.draws;
        draw.holder = item.holder;
        if (item.holder !== null) current.set(item.holder, draw);
      }
    }
    if (draw === undefined) {
      if (item.fallsBack) pool.fellBack += 1;
      return { code: null, reason };
    }
    draw.uses += 1;
    pool.uses += 1;
    const { contact, message, slot } = item;
    const { lot, position, number } = draw;
    const use: UseRecord = {
      pool: pool.id,
      use: item.use,
      id: pool.uses,
      lot,
      position,
      number,
      answers: 0,
      contact,
      message,
      slot,
    };
    const outcome = answer(draw, use, { repeat: false, fresh: isFresh });
    scope.store("uses").add(use);
    return outcome;
  });
  // Every code taken from a lot's count must get its holder here, or it would be neither free nor held.
  if (taken !== fresh.length) throw new Error(`A claim took ${fresh.length} codes and gave out ${taken}.`);

  const isNew = new Set(fresh);
  for (const draw of changed) {
    if (isNew.has(draw)) scope.store("draws").add(draw);
    else scope.put("draws", draw);
  }
  for (const { holder, lot, position } of fresh) {
    if (holder !== null) scope.put("holders", { pool: pool.id, holder, lot, position } satisfies HolderRecord);
  }
  if (taken > 0) {
    const at = hourOf(now);
    const hour = await scope.get<{ draws: number }>("usage", [pool.id, at]);
    scope.put("usage", { pool: pool.id, at, draws: (hour?.draws ?? 0) + taken });
  }
  scope.put("pools", pool);
  return {
    status: "claimed",
    outcomes,
    remaining: await remaining(scope, request),
    added: pool.added,
    alerts: pool.alerts,
  };
}

async function drawAt(scope: PoolScope, { lot, position }: PlaceRecord): Promise<DrawRecord> {
  const draw = await scope.get<DrawRecord>("draws", [lot, position]);
  if (draw === undefined) throw new Error(`A use shows the code at ${position} of lot ${lot}, which has no draw.`);
  return draw;
}

/** One object for each draw, however many uses and holders lead to it: it counts what this claim does to the draw. */
function once(read: Map<number, DrawRecord>, draw: DrawRecord): DrawRecord {
  const before = read.get(draw.number);
  if (before !== undefined) return before;
  read.set(draw.number, draw);
  return draw;
}

async function knownUses(scope: PoolScope, items: readonly ClaimItem[], read: Map<number, DrawRecord>) {
  const known = new Map<string, { use: UseRecord; draw: DrawRecord }>();
  await Promise.all(
    items.map(async (item) => {
      const use = await scope.get<UseRecord>("uses", [scope.pool.id, item.use]);
      if (use !== undefined) known.set(item.use, { use, draw: once(read, await drawAt(scope, use)) });
    }),
  );
  return known;
}

async function currentDraws(
  scope: PoolScope,
  items: readonly ClaimItem[],
  read: Map<number, DrawRecord>,
): Promise<Map<string, DrawRecord>> {
  const current = new Map<string, DrawRecord>();
  await Promise.all(
    [...new Set(items.flatMap(({ holder }) => holder ?? []))].map(async (holder) => {
      const record = await scope.get<HolderRecord>("holders", [scope.pool.id, holder]);
      if (record !== undefined) current.set(holder, once(read, await drawAt(scope, record)));
    }),
  );
  return current;
}

/** Takes up to `count` codes out of the lots, in the order of claims. */
async function take(scope: PoolScope, request: ClaimRequest, count: number): Promise<DrawRecord[]> {
  const fresh: DrawRecord[] = [];
  while (fresh.length < count) {
    const lot = await nextLot(scope, request);
    if (lot === undefined) break;
    const wanted = Math.min(count - fresh.length, lot.free);
    const codes: { position: number; code: string }[] = [];
    if (lot.returned > 0) {
      for (const { position } of await scope.all<PlaceRecord>("returned", range([lot.id, 0], [lot.id, []]), wanted)) {
        codes.push({ position, code: await scope.codeAt(lot.id, position) });
        scope.store("returned").delete([lot.id, position]);
        lot.returned -= 1;
      }
    }
    if (codes.length < wanted) {
      codes.push(...(await scope.codesFrom(lot, lot.cursor, wanted - codes.length)));
      lot.cursor = (codes[codes.length - 1]?.position ?? lot.cursor) + 1;
    }
    if (codes.length !== wanted) throw new Error(`Lot ${lot.id} says ${lot.free} codes are free, but has fewer.`);
    lot.free -= wanted;
    lot.assigned += wanted;
    scope.putLot(lot);
    await scope.count(lot.expiresAt, { assigned: wanted });
    const { id, expiresAt, batch } = lot;
    for (const { position, code } of codes) {
      fresh.push({
        lot: id,
        position,
        code,
        expiresAt,
        batch,
        number: 0,
        holder: null,
        uses: 0,
        answers: 0,
        at: request.now,
        redeemedAt: null,
      });
    }
  }
  return fresh;
}

/** The open lot that expires first, then the one of the oldest batch; codes without an expiry have the pool's. */
async function nextLot(scope: PoolScope, request: ClaimRequest): Promise<LotRecord | undefined> {
  const { id } = scope.pool;
  const after = request.now + request.minValidity;
  const open = scope.store("lots").index("open");
  const [dated, undated] = await Promise.all([
    after < NEVER ? got<LotRecord | undefined>(open.get(range([id, after, []], [id, NEVER], true, true))) : undefined,
    isValid(null, request.expiresAt, after)
      ? got<LotRecord | undefined>(open.get(range([id, NEVER], [id, NEVER, []])))
      : undefined,
  ]);
  if (dated === undefined || undated === undefined) return dated ?? undated;
  const order = dated.expiresAt - (request.expiresAt ?? NEVER);
  return (order || dated.sequence - undated.sequence) <= 0 ? dated : undated;
}

async function remaining(scope: PoolScope, request: ClaimRequest): Promise<number> {
  const { id } = scope.pool;
  const after = request.now + request.minValidity;
  const sums = await scope.all<ExpiryRecord>("expiries", range([id, after], [id, []], true));
  let free = 0;
  for (const sum of sums) {
    if (isValid(fromColumn(sum.expiresAt), request.expiresAt, after)) {
      free += sum.added - sum.undone - sum.assigned - sum.void;
    }
  }
  return free;
}

export async function release(scope: PoolScope, item: ReleaseItem): Promise<ReleaseOutcome> {
  const use = await scope.get<UseRecord>("uses", [scope.pool.id, item.use]);
  if (use === undefined) return { released: false, reason: "unknown-use" };
  if (use.number !== item.number) return { released: false, reason: "other-number" };
  if (item.answers !== null && use.answers !== item.answers) return { released: false, reason: "answered-since" };
  const draw = await drawAt(scope, use);
  if (draw.redeemedAt !== null) return { released: false, reason: "redeemed" };
  scope.store("uses").delete([use.pool, use.use]);
  if (draw.uses > 1) {
    draw.uses -= 1;
    scope.put("draws", draw);
    return { released: true, freed: false };
  }
  await free(scope, draw);
  return { released: true, freed: true };
}

/** Gives a draw's code back to its lot; a code of an undone batch leaves the pool instead. */
async function free(scope: PoolScope, draw: DrawRecord): Promise<void> {
  const { pool } = scope;
  const at: [number, number] = [draw.lot, draw.position];
  scope.store("draws").delete(at);
  if (draw.holder !== null) {
    const holder = await scope.get<HolderRecord>("holders", [pool.id, draw.holder]);
    // Under until-expired the holder may have moved on to another code.
    if (holder?.lot === draw.lot && holder.position === draw.position) {
      scope.store("holders").delete([pool.id, draw.holder]);
    }
  }
  const lot = await scope.get<LotRecord>("lots", draw.lot);
  const batch = await scope.get<BatchRecord>("batches", [pool.id, draw.batch]);
  if (lot === undefined || batch === undefined) throw new Error(`A draw's lot ${draw.lot} is not there.`);
  const undone = batch.state === "undone" ? 1 : 0;
  lot.assigned -= 1;
  lot.undone += undone;
  if (undone) {
    scope.put("batches", { ...batch, unswept: 1 });
    pool.added -= 1;
    scope.put("pools", pool);
  } else {
    scope.put("returned", { lot: lot.id, position: draw.position } satisfies PlaceRecord);
    lot.free += 1;
    lot.returned += 1;
  }
  scope.putLot(lot);
  await scope.count(lot.expiresAt, { assigned: -1, undone });
}
