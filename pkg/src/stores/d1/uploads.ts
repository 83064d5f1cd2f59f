/**
 * Batches in D1: staging, commit, undo, and the sweep. What an earlier statement found is asked for again by the later
 * ones, so the mark that decides (a batch's state, the row of a block under way) is always moved last.
 */
import type { BatchRow, CodeBlock, Page, PoolRequest } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { DAY, dayOf, toColumn } from "../instants.js";
import { inPieces } from "../pieces.js";
import type { SqlRow, SqlValue } from "../sql/engine.js";
import { documentOf, type PoolRow } from "../sql/pools.js";
import { COMMITTED, DROPPED, STAGED, UNDONE } from "../sql/schema.js";
import { batchesOf, batchRow, HAS_LEFT, type StoredBatch, SWEEP_POSITIONS } from "../sql/uploads.js";
import { type Answer, type Database, type Request, type Statement, sql, TEXT_BYTES } from "./database.js";
import { LAST, POOL_ID } from "./names.js";
import { poolNamed } from "./pools.js";

const ENDED = { status: "ended" } as const;

/** The batch that ?3 names. */
const BATCH = `pool = ${POOL_ID} AND batch = ?3`;

const batchNamed = ({ tenant, pool, batch }: PoolRequest & { batch: string }): Statement =>
  sql(`SELECT id, state, removed, kept FROM coupon_batches WHERE ${BATCH}`, tenant, pool, batch);

export async function begin(database: Database, request: Request<"beginBatch">): Promise<Answer<"beginBatch">> {
  const { tenant, pool, batch, version, now } = request;
  const values = [tenant, pool, batch, version, now + request.lease, now] as const;
  const current = "(SELECT id FROM coupon_pools WHERE tenant = ?1 AND handle = ?2 AND version = ?4)";
  const known = `EXISTS (SELECT 1 FROM coupon_batches WHERE pool = ${current} AND batch = ?3)`;
  const [pools, named, others] = await database.send(
    [
      poolNamed(request),
      batchNamed(request),
      sql(
        `SELECT batch, lease_until FROM coupon_batches WHERE pool = ${POOL_ID} AND state = ${STAGED} AND batch <> ?3`,
        tenant,
        pool,
        batch,
      ),
      sql(
        `UPDATE coupon_batches SET lease_until = ?5 WHERE pool = ${current} AND batch = ?3 AND state = ${STAGED}`,
        ...values.slice(0, 5),
      ),
      sql(
        `UPDATE coupon_batches SET state = ${DROPPED}
         WHERE pool = ${current} AND state = ${STAGED} AND lease_until <= ?6 AND NOT ${known}`,
        ...values,
      ),
      sql(
        `INSERT INTO coupon_batches (pool, batch, lease_until, at)
         SELECT id, ?3, ?5, ?6 FROM coupon_pools WHERE tenant = ?1 AND handle = ?2 AND version = ?4 AND NOT ${known}
           AND NOT EXISTS (SELECT 1 FROM coupon_batches WHERE pool = ${current} AND state = ${STAGED})`,
        ...values,
      ),
    ],
    true,
  );
  const found = pools?.[0] as unknown as PoolRow | undefined;
  if (found?.version !== version) return { status: "stale", document: documentOf(found) };
  const before = named?.[0];
  if (before !== undefined) return before.state === STAGED ? { status: "begun" } : ENDED;
  const other = others?.[0] as { batch: string; lease_until: number } | undefined;
  if (other === undefined || other.lease_until <= now) return { status: "begun" };
  return { status: "busy", batch: other.batch, until: other.lease_until };
}

/** The number under which a block's row stands while its batch of statements runs; nobody ever sees it. */
const UNDER_WAY = -1;

/** The staged batch ?3, while a block of it is under way. */
const OPEN = `SELECT b.id, b.pool FROM coupon_batches AS b
  CROSS JOIN coupon_blocks AS w ON w.batch = b.id AND w.number = ${UNDER_WAY}
  WHERE b.pool = ${POOL_ID} AND b.batch = ?3`;

/** The codes of a piece, which is JSON of `[expiry, position after the lot's next, index in the block, texts]`. */
const PIECE = `(${OPEN}) AS o
  CROSS JOIN json_each(?4) AS r
  CROSS JOIN coupon_lots AS l ON l.batch = o.id AND l.expires_at = r.value->>0
  CROSS JOIN json_each(r.value, '$[3]') AS k`;

/** A text stands for a code that is its own key; `[key, code]` for another. */
const KEY = "CASE k.type WHEN 'array' THEN k.value->>0 ELSE k.value END";
const CODE = "CASE k.type WHEN 'array' THEN k.value->>1 END";
const POSITION = "l.next + (r.value->>1) + k.key";

export async function addBlock(database: Database, request: Request<"addBlock">): Promise<Answer<"addBlock">> {
  const { tenant, pool, batch, number } = request;
  const name = [tenant, pool, batch] as const;
  const [named, ...answers] = await database.send(
    [
      batchNamed(request),
      sql(
        `UPDATE coupon_batches SET lease_until = ?4 WHERE ${BATCH} AND state = ${STAGED}`,
        ...name,
        request.now + request.lease,
      ),
      sql(
        `INSERT INTO coupon_blocks (batch, number, duplicates)
         SELECT id, ${UNDER_WAY}, '[]' FROM coupon_batches AS b WHERE ${BATCH} AND state = ${STAGED}
           AND NOT EXISTS (SELECT 1 FROM coupon_blocks AS w WHERE w.batch = b.id AND w.number = ?4)`,
        ...name,
        number,
      ),
      ...piecesOf(request.block).flatMap((piece) => addPiece(name, piece)),
      sql(
        `UPDATE coupon_blocks SET number = ?4
         WHERE batch = (SELECT id FROM coupon_batches WHERE ${BATCH}) AND number = ${UNDER_WAY}`,
        ...name,
        number,
      ),
      sql(
        `SELECT duplicates FROM coupon_blocks
         WHERE batch = (SELECT id FROM coupon_batches WHERE ${BATCH}) AND number = ?4`,
        ...name,
        number,
      ),
    ],
    true,
  );
  if (named?.[0]?.state !== STAGED) return ENDED;
  const duplicates = answers[answers.length - 1]?.[0]?.duplicates;
  if (typeof duplicates !== "string") throw new Error("A block that was just added is not there.");
  return { status: "added", duplicates: JSON.parse(duplicates) };
}

interface Piece {
  json: string;
  codes: number;
}

/** A block as JSON of at most `TEXT_BYTES`, nearly always in one piece. */
function piecesOf({ codes, keys, runs }: CodeBlock): Piece[] {
  const texts = codes === keys ? keys : keys.map((key, i) => (key === codes[i] ? key : [key, codes[i]]));
  const pieces: Piece[] = [];
  let start = 0;
  let parts: string[] = [];
  let count = 0;
  let bytes = 0;
  let positions = new Map<number, number>();
  const close = () => {
    if (parts.length > 0) pieces.push({ json: `[${parts.join()}]`, codes: count });
    [parts, count, bytes, positions] = [[], 0, 0, new Map()];
  };
  for (const run of runs) {
    const expiresAt = toColumn(run.expiresAt);
    const list = texts.slice(start, start + run.count);
    const split = inPieces(list, TEXT_BYTES - 100);
    for (const [i, { from, json }] of split.entries()) {
      const length = 3 * json.length + 100;
      if (bytes + length > TEXT_BYTES) close();
      const end = split[i + 1]?.from ?? list.length;
      const position = positions.get(expiresAt) ?? 0;
      parts.push(`[${expiresAt},${position},${start + from},${json}]`);
      positions.set(expiresAt, position + end - from);
      count += end - from;
      bytes += length;
    }
    start += run.count;
  }
  close();
  return pieces;
}

function addPiece(name: readonly [string, string, string], { json, codes }: Piece): Statement[] {
  return [
    sql(
      `INSERT INTO coupon_lots (pool, batch, expires_at)
       SELECT o.pool, o.id, r.value->>0 FROM (${OPEN}) AS o CROSS JOIN json_each(?4) AS r WHERE true
       ON CONFLICT (batch, expires_at) DO NOTHING`,
      ...name,
      json,
    ),
    // Rows that have left the pool and that no sweep has removed yet make way; where all is swept there are none.
    sql(
      `DELETE FROM coupon_codes WHERE (lot, position) IN (
         SELECT c.lot, c.position FROM (${OPEN} AND EXISTS (
             SELECT 1 FROM coupon_batches WHERE pool = ${POOL_ID} AND swept = 0 AND state IN (${UNDONE}, ${DROPPED})
           )) AS o
         CROSS JOIN json_each(?4) AS r
         CROSS JOIN json_each(r.value, '$[3]') AS k
         CROSS JOIN coupon_codes AS c ON c.pool = o.pool AND c.key = ${KEY}
         CROSS JOIN coupon_lots AS l ON l.id = c.lot
         CROSS JOIN coupon_batches AS b ON b.id = l.batch
         WHERE ${HAS_LEFT})`,
      ...name,
      json,
    ),
    sql(
      `INSERT INTO coupon_codes (lot, position, pool, key, code)
       SELECT l.id, ${POSITION}, o.pool, ${KEY}, ${CODE} FROM ${PIECE} WHERE true
       ON CONFLICT (pool, key) DO NOTHING`,
      ...name,
      json,
    ),
    // Duplicates are looked for only if fewer codes came in than were sent.
    sql(
      `UPDATE coupon_blocks SET duplicates = (SELECT json_group_array(i) FROM (
           SELECT value AS i FROM json_each(coupon_blocks.duplicates)
           UNION ALL
           SELECT (r.value->>2) + k.key FROM ${PIECE} CROSS JOIN coupon_codes AS c ON c.pool = o.pool AND c.key = ${KEY}
           WHERE NOT (c.lot = l.id AND c.position = ${POSITION})
           ORDER BY i))
       WHERE batch = (SELECT id FROM (${OPEN})) AND number = ${UNDER_WAY} AND ?5 > (
         SELECT count(*) FROM (${OPEN}) AS o
         CROSS JOIN coupon_lots AS l ON l.batch = o.id
         CROSS JOIN coupon_codes AS c ON c.lot = l.id AND c.position >= l.next)`,
      ...name,
      json,
      codes,
    ),
    sql(
      `UPDATE coupon_lots SET next = next + x.sent,
         added = added + (SELECT count(*) FROM coupon_codes AS c WHERE c.lot = coupon_lots.id AND c.position >= coupon_lots.next)
       FROM (${OPEN}) AS o CROSS JOIN (
         SELECT r.value->>0 AS expires_at, sum(json_array_length(r.value, '$[3]')) AS sent FROM json_each(?4) AS r GROUP BY 1
       ) AS x
       WHERE coupon_lots.batch = o.id AND coupon_lots.expires_at = x.expires_at`,
      ...name,
      json,
    ),
  ];
}

export async function commit(database: Database, request: Request<"commitBatch">): Promise<Answer<"commitBatch">> {
  const name = [request.tenant, request.pool, request.batch] as const;
  const staged = `(SELECT id FROM coupon_batches WHERE ${BATCH} AND state = ${STAGED})`;
  const added = "SELECT coalesce(sum(added), 0) FROM coupon_lots WHERE batch";
  const [named] = await database.send(
    [
      sql(`SELECT b.state, (${added} = b.id) AS added FROM coupon_batches AS b WHERE ${BATCH}`, ...name),
      sql(`UPDATE coupon_lots SET free = added WHERE batch = ${staged}`, ...name),
      sql(
        `INSERT INTO coupon_expiries (pool, expires_at, added)
         SELECT pool, expires_at, added FROM coupon_lots WHERE batch = ${staged} AND added > 0
         ON CONFLICT DO UPDATE SET added = added + excluded.added`,
        ...name,
      ),
      sql(
        `UPDATE coupon_pools SET added = added + (${added} = ${staged})
         WHERE id = (SELECT pool FROM coupon_batches WHERE id = ${staged})`,
        ...name,
      ),
      sql(
        `UPDATE coupon_batches SET state = ${COMMITTED}, note = ?4, at = ?5 WHERE id = ${staged}`,
        ...name,
        JSON.stringify(request.note) ?? "null",
        request.now,
      ),
    ],
    true,
  );
  const before = named?.[0];
  if (before?.state !== STAGED && before?.state !== COMMITTED) return ENDED;
  return { status: "committed", added: before.added as number };
}

export async function drop(database: Database, { tenant, pool, batch }: Request<"dropBatch">): Promise<void> {
  await database.send(
    [sql(`UPDATE coupon_batches SET state = ${DROPPED} WHERE ${BATCH} AND state = ${STAGED}`, tenant, pool, batch)],
    true,
  );
}

export async function undo(database: Database, request: Request<"undoBatch">): Promise<Answer<"undoBatch">> {
  const name = [request.tenant, request.pool, request.batch] as const;
  const committed = `(SELECT id FROM coupon_batches WHERE ${BATCH} AND state = ${COMMITTED})`;
  const answers = await database.send(
    [
      sql(
        `UPDATE coupon_expiries SET undone = coupon_expiries.undone + l.free FROM coupon_lots AS l
         WHERE l.batch = ${committed} AND coupon_expiries.pool = l.pool AND coupon_expiries.expires_at = l.expires_at`,
        ...name,
      ),
      sql(
        `UPDATE coupon_pools SET added = added - (SELECT coalesce(sum(free), 0) FROM coupon_lots WHERE batch = ${committed})
         WHERE id = (SELECT pool FROM coupon_batches WHERE id = ${committed})`,
        ...name,
      ),
      // A lot has undone codes only from here on, so their sum is what this undo removed.
      sql(`UPDATE coupon_lots SET undone = free, free = 0, returned = 0 WHERE batch = ${committed}`, ...name),
      sql(
        `UPDATE coupon_batches SET state = ${UNDONE}, swept = 0,
           removed = (SELECT coalesce(sum(undone), 0) FROM coupon_lots WHERE batch = coupon_batches.id),
           kept = (SELECT coalesce(sum(assigned), 0) FROM coupon_lots WHERE batch = coupon_batches.id)
         WHERE id = ${committed}`,
        ...name,
      ),
      batchNamed(request),
    ],
    true,
  );
  const after = answers[answers.length - 1]?.[0];
  return after?.state === UNDONE ? { removed: after.removed as number, kept: after.kept as number } : null;
}

/** For each key, whether the pool holds it: 1 or 0. */
export async function contains(database: Database, request: Request<"contains">): Promise<Uint8Array> {
  const { keys } = request.block;
  const pieces = inPieces(keys, TEXT_BYTES);
  const answers = await database.send(
    pieces.map(({ json }) =>
      sql(
        `SELECT j.key AS i FROM json_each(?3) AS j
         CROSS JOIN coupon_codes AS c ON c.pool = ${POOL_ID} AND c.key = j.value
         CROSS JOIN coupon_lots AS l ON l.id = c.lot
         CROSS JOIN coupon_batches AS b ON b.id = l.batch
         WHERE b.state <> ${STAGED} AND NOT ${HAS_LEFT}`,
        request.tenant,
        request.pool,
        json,
      ),
    ),
    true,
  );
  const bits = new Uint8Array(keys.length);
  for (const [n, { from }] of pieces.entries()) {
    for (const { i } of answers[n] as SqlRow[]) bits[from + (i as number)] = 1;
  }
  return bits;
}

export async function batches(database: Database, request: Request<"batches">): Promise<Page<BatchRow>> {
  const [before] = readCursor(request.cursor, [LAST] as [number]);
  const [rows] = await database.send(
    [sql(batchesOf(POOL_ID), request.tenant, request.pool, before, request.limit + 1)],
    true,
  );
  return toPage(
    (rows as unknown as StoredBatch[]).map(batchRow),
    request.limit,
    ({ id }) => [id],
    ({ row }) => row,
  );
}

/** The batch whose turn it is to be cleaned up, and the lot of it. */
const UNSWEPT = `SELECT id, state FROM coupon_batches
  WHERE pool = ${POOL_ID} AND swept = 0 AND state <> ${STAGED} ORDER BY id LIMIT 1`;
const UNSWEPT_LOT = `SELECT l.id, l.swept, min(l.swept + ${SWEEP_POSITIONS}, l.next) AS upto
  FROM (${UNSWEPT}) AS b CROSS JOIN coupon_lots AS l ON l.batch = b.id
  WHERE b.state <> ${COMMITTED} AND l.swept < l.next ORDER BY l.id LIMIT 1`;

export async function sweep(database: Database, request: Request<"sweep">): Promise<{ more: boolean }> {
  const name = [request.tenant, request.pool] as const;
  const today = dayOf(request.rollUpBefore);
  const at = (text: string, ...values: SqlValue[]) => sql(text, ...name, ...values);
  const range = `lot = (SELECT id FROM (${UNSWEPT_LOT}))
    AND position >= (SELECT swept FROM (${UNSWEPT_LOT})) AND position < (SELECT upto FROM (${UNSWEPT_LOT}))`;
  const answers = await database.send(
    [
      at(
        `UPDATE coupon_batches SET state = ${DROPPED} WHERE pool = ${POOL_ID} AND state = ${STAGED} AND lease_until <= ?3`,
        request.now,
      ),
      at(
        `INSERT INTO coupon_usage (pool, at, draws)
         SELECT pool, at - at % ${DAY}, sum(draws) FROM coupon_usage
         WHERE pool = ${POOL_ID} AND at < ?3 AND at % ${DAY} <> 0 GROUP BY 2
         ON CONFLICT DO UPDATE SET draws = draws + excluded.draws`,
        today,
      ),
      at(`DELETE FROM coupon_usage WHERE pool = ${POOL_ID} AND at < ?3 AND at % ${DAY} <> 0`, today),
      at(`DELETE FROM coupon_blocks WHERE batch = (SELECT id FROM (${UNSWEPT}))`),
      // Held and void codes stay.
      at(
        `DELETE FROM coupon_codes AS c WHERE ${range}
           AND NOT EXISTS (SELECT 1 FROM coupon_draws AS d WHERE d.lot = c.lot AND d.position = c.position)
           AND NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position)`,
      ),
      at(`DELETE FROM coupon_returned WHERE ${range}`),
      at(
        `UPDATE coupon_lots SET swept = (SELECT upto FROM (${UNSWEPT_LOT})) WHERE id = (SELECT id FROM (${UNSWEPT_LOT}))`,
      ),
      at(UNSWEPT),
      at(
        `UPDATE coupon_batches SET swept = 1
         WHERE id = (SELECT id FROM (${UNSWEPT})) AND NOT EXISTS (SELECT 1 FROM (${UNSWEPT_LOT}))`,
      ),
    ],
    true,
  );
  return { more: answers[answers.length - 2]?.length === 1 };
}
