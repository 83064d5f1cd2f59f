/** Look-ups, marks and lists in SQL. */
import { NEVER } from "../../instants.js";
import { COMMITTED } from "../tables.js";
import { reads, writes } from "./define.js";

/** The row of a use, as `FoundRow` with its place in lists. */
const foundUse = `json_build_object('id', u.id, 'code', coalesce(c.code, c.key), 'status', 'assigned',
  'expiresAt', nullif(l.expires_at, ${NEVER}), 'batch', b.batch, 'number', u.number, 'drawnAt', d.at,
  'contact', u.contact, 'message', u.message, 'slot', u.slot, 'redeemedAt', d.redeemed_at)`;

/** All that belongs to the uses `u`. */
const details = (s: string) => `
  JOIN ${s}.draws AS d ON d.lot = u.lot AND d.position = u.position
  JOIN ${s}.codes AS c ON c.lot = u.lot AND c.position = u.position
  JOIN ${s}.lots AS l ON l.id = u.lot
  JOIN ${s}.batches AS b ON b.id = l.batch`;

/** A page of uses that `condition` finds by an index that ends in the order of uses. */
const usesPage = (s: string, condition: string, order = "u.id") => `coalesce((
  SELECT json_agg(${foundUse} ORDER BY ${order})
  FROM (
    SELECT u.* FROM ${s}.pools AS p JOIN ${s}.uses AS u ON u.pool = p.id
    WHERE p.tenant = _tenant AND p.handle = _pool AND ${condition} ORDER BY ${order} LIMIT _limit
  ) AS u ${details(s)}), '[]')`;

export const lookupFunctions = (s: string): string =>
  [
    reads(s, {
      name: "find_by_contact",
      takes: "_tenant text, _pool text, _value text, _after bigint, _limit integer",
      body: `
BEGIN
  RETURN ${usesPage(s, "u.contact = _value AND u.id > _after")};
END`,
    }),

    reads(s, {
      name: "find_by_message",
      takes: "_tenant text, _pool text, _value text, _after bigint, _limit integer",
      body: `
BEGIN
  RETURN ${usesPage(s, "u.message = _value AND u.id > _after")};
END`,
    }),

    reads(s, {
      name: "find_by_key",
      takes: "_tenant text, _pool text, _value text, _after bigint, _limit integer",
      body: `
DECLARE
  f record;
BEGIN
  SELECT coalesce(c.code, c.key) AS code, l.expires_at, b.batch, b.state, d.number, v.lot IS NOT NULL AS is_void INTO f
  FROM ${s}.pools AS p JOIN ${s}.codes AS c ON c.pool = p.id AND c.key = _value
  JOIN ${s}.lots AS l ON l.id = c.lot
  JOIN ${s}.batches AS b ON b.id = l.batch
  LEFT JOIN ${s}.draws AS d ON d.lot = c.lot AND d.position = c.position
  LEFT JOIN ${s}.voids AS v ON v.lot = c.lot AND v.position = c.position
  WHERE p.tenant = _tenant AND p.handle = _pool;
  IF f.number IS NOT NULL THEN
    RETURN ${usesPage(s, "u.number = f.number AND u.id > _after")};
  END IF;
  IF f.code IS NULL OR NOT f.is_void AND f.state <> ${COMMITTED} THEN
    RETURN '[]';
  END IF;
  RETURN json_build_array(json_build_object('id', 0, 'code', f.code,
    'status', CASE WHEN f.is_void THEN 'void' ELSE 'available' END, 'expiresAt', nullif(f.expires_at, ${NEVER}),
    'batch', f.batch, 'number', NULL, 'drawnAt', NULL, 'contact', NULL, 'message', NULL, 'slot', NULL,
    'redeemedAt', NULL));
END`,
    }),

    reads(s, {
      name: "list_draws",
      takes: "_tenant text, _pool text, _number bigint, _id bigint, _limit integer",
      body: `
BEGIN
  RETURN ${usesPage(s, "(u.number, u.id) > (_number, _id)", "u.number, u.id")};
END`,
    }),

    reads(s, {
      name: "list_codes",
      takes: "_tenant text, _pool text, _expires_at bigint, _batch integer, _after integer, _limit integer",
      body: `
#variable_conflict use_column
DECLARE
  p integer := (SELECT id FROM ${s}.pools WHERE tenant = _tenant AND handle = _pool);
  l record;
  listed text[] := '{}';
  -- The place after which a lot's codes are wanted.
  start integer;
BEGIN
  FOR l IN
    SELECT id, expires_at, batch, cursor, void FROM ${s}.lots
    WHERE pool = p AND is_open AND (expires_at, batch) >= (_expires_at, _batch) ORDER BY expires_at, batch
  LOOP
    EXIT WHEN cardinality(listed) >= _limit;
    start := CASE WHEN (l.expires_at, l.batch) = (_expires_at, _batch) THEN _after ELSE -1 END;
    -- What was given back lies before the lot's cursor, all else at or after it.
    IF start < l.cursor THEN
      listed := listed || ARRAY(
        SELECT json_build_object('expires_at', l.expires_at, 'batch', l.batch, 'position', r.position,
          'code', c.code)::text
        FROM (
          SELECT position FROM ${s}.returned WHERE lot = l.id AND position > start
          ORDER BY position LIMIT _limit - cardinality(listed)
        ) AS r
        CROSS JOIN LATERAL (
          SELECT coalesce(c.code, c.key) AS code FROM ${s}.codes AS c
          WHERE c.lot = l.id AND c.position = r.position LIMIT 1) AS c
        ORDER BY r.position);
    END IF;
    IF cardinality(listed) < _limit THEN
      listed := listed || ARRAY(
        SELECT json_build_object('expires_at', l.expires_at, 'batch', l.batch, 'position', c.position,
          'code', coalesce(c.code, c.key))::text
        FROM ${s}.codes AS c
        WHERE c.lot = l.id AND c.position > greatest(start, l.cursor - 1) AND (l.void = 0 OR NOT EXISTS (
          SELECT 1 FROM ${s}.voids AS v WHERE v.lot = c.lot AND v.position = c.position))
        ORDER BY c.position LIMIT _limit - cardinality(listed));
    END IF;
  END LOOP;
  RETURN '[' || array_to_string(listed, ',') || ']';
END`,
    }),

    writes(s, {
      name: "forget",
      takes: "_tenant text, _pool text, _contact text",
      body: `
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  forgotten integer;
BEGIN
  UPDATE ${s}.uses SET contact = NULL, message = NULL WHERE pool = p.id AND contact = _contact;
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  RETURN json_build_object('forgotten', forgotten);
END`,
    }),

    writes(s, {
      name: "mark_redeemed",
      takes: "_tenant text, _pool text, _keys text[], _now bigint",
      body: `
#variable_conflict use_column
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  marked integer;
  fresh integer;
BEGIN
  WITH held AS MATERIALIZED (
    SELECT d.place, d.redeemed_at FROM unnest(_keys) AS i (key) CROSS JOIN LATERAL (
      SELECT d.ctid AS place, d.redeemed_at
      FROM ${s}.codes AS c JOIN ${s}.draws AS d ON d.lot = c.lot AND d.position = c.position
      WHERE c.pool = p.id AND c.key = i.key LIMIT 1) AS d
  ), fresh AS (
    UPDATE ${s}.draws AS d SET redeemed_at = _now
    FROM (SELECT DISTINCT place FROM held WHERE redeemed_at IS NULL) AS h WHERE d.ctid = h.place RETURNING 1
  )
  SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM fresh) INTO marked, fresh;
  UPDATE ${s}.pools SET redeemed = redeemed + fresh WHERE id = p.id;
  RETURN json_build_object('marked', marked, 'unknown', cardinality(_keys) - marked);
END`,
    }),

    writes(s, {
      name: "void_codes",
      takes: "_tenant text, _pool text, _keys text[]",
      body: `
#variable_conflict use_column
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  lots integer[];
  places integer[];
  voided integer;
  l record;
  back integer;
BEGIN
  -- Those that nobody holds: void already, or free in a committed batch.
  WITH code AS MATERIALIZED (
    SELECT c.lot, c.position, c.is_void, c.state FROM unnest(_keys) AS i (key) CROSS JOIN LATERAL (
      SELECT c.lot, c.position, v.lot IS NOT NULL AS is_void, b.state
      FROM ${s}.codes AS c JOIN ${s}.lots AS l ON l.id = c.lot JOIN ${s}.batches AS b ON b.id = l.batch
      LEFT JOIN ${s}.voids AS v ON v.lot = c.lot AND v.position = c.position
      WHERE c.pool = p.id AND c.key = i.key
        AND NOT EXISTS (SELECT 1 FROM ${s}.draws AS d WHERE d.lot = c.lot AND d.position = c.position) LIMIT 1) AS c
    WHERE c.is_void OR c.state = ${COMMITTED}
  ), fresh AS (
    INSERT INTO ${s}.voids (lot, position) SELECT DISTINCT lot, position FROM code WHERE NOT is_void
    RETURNING lot, position
  )
  SELECT (SELECT count(*) FROM code), (SELECT array_agg(lot) FROM fresh), (SELECT array_agg(position) FROM fresh)
  INTO voided, lots, places;
  FOR l IN
    SELECT i.lot, array_agg(i.position) AS places, count(*)::integer AS count
    FROM unnest(lots, places) AS i (lot, position) GROUP BY i.lot ORDER BY i.lot
  LOOP
    DELETE FROM ${s}.returned WHERE lot = l.lot AND position = ANY (l.places);
    GET DIAGNOSTICS back = ROW_COUNT;
    UPDATE ${s}.lots SET void = void + l.count, free = free - l.count, returned = returned - back WHERE id = l.lot;
    UPDATE ${s}.expiries SET void = void + l.count
    WHERE pool = p.id AND expires_at = (SELECT o.expires_at FROM ${s}.lots AS o WHERE o.id = l.lot);
  END LOOP;
  RETURN json_build_object('voided', voided);
END`,
    }),
  ].join("\n");
