/** Releases as one batch: everything is worked out while the uses are still there, and they go last. */
import type { ReleaseOutcome, Store } from "../../store.js";
import type { SqlValue } from "../sql/engine.js";
import { UNDONE } from "../sql/schema.js";
import { type Database, sql } from "./database.js";
import { POOL_ID } from "./names.js";

/** The uses that are taken back: asked for by their own number and, where it is conditional, their last answer. */
const TAKEN_BACK = `SELECT DISTINCT u.id, u.lot, u.position FROM json_each(?3) AS j
  CROSS JOIN coupon_uses AS u ON u.pool = ${POOL_ID} AND u.use = j.value->>0
  WHERE u.number = j.value->>1 AND (j.value->>2 IS NULL OR u.answers = j.value->>2)
    AND NOT EXISTS (SELECT 1 FROM coupon_draws AS r WHERE r.lot = u.lot AND r.position = u.position AND r.redeemed_at IS NOT NULL)`;

/** The draws that have no other uses than those. */
const FREED = `SELECT lot, position, holder, expires_at, batch,
    (SELECT state FROM coupon_batches AS b WHERE b.id = f.batch) = ${UNDONE} AS leaves
  FROM (
    SELECT d.lot, d.position, d.holder, (SELECT expires_at FROM coupon_lots AS l WHERE l.id = d.lot) AS expires_at,
      (SELECT batch FROM coupon_lots AS l WHERE l.id = d.lot) AS batch
    FROM (SELECT lot, position, count(*) AS uses FROM (${TAKEN_BACK}) GROUP BY lot, position) AS t
    CROSS JOIN coupon_draws AS d ON d.lot = t.lot AND d.position = t.position AND d.uses = t.uses) AS f`;

interface UseRow {
  i: number;
  number: number;
  answers: number;
  redeemed_at: number | null;
  uses: number;
}

export async function release(database: Database, request: Parameters<Store["release"]>[0]): Promise<ReleaseOutcome[]> {
  const { items } = request;
  const list = JSON.stringify(items.map(({ use, number, answers }) => [use, number, answers]));
  const on = (text: string, ...values: SqlValue[]) => sql(text, request.tenant, request.pool, list, ...values);
  const [rows] = await database.send(
    [
      on(
        `SELECT j.key AS i, u.number, u.answers, d.redeemed_at, d.uses FROM json_each(?3) AS j
         CROSS JOIN coupon_uses AS u ON u.pool = ${POOL_ID} AND u.use = j.value->>0
         CROSS JOIN coupon_draws AS d ON d.lot = u.lot AND d.position = u.position`,
      ),
      // Under until-expired the holder may have moved on to another code.
      on(
        `DELETE FROM coupon_holders WHERE (pool, holder) IN (
           SELECT h.pool, h.holder FROM (${FREED}) AS f
           CROSS JOIN coupon_holders AS h ON h.pool = ${POOL_ID} AND h.holder = f.holder
           WHERE h.lot = f.lot AND h.position = f.position)`,
      ),
      on(
        `UPDATE coupon_expiries SET assigned = assigned - x.freed, undone = undone + x.leaving
         FROM (SELECT expires_at, count(*) AS freed, sum(leaves) AS leaving FROM (${FREED}) GROUP BY expires_at) AS x
         WHERE coupon_expiries.pool = ${POOL_ID} AND coupon_expiries.expires_at = x.expires_at`,
      ),
      on(
        `UPDATE coupon_pools SET added = added - x.leaving
         FROM (SELECT sum(leaves) AS leaving FROM (${FREED}) HAVING sum(leaves) > 0) AS x WHERE coupon_pools.id = ${POOL_ID}`,
      ),
      on(`UPDATE coupon_batches SET swept = 0 WHERE id IN (SELECT batch FROM (${FREED}) WHERE leaves)`),
      on(`INSERT INTO coupon_returned (lot, position) SELECT lot, position FROM (${FREED}) WHERE NOT leaves`),
      on(
        `UPDATE coupon_lots SET assigned = assigned - x.freed, undone = undone + x.leaving,
           free = free + x.freed - x.leaving, returned = returned + x.freed - x.leaving, swept = min(swept, x.lowest)
         FROM (
           SELECT lot, count(*) AS freed, sum(leaves) AS leaving,
             min(CASE WHEN leaves THEN position ELSE ${Number.MAX_SAFE_INTEGER} END) AS lowest
           FROM (${FREED}) GROUP BY lot
         ) AS x WHERE coupon_lots.id = x.lot`,
      ),
      on(
        `INSERT INTO coupon_draws (lot, position, number, holder, uses, answers, at, redeemed_at)
         SELECT d.lot, d.position, d.number, d.holder, d.uses - count(*), d.answers, d.at, d.redeemed_at
         FROM (${TAKEN_BACK}) AS t CROSS JOIN coupon_draws AS d ON d.lot = t.lot AND d.position = t.position
         GROUP BY d.lot, d.position
         ON CONFLICT (lot, position) DO UPDATE SET uses = excluded.uses`,
      ),
      on(
        `DELETE FROM coupon_draws WHERE (lot, position) IN (
           SELECT d.lot, d.position FROM (${TAKEN_BACK}) AS t
           CROSS JOIN coupon_draws AS d ON d.lot = t.lot AND d.position = t.position WHERE d.uses = 0)`,
      ),
      on(`DELETE FROM coupon_uses WHERE id IN (SELECT id FROM (${TAKEN_BACK}))`),
    ],
    false,
  );
  return outcomesOf(request.items, rows as unknown as UseRow[]);
}

/** The uses as they were before, followed item by item. */
function outcomesOf(items: Parameters<Store["release"]>[0]["items"], rows: readonly UseRow[]): ReleaseOutcome[] {
  const byItem = new Map(rows.map((row) => [row.i, row]));
  const gone = new Set<string>();
  const left = new Map<number, number>();
  return items.map(({ use, number, answers }, i): ReleaseOutcome => {
    const row = byItem.get(i);
    if (row === undefined || gone.has(use)) return { released: false, reason: "unknown-use" };
    if (row.number !== number) return { released: false, reason: "other-number" };
    if (answers !== null && row.answers !== answers) return { released: false, reason: "answered-since" };
    if (row.redeemed_at !== null) return { released: false, reason: "redeemed" };
    const others = (left.get(number) ?? row.uses) - 1;
    left.set(number, others);
    gone.add(use);
    return { released: true, freed: others === 0 };
  });
}
