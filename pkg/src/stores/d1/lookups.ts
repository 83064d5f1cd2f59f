/** Look-ups, marks and lists in D1. */
import type { FoundRow, Page } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { inPieces } from "../pieces.js";
import {
  CODE,
  type CodeRow,
  codeNobodyHolds,
  FIRST_FREE_CODE,
  type FreeCode,
  freeCodes,
  USES,
  type UseRow,
  useRow,
} from "../sql/lookups.js";
import { COMMITTED } from "../sql/schema.js";
import { type Answer, type Database, type Request, sql, TEXT_BYTES } from "./database.js";
import { walkInListOrder } from "./lots.js";
import { POOL_ID } from "./names.js";

export async function find(database: Database, request: Request<"find">): Promise<Page<FoundRow>> {
  const { tenant, pool, by, cursor, limit } = request;
  const [after] = readCursor(cursor, [0] as [number]);
  const uses = (condition: string, value: string) =>
    sql(
      `${USES} WHERE u.pool = ${POOL_ID} AND ${condition} AND u.id > ?4 ORDER BY u.id LIMIT ?5`,
      tenant,
      pool,
      value,
      after,
      limit + 1,
    );
  const pageOf = (rows: unknown) => toPage(rows as UseRow[], limit, ({ id }) => [id], useRow);
  if ("contact" in by) return pageOf((await database.send([uses("u.contact = ?3", by.contact)], true))[0]);
  if ("message" in by) return pageOf((await database.send([uses("u.message = ?3", by.message)], true))[0]);
  const number = `(SELECT d.number FROM coupon_codes AS c
    CROSS JOIN coupon_draws AS d ON d.lot = c.lot AND d.position = c.position WHERE c.pool = ${POOL_ID} AND c.key = ?3)`;
  const [codes, rows] = await database.send(
    [
      sql(`${CODE} WHERE c.pool = ${POOL_ID} AND c.key = ?3`, tenant, pool, by.key),
      uses(`u.number = ${number}`, by.key),
    ],
    true,
  );
  const code = codes?.[0] as unknown as CodeRow | undefined;
  if (code === undefined) return { rows: [], next: null };
  return code.number === null ? { rows: codeNobodyHolds(code), next: null } : pageOf(rows);
}

export async function draws(database: Database, request: Request<"draws">): Promise<Page<FoundRow>> {
  const [number, id] = readCursor(request.cursor, [0, 0] as [number, number]);
  const [rows] = await database.send(
    [
      sql(
        `${USES} WHERE u.pool = ${POOL_ID} AND (u.number, u.id) > (?3, ?4) ORDER BY u.number, u.id LIMIT ?5`,
        request.tenant,
        request.pool,
        number,
        id,
        request.limit + 1,
      ),
    ],
    true,
  );
  return toPage(rows as unknown as UseRow[], request.limit, (row) => [row.number, row.id], useRow);
}

export async function codes(database: Database, request: Request<"codes">): Promise<Answer<"codes">> {
  const [expiresAt, batch, position] = readCursor(request.cursor, FIRST_FREE_CODE);
  const [rows] = await database.send(
    [
      sql(
        // What was given back lies before a lot's cursor, all else at or after it.
        `WITH RECURSIVE
           p AS MATERIALIZED (SELECT id FROM coupon_pools WHERE tenant = ?1 AND handle = ?2),
           ${walkInListOrder({ expiresAt: "?3", batch: "?4", position: "?5" }, "?6")}
         SELECT f.expires_at, f.batch, f.position, coalesce(c.code, c.key) AS code FROM (
           SELECT * FROM (
             SELECT w.n, w.expires_at, w.batch, r.lot, r.position FROM walk AS w
             CROSS JOIN coupon_returned AS r ON r.lot = w.lot AND r.position > w.position LIMIT ?6)
           UNION ALL
           SELECT * FROM (
             SELECT w.n, w.expires_at, w.batch, c.lot, c.position FROM walk AS w
             CROSS JOIN coupon_codes AS c ON c.lot = w.lot AND c.position >= max(w.cursor, w.position + 1)
             WHERE NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position) LIMIT ?6)
           ORDER BY 1, 5 LIMIT ?6) AS f
         CROSS JOIN coupon_codes AS c ON c.lot = f.lot AND c.position = f.position
         ORDER BY f.n, f.position`,
        request.tenant,
        request.pool,
        expiresAt,
        batch,
        position,
        request.limit + 1,
      ),
    ],
    true,
  );
  return freeCodes(rows as unknown as FreeCode[], request.limit);
}

export async function forget(database: Database, request: Request<"forget">): Promise<Answer<"forget">> {
  const { tenant, pool, contact } = request;
  const [counted] = await database.send(
    [
      sql(
        `SELECT count(*) AS forgotten FROM coupon_uses WHERE pool = ${POOL_ID} AND contact = ?3`,
        tenant,
        pool,
        contact,
      ),
      sql(
        `UPDATE coupon_uses SET contact = NULL, message = NULL WHERE pool = ${POOL_ID} AND contact = ?3`,
        tenant,
        pool,
        contact,
      ),
    ],
    false,
  );
  return { forgotten: counted?.[0]?.forgotten as number };
}

/** The codes of the keys ?3, a row for each key that the pool holds or held. */
const KEYS = `json_each(?3) AS j CROSS JOIN coupon_codes AS c ON c.pool = ${POOL_ID} AND c.key = j.value`;

export async function markRedeemed(
  database: Database,
  request: Request<"markRedeemed">,
): Promise<Answer<"markRedeemed">> {
  const { tenant, pool, keys, now } = request;
  const held = `${KEYS} CROSS JOIN coupon_draws AS d ON d.lot = c.lot AND d.position = c.position`;
  const answers = await database.send(
    inPieces(keys, TEXT_BYTES).flatMap(({ json }) => [
      sql(`SELECT count(*) AS marked FROM ${held}`, tenant, pool, json),
      sql(
        `UPDATE coupon_pools SET redeemed = redeemed + (SELECT count(DISTINCT d.number) FROM ${held} WHERE d.redeemed_at IS NULL)
         WHERE id = ${POOL_ID}`,
        tenant,
        pool,
        json,
      ),
      sql(
        `UPDATE coupon_draws SET redeemed_at = ?4
         WHERE redeemed_at IS NULL AND (lot, position) IN (SELECT d.lot, d.position FROM ${held})`,
        tenant,
        pool,
        json,
        now,
      ),
    ]),
    true,
  );
  const marked = sumOf(answers, 3, "marked");
  return { marked, unknown: keys.length - marked };
}

export async function voidCodes(database: Database, request: Request<"voidCodes">): Promise<Answer<"voidCodes">> {
  const { tenant, pool } = request;
  const undrawn = `${KEYS} CROSS JOIN coupon_lots AS l ON l.id = c.lot CROSS JOIN coupon_batches AS b ON b.id = l.batch
    LEFT JOIN coupon_voids AS v ON v.lot = c.lot AND v.position = c.position
    WHERE NOT EXISTS (SELECT 1 FROM coupon_draws AS d WHERE d.lot = c.lot AND d.position = c.position)`;
  const free = `(SELECT DISTINCT c.lot, c.position, l.expires_at FROM ${undrawn} AND v.lot IS NULL AND b.state = ${COMMITTED})`;
  const answers = await database.send(
    inPieces(request.keys, TEXT_BYTES).flatMap(({ json }) => {
      const on = (text: string) => sql(text, tenant, pool, json);
      return [
        on(`SELECT count(*) AS voided FROM ${undrawn} AND (v.lot IS NOT NULL OR b.state = ${COMMITTED})`),
        on(
          `UPDATE coupon_expiries SET void = void + x.count
           FROM (SELECT expires_at, count(*) AS count FROM ${free} GROUP BY expires_at) AS x
           WHERE coupon_expiries.pool = ${POOL_ID} AND coupon_expiries.expires_at = x.expires_at`,
        ),
        on(
          `UPDATE coupon_lots SET void = void + x.count, free = free - x.count, returned = returned - x.given_back
           FROM (
             SELECT f.lot, count(*) AS count, count(r.lot) AS given_back FROM ${free} AS f
             LEFT JOIN coupon_returned AS r ON r.lot = f.lot AND r.position = f.position GROUP BY f.lot
           ) AS x WHERE coupon_lots.id = x.lot`,
        ),
        on(`DELETE FROM coupon_returned WHERE (lot, position) IN (SELECT lot, position FROM ${free})`),
        // Last, because what is free is worked out anew by each statement.
        on(`INSERT INTO coupon_voids (lot, position) SELECT lot, position FROM ${free}`),
      ];
    }),
    true,
  );
  return { voided: sumOf(answers, 5, "voided") };
}

/** The sum of a count that every `step`-th statement answers. */
function sumOf(answers: Awaited<ReturnType<Database["send"]>>, step: number, column: string): number {
  return answers.reduce((sum, rows, i) => (i % step === 0 ? sum + (rows[0]?.[column] as number) : sum), 0);
}
