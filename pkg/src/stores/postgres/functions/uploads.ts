/** Batches in SQL: staging, commit, undo, and the sweep. */
import { DAY } from "../../instants.js";
import { COMMITTED, DROPPED, STAGED, UNDONE } from "../tables.js";
import { reads, writes } from "./define.js";

/** How many positions one sweep looks at: some tens of milliseconds. */
const SWEEP_POSITIONS = 10_000;

/** Whether nobody holds the code `c` and it is not void. */
const isUntouched = (s: string) => `NOT EXISTS (
    SELECT 1 FROM ${s}.draws AS d WHERE d.lot = c.lot AND d.position = c.position)
  AND NOT EXISTS (SELECT 1 FROM ${s}.voids AS v WHERE v.lot = c.lot AND v.position = c.position)`;

/** Whether the code `c` of the batch `b` has left the pool. */
const hasLeft = (s: string) => `(b.state = ${DROPPED} OR b.state = ${UNDONE} AND ${isUntouched(s)})`;

export const uploadFunctions = (s: string): string =>
  [
    writes(s, {
      name: "begin_batch",
      takes: "_tenant text, _pool text, _batch text, _version bigint, _now bigint, _lease bigint",
      body: `
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  b ${s}.batches;
BEGIN
  IF p.id IS NULL THEN
    RETURN '{"status":"stale","document":null}';
  END IF;
  IF p.version <> _version THEN
    RETURN (SELECT json_build_object('status', 'stale', 'document', d.document::json)
      FROM ${s}.documents AS d WHERE d.pool = p.id);
  END IF;
  SELECT * INTO b FROM ${s}.batches WHERE pool = p.id AND batch = _batch;
  IF FOUND THEN
    IF b.state <> ${STAGED} THEN
      RETURN '{"status":"ended"}';
    END IF;
    UPDATE ${s}.batches SET lease_until = _now + _lease WHERE id = b.id;
    RETURN '{"status":"begun"}';
  END IF;
  SELECT * INTO b FROM ${s}.batches WHERE pool = p.id AND state = ${STAGED};
  IF FOUND THEN
    IF _now < b.lease_until THEN
      RETURN json_build_object('status', 'busy', 'batch', b.batch, 'until', b.lease_until);
    END IF;
    UPDATE ${s}.batches SET state = ${DROPPED} WHERE id = b.id;
  END IF;
  INSERT INTO ${s}.batches (pool, batch, lease_until, at) VALUES (p.id, _batch, _now + _lease, _now);
  RETURN '{"status":"begun"}';
END`,
    }),

    writes(s, {
      name: "add_block",
      takes: `_tenant text, _pool text, _batch text, _number integer, _now bigint, _lease bigint, _keys text[],
  _codes text[], _expires bigint[], _counts integer[]`,
      body: `
#variable_conflict use_column
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  b ${s}.batches;
  asked integer := cardinality(_keys);
  -- Lot and position of each code of the block.
  code_lots integer[];
  code_places integer[];
  inserted integer;
  violated text;
  replaced integer := 0;
  refused integer[] := '{}';
  answer text;
BEGIN
  SELECT * INTO b FROM ${s}.batches WHERE pool = p.id AND batch = _batch;
  IF NOT FOUND OR b.state <> ${STAGED} THEN
    RETURN '{"status":"ended"}';
  END IF;
  UPDATE ${s}.batches SET lease_until = _now + _lease WHERE id = b.id;
  SELECT duplicates INTO answer FROM ${s}.blocks WHERE batch = b.id AND number = _number;
  IF FOUND THEN
    RETURN answer;
  END IF;

  INSERT INTO ${s}.lots (pool, batch, expires_at) SELECT DISTINCT p.id, b.id, e FROM unnest(_expires) AS e ORDER BY e
  ON CONFLICT (batch, expires_at) DO NOTHING;
  IF cardinality(_expires) = 1 THEN
    SELECT array_fill(l.id, ARRAY[asked]), ARRAY(SELECT generate_series(l.next, l.next + asked - 1)) INTO code_lots, code_places
    FROM ${s}.lots AS l WHERE l.batch = b.id AND l.expires_at = _expires[1];
  ELSE
    SELECT array_agg(lot ORDER BY run, i), array_agg(place ORDER BY run, i) INTO code_lots, code_places
    FROM (
      SELECT run, i, lot, next + (row_number() OVER (PARTITION BY lot ORDER BY run, i) - 1)::integer AS place
      FROM (
        SELECT r.n AS run, l.id AS lot, l.next, i
        FROM unnest(_expires, _counts) WITH ORDINALITY AS r (expires_at, count, n)
        CROSS JOIN LATERAL (
          SELECT id, next FROM ${s}.lots WHERE batch = b.id AND expires_at = r.expires_at LIMIT 1) AS l
        CROSS JOIN LATERAL generate_series(1, r.count) AS i
      ) AS code
    ) AS code;
  END IF;

  -- A list without duplicates, as most are, needs no look before each code: their key says if one was there, and then
  -- all of the block is done again with a look, and the next block with a look at once.
  inserted := -1;
  IF NOT EXISTS (SELECT 1 FROM ${s}.blocks AS o WHERE o.batch = b.id AND o.number = _number - 1 AND o.has_duplicates) THEN
    BEGIN
      INSERT INTO ${s}.codes (lot, position, pool, key, code)
      SELECT i.lot, i.place, p.id, i.key, nullif(i.code, i.key)
      FROM unnest(code_lots, code_places, _keys, _codes) AS i (lot, place, key, code);
      inserted := asked;
    EXCEPTION WHEN unique_violation THEN
      GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
      IF violated <> 'codes_by_key' THEN
        RAISE;
      END IF;
    END;
  END IF;
  IF inserted < 0 THEN
    INSERT INTO ${s}.codes (lot, position, pool, key, code)
    SELECT i.lot, i.place, p.id, i.key, nullif(i.code, i.key)
    FROM unnest(code_lots, code_places, _keys, _codes) AS i (lot, place, key, code)
    ON CONFLICT (pool, key) DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
  END IF;

  IF inserted < asked THEN
    -- What was not inserted is in somebody's way: a code that has left the pool and that no sweep has removed yet gives
    -- its place to the first code of the block with its key; all else are duplicates.
    WITH met AS MATERIALIZED (
      SELECT i.n, i.lot, i.place, i.key, i.code, c.old_lot, c.old_place, c.has_left,
        row_number() OVER (PARTITION BY i.key ORDER BY i.n) AS turn
      FROM unnest(code_lots, code_places, _keys, _codes) WITH ORDINALITY AS i (lot, place, key, code, n)
      CROSS JOIN LATERAL (
        SELECT c.lot AS old_lot, c.position AS old_place, ${hasLeft(s)} AS has_left
        FROM ${s}.codes AS c JOIN ${s}.lots AS l ON l.id = c.lot JOIN ${s}.batches AS b ON b.id = l.batch
        WHERE c.pool = p.id AND c.key = i.key LIMIT 1) AS c
      WHERE (i.lot, i.place) <> (c.old_lot, c.old_place)
    ), moved AS (
      UPDATE ${s}.codes AS c SET lot = m.lot, position = m.place, code = nullif(m.code, m.key)
      FROM met AS m CROSS JOIN LATERAL (
        SELECT k.ctid AS place FROM ${s}.codes AS k WHERE k.lot = m.old_lot AND k.position = m.old_place LIMIT 1) AS k
      WHERE m.has_left AND m.turn = 1 AND c.ctid = k.place
      RETURNING 1
    )
    SELECT coalesce(array_agg(n - 1 ORDER BY n) FILTER (WHERE NOT (has_left AND turn = 1)), '{}'),
      (SELECT count(*) FROM moved)
    INTO refused, replaced FROM met;
    IF inserted + replaced + cardinality(refused) <> asked THEN
      RAISE EXCEPTION 'A block''s codes and duplicates do not add up.';
    END IF;
  END IF;

  IF cardinality(_expires) = 1 THEN
    UPDATE ${s}.lots SET next = next + asked, added = added + asked - cardinality(refused) WHERE id = code_lots[1];
  ELSE
    UPDATE ${s}.lots AS l SET next = l.next + i.sent, added = l.added + i.sent - i.known
    FROM (
      SELECT lot, sum(sent)::integer AS sent, sum(known)::integer AS known
      FROM (
        SELECT lot, 1 AS sent, 0 AS known FROM unnest(code_lots) AS lot
        UNION ALL SELECT code_lots[i + 1], 0, 1 FROM unnest(refused) AS i
      ) AS code GROUP BY lot
    ) AS i
    WHERE l.id = i.lot;
  END IF;
  answer := json_build_object('status', 'added', 'duplicates', refused);
  INSERT INTO ${s}.blocks (batch, number, duplicates, has_duplicates)
  VALUES (b.id, _number, answer, cardinality(refused) + replaced > 0);
  RETURN answer;
END`,
    }),

    writes(s, {
      name: "commit_batch",
      takes: "_tenant text, _pool text, _batch text, _note text, _now bigint",
      body: `
#variable_conflict use_column
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  b ${s}.batches;
  sum bigint;
BEGIN
  SELECT * INTO b FROM ${s}.batches WHERE pool = p.id AND batch = _batch;
  IF NOT FOUND OR b.state NOT IN (${STAGED}, ${COMMITTED}) THEN
    RETURN '{"status":"ended"}';
  END IF;
  SELECT coalesce(sum(l.added), 0) INTO sum FROM ${s}.lots AS l WHERE l.batch = b.id;
  IF b.state = ${STAGED} THEN
    UPDATE ${s}.batches SET state = ${COMMITTED}, note = _note, at = _now WHERE id = b.id;
    UPDATE ${s}.lots SET free = added WHERE batch = b.id;
    INSERT INTO ${s}.expiries AS e (pool, expires_at, added)
    SELECT p.id, l.expires_at, l.added FROM ${s}.lots AS l WHERE l.batch = b.id AND l.added > 0
    ON CONFLICT (pool, expires_at) DO UPDATE SET added = e.added + excluded.added;
    UPDATE ${s}.pools SET added = added + sum WHERE id = p.id;
  END IF;
  RETURN json_build_object('status', 'committed', 'added', sum);
END`,
    }),

    writes(s, {
      name: "drop_batch",
      takes: "_tenant text, _pool text, _batch text",
      body: `
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
BEGIN
  UPDATE ${s}.batches SET state = ${DROPPED} WHERE pool = p.id AND batch = _batch AND state = ${STAGED};
  RETURN NULL;
END`,
    }),

    writes(s, {
      name: "undo_batch",
      takes: "_tenant text, _pool text, _batch text",
      body: `
#variable_conflict use_column
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  b ${s}.batches;
BEGIN
  SELECT * INTO b FROM ${s}.batches WHERE pool = p.id AND batch = _batch;
  IF b.state = ${COMMITTED} THEN
    SELECT coalesce(sum(l.free), 0), coalesce(sum(l.assigned), 0) INTO b.removed, b.kept
    FROM ${s}.lots AS l WHERE l.batch = b.id;
    UPDATE ${s}.expiries AS e SET undone = e.undone + l.free FROM (
      SELECT expires_at, free FROM ${s}.lots WHERE batch = b.id) AS l
    WHERE e.pool = p.id AND e.expires_at = l.expires_at;
    UPDATE ${s}.lots SET undone = undone + free, free = 0, returned = 0 WHERE batch = b.id;
    UPDATE ${s}.batches SET state = ${UNDONE}, removed = b.removed, kept = b.kept, swept = false WHERE id = b.id;
    UPDATE ${s}.pools SET added = added - b.removed WHERE id = p.id;
  ELSIF b.state IS DISTINCT FROM ${UNDONE} THEN
    RETURN NULL;
  END IF;
  RETURN json_build_object('removed', b.removed, 'kept', b.kept);
END`,
    }),

    reads(s, {
      name: "list_batches",
      takes: "_tenant text, _pool text, _before bigint, _limit integer",
      body: `
BEGIN
  RETURN coalesce((
    SELECT json_agg(json_build_object('id', b.id, 'batch', b.batch,
      'state', CASE b.state WHEN ${STAGED} THEN 'staged' WHEN ${COMMITTED} THEN 'committed' ELSE 'undone' END,
      'note', b.note::json, 'added', l.added, 'undone', l.undone, 'assigned', l.assigned, 'at', b.at) ORDER BY b.id DESC)
    FROM (
      SELECT b.* FROM ${s}.pools AS p JOIN ${s}.batches AS b ON b.pool = p.id
      WHERE p.tenant = _tenant AND p.handle = _pool AND b.id < _before AND b.state <> ${DROPPED}
      ORDER BY b.id DESC LIMIT _limit
    ) AS b
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(l.added), 0) AS added, coalesce(sum(l.undone), 0) AS undone,
        coalesce(sum(l.assigned), 0) AS assigned
      FROM ${s}.lots AS l WHERE l.batch = b.id) AS l), '[]');
END`,
    }),

    reads(s, {
      name: "contains",
      takes: "_tenant text, _pool text, _keys text[]",
      body: `
BEGIN
  -- The indices of the keys that the pool holds.
  RETURN coalesce((
    SELECT json_agg(i.n - 1 ORDER BY i.n)
    FROM ${s}.pools AS p CROSS JOIN unnest(_keys) WITH ORDINALITY AS i (key, n)
    CROSS JOIN LATERAL (
      SELECT 1 FROM ${s}.codes AS c JOIN ${s}.lots AS l ON l.id = c.lot JOIN ${s}.batches AS b ON b.id = l.batch
      WHERE c.pool = p.id AND c.key = i.key AND b.state <> ${STAGED} AND NOT ${hasLeft(s)} LIMIT 1) AS c
    WHERE p.tenant = _tenant AND p.handle = _pool), '[]');
END`,
    }),

    writes(s, {
      name: "sweep",
      takes: "_tenant text, _pool text, _now bigint, _today bigint",
      body: `
#variable_conflict use_column
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  b ${s}.batches;
  l ${s}.lots;
BEGIN
  UPDATE ${s}.batches SET state = ${DROPPED} WHERE pool = p.id AND state = ${STAGED} AND lease_until <= _now;
  INSERT INTO ${s}.usage AS u (pool, at, draws)
  SELECT p.id, at - at % ${DAY}, sum(draws) FROM ${s}.usage
  WHERE pool = p.id AND at < _today AND at % ${DAY} <> 0 GROUP BY 2
  ON CONFLICT (pool, at) DO UPDATE SET draws = u.draws + excluded.draws;
  DELETE FROM ${s}.usage WHERE pool = p.id AND at < _today AND at % ${DAY} <> 0;
  SELECT * INTO b FROM ${s}.batches WHERE pool = p.id AND NOT swept AND state <> ${STAGED} LIMIT 1;
  IF NOT FOUND THEN
    RETURN '{"more":false}';
  END IF;
  DELETE FROM ${s}.blocks WHERE batch = b.id;
  IF b.state <> ${COMMITTED} THEN
    SELECT * INTO l FROM ${s}.lots WHERE batch = b.id AND swept < next LIMIT 1;
    IF FOUND THEN
      l.next := least(l.swept + ${SWEEP_POSITIONS}, l.next);
      -- Held and void codes stay.
      DELETE FROM ${s}.codes AS c WHERE c.lot = l.id AND c.position >= l.swept AND c.position < l.next
        AND ${isUntouched(s)};
      DELETE FROM ${s}.returned WHERE lot = l.id AND position >= l.swept AND position < l.next;
      UPDATE ${s}.lots SET swept = l.next WHERE id = l.id;
      RETURN '{"more":true}';
    END IF;
  END IF;
  UPDATE ${s}.batches SET swept = true WHERE id = b.id;
  RETURN '{"more":true}';
END`,
    }),
  ].join("\n");
