/** Walks over a pool's lots in the order of claims, as common table expressions. */
import { NEVER } from "../instants.js";
import { LAST } from "./names.js";

/**
 * The lots that a claim draws from, in order, as rows of `walk`: those that expire first, then those of the oldest
 * batch, until they have as many free codes as `wanted` says. Every step is two index look-ups, so the cost is that of
 * the lots that are used. `p` is a table expression with the pool's id; `after` and `poolExpiry` are parameters.
 *
 * A row remembers where it stands in that order: `key` (its codes' expiry, or the pool's for codes without one),
 * `batch`, and `expires_at`, because codes with an expiry come before those with the pool's in one batch.
 */
export const walkInClaimOrder = (after: string, poolExpiry: string, wanted: string): string => `
  walk (n, lot, cursor, key, batch, expires_at, free) AS (
    SELECT 0, NULL, NULL, ${after}, ${LAST}, ${NEVER}, 0
    UNION ALL
    SELECT w.n + 1, l.id, l.cursor, CASE l.expires_at WHEN ${NEVER} THEN ${poolExpiry} ELSE l.expires_at END,
      l.batch, l.expires_at, w.free + l.free
    FROM walk AS w CROSS JOIN coupon_lots AS l
    WHERE w.free < ${wanted} AND l.id = (SELECT id FROM (
      SELECT * FROM (
        SELECT id, expires_at AS key, batch, expires_at FROM coupon_lots
        WHERE pool = (SELECT id FROM p) AND free > 0 AND (expires_at, batch) > (w.key, w.batch) AND expires_at < ${NEVER}
        ORDER BY expires_at, batch LIMIT 1)
      UNION ALL
      SELECT * FROM (
        SELECT id, ${poolExpiry}, batch, expires_at FROM coupon_lots
        WHERE pool = (SELECT id FROM p) AND free > 0 AND expires_at = ${NEVER} AND batch > CASE
            WHEN ${poolExpiry} > w.key THEN -1
            WHEN ${poolExpiry} < w.key THEN ${LAST}
            ELSE w.batch - (w.expires_at < ${NEVER}) END
        ORDER BY batch LIMIT 1)
      ) ORDER BY key, batch, expires_at LIMIT 1)
  )`;

/**
 * The next free codes of the lots of `walk`, at most `wanted`, as rows of `taken` numbered from 1: what was given back
 * to a lot first, and then what it never handed out. A lot's codes are read in the order of their key, in which the
 * join finds them, and no further than is wanted; sorting them would read every code of the lot.
 */
export const takenCodes = (wanted: string): string => `
  taken AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY n, position) AS turn, lot, position FROM (
      SELECT * FROM (
        SELECT w.n, r.lot, r.position FROM walk AS w CROSS JOIN coupon_returned AS r ON r.lot = w.lot LIMIT ${wanted})
      UNION ALL
      SELECT * FROM (
        SELECT w.n, c.lot, c.position FROM walk AS w CROSS JOIN coupon_codes AS c ON c.lot = w.lot AND c.position >= w.cursor
        WHERE NOT EXISTS (SELECT 1 FROM coupon_voids AS v WHERE v.lot = c.lot AND v.position = c.position)
        LIMIT ${wanted})
    )
  )`;

/** The lots that a list of free codes shows, from a place in it on: `place` names parameters, `wanted` how many codes. */
export const walkInListOrder = (
  place: { expiresAt: string; batch: string; position: string },
  wanted: string,
): string => `
  walk (n, lot, expires_at, batch, cursor, position, free) AS (
    SELECT 0, NULL, ${place.expiresAt}, ${place.batch} - 1, NULL, NULL, 0
    UNION ALL
    SELECT w.n + 1, l.id, l.expires_at, l.batch, l.cursor,
      CASE WHEN l.expires_at = ${place.expiresAt} AND l.batch = ${place.batch} THEN ${place.position} ELSE -1 END,
      -- How many codes of the first lot lie behind the place is not known: it counts for none.
      CASE WHEN l.expires_at = ${place.expiresAt} AND l.batch = ${place.batch} THEN 0 ELSE w.free + l.free END
    FROM walk AS w CROSS JOIN coupon_lots AS l
    WHERE w.free < ${wanted} AND l.id = (
      SELECT id FROM coupon_lots
      WHERE pool = (SELECT id FROM p) AND free > 0 AND (expires_at, batch) > (w.expires_at, w.batch)
      ORDER BY expires_at, batch LIMIT 1)
  )`;
