/** Look-ups, marks and lists on IndexedDB. */
import type { FoundRow, Page } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { fromColumn, NEVER } from "../instants.js";
import { got, range } from "./database.js";
import type { KeyFinder } from "./keys.js";
import type { DrawRecord, LotRecord, PlaceRecord, PoolScope, UseRecord } from "./records.js";

interface Pages {
  cursor: string | null;
  limit: number;
}

interface Found {
  use: UseRecord;
  draw: DrawRecord;
}

/** The uses in a range of an index, each with its draw. */
async function usesIn(scope: PoolScope, index: string, keys: IDBKeyRange, count?: number): Promise<Found[]> {
  const uses = await got<UseRecord[]>(scope.store("uses").index(index).getAll(keys, count));
  return Promise.all(
    uses.map(async (use) => {
      const draw = await scope.get<DrawRecord>("draws", [use.lot, use.position]);
      if (draw === undefined) throw new Error(`A use shows draw ${use.number}, which is not there.`);
      return { use, draw };
    }),
  );
}

function useRow({ use, draw }: Found): FoundRow {
  return {
    code: draw.code,
    status: "assigned",
    expiresAt: fromColumn(draw.expiresAt),
    batch: draw.batch,
    number: draw.number,
    drawnAt: draw.at,
    contact: use.contact,
    message: use.message,
    slot: use.slot,
    redeemedAt: draw.redeemedAt,
  };
}

export async function find(
  scope: PoolScope,
  finder: KeyFinder,
  request: Pages & { by: { key: string } | { contact: string } | { message: string } },
): Promise<Page<FoundRow>> {
  const { by, cursor, limit } = request;
  const { id } = scope.pool;
  const [after] = readCursor(cursor, [0] as [number]);
  const uses = async (index: "number" | "contact" | "message", value: string | number) => {
    const keys = range([id, value, after], [id, value, []], true);
    return toPage(await usesIn(scope, index, keys, limit + 1), limit, ({ use }) => [use.id], useRow);
  };
  if ("contact" in by) return uses("contact", by.contact);
  if ("message" in by) return uses("message", by.message);
  const place = (await finder.locate(scope, [by.key])).get(0);
  if (place === undefined || place.batch.state === "staged") return { rows: [], next: null };
  if (place.draw !== undefined) return uses("number", place.draw.number);
  const row: FoundRow = {
    code: place.code,
    status: place.isVoid ? "void" : "available",
    expiresAt: fromColumn(place.lot.expiresAt),
    batch: place.lot.batch,
    number: null,
    drawnAt: null,
    contact: null,
    message: null,
    slot: null,
    redeemedAt: null,
  };
  return { rows: [row], next: null };
}

export async function contains(scope: PoolScope, finder: KeyFinder, keys: readonly string[]): Promise<Uint8Array> {
  const bits = new Uint8Array(keys.length);
  for (const [i, { batch }] of await finder.locate(scope, keys, { draws: false })) {
    if (batch.state !== "staged") bits[i] = 1;
  }
  return bits;
}

export async function forget(scope: PoolScope, contact: string): Promise<{ forgotten: number }> {
  const { id } = scope.pool;
  const uses = await got<UseRecord[]>(
    scope
      .store("uses")
      .index("contact")
      .getAll(range([id, contact], [id, contact, []])),
  );
  for (const use of uses) scope.put("uses", { ...use, contact: null, message: null });
  return { forgotten: uses.length };
}

export async function markRedeemed(
  scope: PoolScope,
  finder: KeyFinder,
  request: { keys: readonly string[]; now: number },
): Promise<{ marked: number; unknown: number }> {
  const { pool } = scope;
  let marked = 0;
  const done = new Set<string>();
  for (const [i, { draw }] of await finder.locate(scope, request.keys)) {
    if (draw === undefined) continue;
    marked += 1;
    const key = request.keys[i] as string;
    if (draw.redeemedAt !== null || done.has(key)) continue;
    done.add(key);
    scope.put("draws", { ...draw, redeemedAt: request.now });
    pool.redeemed += 1;
  }
  scope.put("pools", pool);
  return { marked, unknown: request.keys.length - marked };
}

export async function voidCodes(
  scope: PoolScope,
  finder: KeyFinder,
  keys: readonly string[],
): Promise<{ voided: number }> {
  let voided = 0;
  const lots = new Map<number, { lot: LotRecord; count: number }>();
  const done = new Set<string>();
  for (const [i, { lot: found, batch, position, draw, isVoid }] of await finder.locate(scope, keys)) {
    if (draw !== undefined || (!isVoid && batch.state !== "committed")) continue;
    voided += 1;
    const key = keys[i] as string;
    if (isVoid || done.has(key)) continue;
    done.add(key);
    const changed = lots.get(found.id) ?? { lot: { ...found }, count: 0 };
    const { lot } = changed;
    lots.set(found.id, changed);
    scope.put("voids", { lot: lot.id, position } satisfies PlaceRecord);
    if (lot.returned > 0 && (await got(scope.store("returned").count([lot.id, position]))) > 0) {
      scope.store("returned").delete([lot.id, position]);
      lot.returned -= 1;
    }
    lot.void += 1;
    lot.free -= 1;
    changed.count += 1;
  }
  for (const { lot, count } of lots.values()) {
    scope.putLot(lot);
    await scope.count(lot.expiresAt, { void: count });
  }
  return { voided };
}

export async function draws(scope: PoolScope, { cursor, limit }: Pages): Promise<Page<FoundRow>> {
  const { id } = scope.pool;
  const [number, after] = readCursor(cursor, [0, 0] as [number, number]);
  const found = await usesIn(scope, "number", range([id, number, after], [id, []], true), limit + 1);
  return toPage(found, limit, ({ use }) => [use.number, use.id], useRow);
}

export async function codes(
  scope: PoolScope,
  { cursor, limit }: Pages,
): Promise<Page<{ code: string; expiresAt: number | null }>> {
  const { id } = scope.pool;
  let [expiresAt, sequence, after] = readCursor(cursor, [-NEVER, 0, -1] as [number, number, number]);
  const found: { lot: LotRecord; position: number; code: string }[] = [];
  while (found.length <= limit) {
    const open = scope.store("lots").index("open");
    const lot = await got<LotRecord | undefined>(open.get(range([id, expiresAt, sequence], [id, []])));
    if (lot === undefined) break;
    const from = lot.expiresAt === expiresAt && lot.sequence === sequence ? after + 1 : 0;
    const wanted = () => limit + 1 - found.length;
    // What was given back lies before the lot's cursor, all else at or after it.
    if (lot.returned > 0 && from < lot.cursor) {
      for (const { position } of await scope.all<PlaceRecord>(
        "returned",
        range([lot.id, from], [lot.id, []]),
        wanted(),
      )) {
        found.push({ lot, position, code: await scope.codeAt(lot.id, position) });
      }
    }
    if (wanted() > 0) {
      for (const code of await scope.codesFrom(lot, Math.max(from, lot.cursor), wanted())) found.push({ lot, ...code });
    }
    [expiresAt, sequence, after] = [lot.expiresAt, lot.sequence + 1, -1];
  }
  return toPage(
    found,
    limit,
    ({ lot, position }) => [lot.expiresAt, lot.sequence, position],
    ({ lot, code }) => ({ code, expiresAt: fromColumn(lot.expiresAt) }),
  );
}
