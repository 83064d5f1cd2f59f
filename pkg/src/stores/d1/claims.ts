/**
 * A claim as one batch. It cannot read and then decide, so each statement works out what it needs from the items, which
 * come as JSON, and from what those before it wrote. Draws of this claim are told from older ones by their numbers:
 * `coupon_pools.draws`, the last number given, is moved in the last statement that writes draws.
 */
import type { ClaimAnswer, ClaimItem, ClaimOutcome, ClaimRequest } from "../../store.js";
import { fromColumn, hourOf, NEVER } from "../instants.js";
import { inPieces } from "../pieces.js";
import type { SqlValue } from "../sql/engine.js";
import { alertsOf, documentOf, type PoolRow } from "../sql/pools.js";
import { type Database, type Statement, sql, TEXT_BYTES } from "./database.js";
import { takenCodes, walkInClaimOrder } from "./lots.js";
import { isValidAfter } from "./names.js";

/**
 * The pool, if its settings are those that the items were derived from; otherwise no statement finds anything. It is
 * materialised, and lots are looked up one by one (`lotOf`), so that no statistics that a host has gathered while the
 * tables were small can make a claim read all pools, or all lots for each item.
 */
const POOL = `p AS MATERIALIZED (SELECT id, draws FROM coupon_pools WHERE tenant = ?1 AND handle = ?2 AND version = ?3)`;

/** The uses that this claim gave a new code. */
const FRESH = "p CROSS JOIN coupon_uses AS u ON u.pool = p.id AND u.number > p.draws";

const lotOf = (lot: string, column: string): string => `(SELECT ${column} FROM coupon_lots AS l WHERE l.id = ${lot})`;

interface OutcomeRow {
  i: number;
  id: number | null;
  number: number;
  answers: number;
  code: string;
  expires_at: number;
  has_held: number;
}

export async function claim(database: Database, request: ClaimRequest): Promise<ClaimAnswer> {
  const { items, version } = request;
  const name = [request.tenant, request.pool, version] as const;
  const after = request.now + request.minValidity;
  const poolExpiry = request.expiresAt ?? NEVER;
  const answers = await database.send(
    [
      sql(
        `SELECT version, CASE version WHEN ?3 THEN NULL ELSE document END AS document, draws, added, alerts,
           alerts_revision, (SELECT max(id) FROM coupon_uses) AS last_use
         FROM coupon_pools WHERE tenant = ?1 AND handle = ?2`,
        ...name,
      ),
      ...(items.length === 0 ? [] : writes(request, name, after, poolExpiry)),
      sql(
        `WITH ${POOL} SELECT coalesce(sum(e.added - e.undone - e.assigned - e.void), 0) AS remaining
         FROM p CROSS JOIN coupon_expiries AS e ON e.pool = p.id
         WHERE e.expires_at > ?4 AND (e.expires_at < ${NEVER} OR ?5 > ?4)`,
        ...name,
        after,
        poolExpiry,
      ),
      sql(
        `WITH ${POOL}
         SELECT j.key AS i, u.id, u.number, u.answers, coalesce(c.code, c.key) AS code, ${lotOf("u.lot", "expires_at")} AS expires_at,
           u.id IS NULL AND EXISTS (SELECT 1 FROM coupon_holders AS h WHERE h.pool = p.id AND h.holder = j.value->>1) AS has_held
         FROM p CROSS JOIN json_each(?4) AS j
         LEFT JOIN coupon_uses AS u ON u.pool = p.id AND u.use = j.value->>0
         LEFT JOIN coupon_codes AS c ON c.lot = u.lot AND c.position = u.position`,
        ...name,
        keysOf(items),
      ),
    ],
    true,
  );
  const pool = answers[0]?.[0] as unknown as (PoolRow & { last_use: number | null }) | undefined;
  if (pool?.version !== version) return { status: "stale", document: documentOf(pool) };
  const rows = answers[answers.length - 1] as unknown as OutcomeRow[];
  const outcomes = new Array<ClaimOutcome>(items.length);
  for (const row of rows) outcomes[row.i] = outcomeOf(row, pool, request);
  return {
    status: "claimed",
    outcomes,
    remaining: answers[answers.length - 2]?.[0]?.remaining as number,
    added: pool.added,
    alerts: alertsOf(pool),
  };
}

/** `pool` is as it was before the claim. */
function outcomeOf(
  row: OutcomeRow,
  pool: { draws: number; last_use: number | null },
  request: ClaimRequest,
): ClaimOutcome {
  if (row.id === null) {
    const isExpired = request.reuse === "per-contact" && row.has_held === 1;
    return { code: null, reason: isExpired ? "expired" : "empty" };
  }
  const repeat = row.id <= (pool.last_use ?? 0);
  const { code, number, answers } = row;
  const fresh = number > pool.draws && answers === 1;
  return { code, number, expiresAt: fromColumn(row.expires_at), repeat, fresh, answers };
}

const keysOf = (items: readonly ClaimItem[]): string => JSON.stringify(items.map(({ use, holder }) => [use, holder]));

function writes(
  request: ClaimRequest,
  name: readonly [string, string, number],
  after: number,
  poolExpiry: number,
): Statement[] {
  const { items, now } = request;
  const hasHolders = items.some(({ holder }) => holder !== null);
  const fallbacks = items.filter(({ fallsBack }) => fallsBack).map(({ use }) => use);
  const keys = keysOf(items);
  const on = (text: string, ...values: SqlValue[]) => sql(`WITH ${POOL} ${text}`, ...name, ...values);
  return [
    // A use whose draw has no holder counts its answers itself. Here it is known only if it was answered before.
    on(
      `UPDATE coupon_uses SET answers = answers + 1 WHERE id IN (
         SELECT u.id FROM p CROSS JOIN json_each(?4) AS j
         CROSS JOIN coupon_uses AS u ON u.pool = p.id AND u.use = j.value->>0
         CROSS JOIN coupon_draws AS d ON d.lot = u.lot AND d.position = u.position WHERE d.holder IS NULL)`,
      keys,
    ),
    insertUses(request, name, after, poolExpiry),
    ...(hasHolders
      ? holderWrites(on, keys, now)
      : [on(`${INSERT_DRAWS} SELECT u.lot, u.position, u.number, NULL, 1, NULL, ?4 FROM ${FRESH}`, now)]),
    on(
      `DELETE FROM coupon_returned WHERE (lot, position) IN (
         SELECT u.lot, u.position FROM ${FRESH} WHERE u.position < ${lotOf("u.lot", "cursor")})`,
    ),
    // Both rows are there; "insert or update" finds them by their keys, whatever the planner thinks of a join.
    on(
      `INSERT INTO coupon_lots (id, pool, batch, expires_at, assigned, returned, cursor)
       SELECT f.lot, f.pool, ${lotOf("f.lot", "batch")}, ${lotOf("f.lot", "expires_at")}, count(*), sum(position < cursor),
         max(position) + 1
       FROM (SELECT DISTINCT u.pool, u.lot, u.position, ${lotOf("u.lot", "cursor")} AS cursor FROM ${FRESH}) AS f GROUP BY f.lot
       ON CONFLICT DO UPDATE SET free = free - excluded.assigned, assigned = assigned + excluded.assigned,
         returned = returned - excluded.returned, cursor = max(cursor, excluded.cursor)`,
    ),
    on(
      `INSERT INTO coupon_expiries (pool, expires_at, added, assigned)
       SELECT u.pool, ${lotOf("u.lot", "expires_at")}, count(DISTINCT u.number), count(DISTINCT u.number)
       FROM ${FRESH} GROUP BY 2
       ON CONFLICT DO UPDATE SET assigned = assigned + excluded.assigned`,
    ),
    on(
      `INSERT INTO coupon_usage (pool, at, draws)
       SELECT u.pool, ?4, max(u.number) - p.draws FROM ${FRESH} HAVING count(*) > 0
       ON CONFLICT DO UPDATE SET draws = draws + excluded.draws`,
      hourOf(now),
    ),
    on(
      `UPDATE coupon_pools SET draws = x.last FROM (SELECT u.pool, max(u.number) AS last FROM ${FRESH} HAVING count(*) > 0) AS x
       WHERE coupon_pools.id = x.pool`,
    ),
    ...(fallbacks.length === 0
      ? []
      : [
          on(
            `UPDATE coupon_pools SET fell_back = fell_back + x.count FROM (
               SELECT p.id, count(*) AS count FROM p CROSS JOIN json_each(?4) AS j
               WHERE NOT EXISTS (SELECT 1 FROM coupon_uses AS u WHERE u.pool = p.id AND u.use = j.value) HAVING count(*) > 0
             ) AS x WHERE coupon_pools.id = x.id`,
            JSON.stringify(fallbacks),
          ),
        ]),
  ];
}

/**
 * Records every new use that gets a code: its holder's, where that is valid, or the next of the lots. Who wants a new
 * code is one for each use without a holder and for each holder, in the order in which items first ask for it.
 */
function insertUses(
  request: ClaimRequest,
  name: readonly [string, string, number],
  after: number,
  poolExpiry: number,
): Statement {
  const firsts = new Map<string, number>();
  const rows = request.items.map(({ use, holder, contact, message, slot }, i) => {
    if (holder !== null && !firsts.has(holder)) firsts.set(holder, i);
    return [use, holder, holder === null ? i : firsts.get(holder), contact, message, slot];
  });
  const pieces = inPieces(rows, TEXT_BYTES);
  const items = pieces.map(({ from }, n) => `SELECT ${from} + key AS i, value FROM json_each(?${8 + n})`);
  const wanted = "(SELECT count(*) FROM wanting)";
  return sql(
    `WITH RECURSIVE
       ${POOL},
       item AS (${items.join(" UNION ALL ")}),
       asked AS MATERIALIZED (
         SELECT j.i, j.value, j.value->>2 AS first, u.id AS use, h.lot IS NULL AS holds_none,
           ${lotOf("h.lot", isValidAfter("expires_at", "?5", "?6"))} AS is_valid, d.lot, d.position, d.number, d.answers
         FROM p CROSS JOIN item AS j
         LEFT JOIN coupon_uses AS u ON u.pool = p.id AND u.use = j.value->>0
         LEFT JOIN coupon_holders AS h ON u.id IS NULL AND h.pool = p.id AND h.holder = j.value->>1
         LEFT JOIN coupon_draws AS d ON j.value->>1 IS NOT NULL
           AND d.lot = coalesce(u.lot, h.lot) AND d.position = coalesce(u.position, h.position)
       ),
       wanting AS MATERIALIZED (
         SELECT first, row_number() OVER (ORDER BY min(i)) AS turn FROM asked
         WHERE use IS NULL AND (holds_none OR ?7 AND NOT is_valid) GROUP BY first
       ),
       ${walkInClaimOrder("?4", "?5", wanted)},
       ${takenCodes(wanted)},
       given AS (
         SELECT a.i, a.value, a.use, a.lot, a.position, a.number, a.answers FROM asked AS a
         WHERE a.use IS NOT NULL OR is_valid
         UNION ALL
         SELECT a.i, a.value, NULL, t.lot, t.position, (SELECT draws FROM p) + t.turn, 0
         FROM asked AS a CROSS JOIN wanting AS w ON w.first = a.first CROSS JOIN taken AS t ON t.turn = w.turn
         WHERE a.use IS NULL AND NOT (NOT holds_none AND is_valid)
       ),
       counted AS (
         SELECT *, answers + row_number() OVER (PARTITION BY number ORDER BY i) AS count FROM given
       )
     INSERT INTO coupon_uses (pool, use, lot, position, number, answers, contact, message, slot)
     SELECT (SELECT id FROM p), value->>0, lot, position, number, count, value->>3, value->>4, value->>5
     FROM counted WHERE use IS NULL ORDER BY i`,
    ...name,
    after,
    poolExpiry,
    request.now,
    request.reuse === "until-expired" ? 1 : 0,
    ...pieces.map(({ json }) => json),
  );
}

const INSERT_DRAWS = "INSERT INTO coupon_draws (lot, position, number, holder, uses, answers, at)";

/** New draws where holders keep their codes, and what becomes of draws that were there. */
function holderWrites(on: (text: string, ...values: SqlValue[]) => Statement, keys: string, now: number): Statement[] {
  const asked = `p CROSS JOIN json_each(?4) AS j
    CROSS JOIN coupon_uses AS u ON u.pool = p.id AND u.use = j.value->>0`;
  return [
    on(
      `${INSERT_DRAWS}
       SELECT u.lot, u.position, u.number, j.value->>1, count(*), CASE WHEN j.value->>1 IS NOT NULL THEN count(*) END, ?5
       FROM ${asked} WHERE u.number > p.draws GROUP BY u.number`,
      keys,
      now,
    ),
    on(
      `INSERT OR REPLACE INTO coupon_holders (pool, holder, lot, position)
       SELECT p.id, d.holder, d.lot, d.position FROM ${FRESH}
       CROSS JOIN coupon_draws AS d ON d.lot = u.lot AND d.position = u.position
       WHERE d.holder IS NOT NULL GROUP BY u.number`,
    ),
    // A use that is new on an older draw was counted beyond that draw's answers; a repeat was not.
    on(
      `INSERT INTO coupon_draws (lot, position, number, holder, uses, answers, at, redeemed_at)
       SELECT d.lot, d.position, d.number, d.holder, d.uses + sum(u.answers > d.answers), d.answers + count(*), d.at,
         d.redeemed_at
       FROM ${asked} CROSS JOIN coupon_draws AS d ON d.lot = u.lot AND d.position = u.position
       WHERE d.holder IS NOT NULL AND d.number <= p.draws GROUP BY d.number
       ON CONFLICT (lot, position) DO UPDATE SET uses = excluded.uses, answers = excluded.answers`,
      keys,
    ),
    on(
      `INSERT INTO coupon_uses (id, pool, use, lot, position, number, answers, contact, message, slot)
       SELECT id, pool, use, lot, position, number, count, contact, message, slot FROM (
         SELECT u.*, d.answers - count(*) OVER (PARTITION BY u.number)
           + row_number() OVER (PARTITION BY u.number ORDER BY j.key) AS count
         FROM ${asked} CROSS JOIN coupon_draws AS d ON d.lot = u.lot AND d.position = u.position
         WHERE d.holder IS NOT NULL AND d.number <= p.draws)
       WHERE count <> answers
       ON CONFLICT (id) DO UPDATE SET answers = excluded.answers`,
      keys,
    ),
  ];
}
