/** Claims and releases in SQL: the cost of a claim is that of its items, whatever the pool's size. */
import { NEVER } from "../../instants.js";
import { UNDONE } from "../tables.js";
import { flushes, part, writes } from "./define.js";

/** What becomes of an item, by the rules of `Store.claim`. */
const REPEAT = 1;
const HELD = 2;
const EXPIRED = 3;
const WANTS = 4;

/** A draw `d` with its code: the rest of a lookup that starts at a use or a holder. */
const heldCode = (s: string, at: string) => `
  JOIN ${s}.draws AS d ON d.lot = ${at}.lot AND d.position = ${at}.position
  JOIN ${s}.lots AS l ON l.id = ${at}.lot
  JOIN ${s}.codes AS c ON c.lot = ${at}.lot AND c.position = ${at}.position`;

/** What a claim's statements have in common, as declarations. */
const DECLARATIONS = (s: string) => `
  p record;
  l record;
  after bigint := _now + _min_validity;
  pool_expiry bigint := coalesce(_expires_at, ${NEVER});
  asked integer := cardinality(_uses);
  wanted integer := 0;
  -- The codes taken by this claim, in order.
  f_lot integer[] := '{}';
  f_position integer[] := '{}';
  f_expires bigint[] := '{}';
  f_code text[] := '{}';
  part integer;
  back integer;
  t_position integer[];
  t_code text[];
  -- What is known of each item, in order; numbers are 0 where there is none, for arrays without nulls are quick.
  is_plain boolean;
  violated text;
  a_kind integer[];
  a_lot integer[];
  a_position integer[];
  a_number bigint[];
  a_expires bigint[];
  a_answers bigint[];
  a_rank integer[];
  a_code text[];
  fallbacks bigint := 0;
  outcomes json;
  remaining bigint;
  alerts ${s}.alerts;`;

/** Rules 1 to 4, for all items at once; rank counts the codes that are wanted, one for each use or holder. */
const knownItems = (s: string) => `
  SELECT array_agg(kind ORDER BY n), array_agg(lot ORDER BY n), array_agg(position ORDER BY n),
    array_agg(number ORDER BY n), array_agg(expires_at ORDER BY n), array_agg(answers ORDER BY n),
    array_agg(rank ORDER BY n), array_agg(code ORDER BY n), max(rank)
  INTO a_kind, a_lot, a_position, a_number, a_expires, a_answers, a_rank, a_code, wanted
  FROM (
    SELECT n, kind, lot, position, number, expires_at, answers, code,
      CASE kind WHEN ${WANTS} THEN dense_rank() OVER (PARTITION BY kind ORDER BY first)::integer ELSE 0 END AS rank
    FROM (
      SELECT *, min(n) OVER (PARTITION BY kind, holder, CASE WHEN holder IS NULL THEN n END) AS first
      FROM (
        SELECT i.n, i.holder,
          CASE
            WHEN u.lot IS NOT NULL THEN ${REPEAT}
            WHEN h.lot IS NULL THEN ${WANTS}
            WHEN CASE h.expires_at WHEN ${NEVER} THEN pool_expiry ELSE h.expires_at END > _now THEN ${HELD}
            WHEN _reuse = 'per-contact' THEN ${EXPIRED}
            ELSE ${WANTS}
          END AS kind,
          coalesce(u.lot, h.lot, 0) AS lot, coalesce(u.position, h.position, 0) AS position,
          coalesce(u.number, h.number, 0) AS number, coalesce(u.expires_at, h.expires_at, 0) AS expires_at,
          coalesce(u.answers, h.answers, 0)::bigint AS answers, coalesce(u.code, h.code) AS code
        FROM unnest(_uses, _holders) WITH ORDINALITY AS i (use, holder, n)
        LEFT JOIN LATERAL (
          SELECT u.lot, u.position, u.number, coalesce(d.answers, u.answers) AS answers, l.expires_at,
            coalesce(c.code, c.key) AS code
          FROM ${s}.uses AS u ${heldCode(s, "u")}
          WHERE u.pool = p.id AND u.use = i.use LIMIT 1
        ) AS u ON true
        LEFT JOIN LATERAL (
          SELECT h.lot, h.position, d.number, d.answers, l.expires_at, coalesce(c.code, c.key) AS code
          FROM ${s}.holders AS h ${heldCode(s, "h")}
          WHERE u.lot IS NULL AND h.pool = p.id AND h.holder = i.holder LIMIT 1
        ) AS h ON true
      ) AS item
    ) AS item
  ) AS item;`;

/** Takes up to `wanted` codes out of the lots, in the order of claims. */
const take = (s: string) => `
  WHILE cardinality(f_lot) < wanted LOOP
    SELECT * INTO l FROM (
      (SELECT * FROM ${s}.lots WHERE pool = p.id AND is_open AND expires_at > after AND expires_at < ${NEVER}
        ORDER BY expires_at, batch LIMIT 1)
      UNION ALL
      (SELECT * FROM ${s}.lots WHERE pool = p.id AND is_open AND expires_at = ${NEVER} AND pool_expiry > after
        ORDER BY batch LIMIT 1)
    ) AS lot
    ORDER BY CASE expires_at WHEN ${NEVER} THEN pool_expiry ELSE expires_at END, batch, expires_at LIMIT 1;
    EXIT WHEN NOT FOUND;
    part := least(wanted - cardinality(f_lot), l.free);
    back := 0;
    IF l.returned > 0 THEN
      WITH taken AS (
        DELETE FROM ${s}.returned WHERE lot = l.id AND position = ANY (ARRAY(
          SELECT r.position FROM ${s}.returned AS r WHERE r.lot = l.id ORDER BY r.position LIMIT part))
        RETURNING position
      )
      SELECT array_agg(t.position ORDER BY t.position), array_agg(c.code ORDER BY t.position) INTO t_position, t_code
      FROM taken AS t CROSS JOIN LATERAL (
        SELECT coalesce(c.code, c.key) AS code FROM ${s}.codes AS c
        WHERE c.lot = l.id AND c.position = t.position LIMIT 1) AS c;
      back := coalesce(cardinality(t_position), 0);
      IF back > 0 THEN
        f_position := f_position || t_position;
        f_code := f_code || t_code;
      END IF;
    END IF;
    IF back < part THEN
      SELECT array_agg(position), array_agg(code) INTO t_position, t_code FROM (
        SELECT c.position, coalesce(c.code, c.key) AS code FROM ${s}.codes AS c
        WHERE c.lot = l.id AND c.position >= l.cursor AND (l.void = 0 OR NOT EXISTS (
          SELECT 1 FROM ${s}.voids AS v WHERE v.lot = c.lot AND v.position = c.position))
        ORDER BY c.position LIMIT part - back
      ) AS next;
      f_position := f_position || t_position;
      f_code := f_code || t_code;
      l.cursor := t_position[cardinality(t_position)] + 1;
    END IF;
    IF cardinality(f_position) <> cardinality(f_lot) + part THEN
      RAISE EXCEPTION 'Lot % says % codes are free, but has fewer.', l.id, l.free;
    END IF;
    UPDATE ${s}.lots SET free = free - part, assigned = assigned + part, returned = returned - back, cursor = l.cursor
    WHERE id = l.id;
    UPDATE ${s}.expiries SET assigned = assigned + part WHERE pool = p.id AND expires_at = l.expires_at;
    f_lot := f_lot || array_fill(l.id, ARRAY[part]);
    f_expires := f_expires || array_fill(l.expires_at, ARRAY[part]);
  END LOOP;`;

/** New uses of a pool without holders: one draw each, in order, for as long as there are codes. */
const recordPlain = (s: string) => `
    INSERT INTO ${s}.draws (lot, position, number, at, uses)
    SELECT f.lot, f.position, p.draws + f.n, _now, 1 FROM unnest(f_lot, f_position) WITH ORDINALITY AS f (lot, position, n);
    INSERT INTO ${s}.uses (id, number, pool, lot, position, answers, use, contact, message, slot)
    SELECT p.recorded + f.n, p.draws + f.n, p.id, f.lot, f.position, 1, f.use, f.contact,
      coalesce(f.message, _messages[1]), coalesce(f.slot, _slots[1])
    FROM unnest(_uses, _contacts, _messages, _slots, f_lot, f_position)
      WITH ORDINALITY AS f (use, contact, message, slot, lot, position, n)
    WHERE f.lot IS NOT NULL;
    IF cardinality(f_lot) < asked THEN
      SELECT count(*) INTO fallbacks FROM unnest(_falls_back) WITH ORDINALITY AS i (falls_back, n)
      WHERE i.falls_back AND i.n > cardinality(f_lot);
    END IF;
    outcomes := json_build_object('first', p.draws + 1, 'codes', f_code, 'expires', f_expires);`;

/** Items of all kinds. Rows that are updated are found one by one, by their keys, and named by their place. */
const recordAll = (s: string) => `
    WITH item AS (
      SELECT n, use, holder, contact, coalesce(message, _messages[1]) AS message, coalesce(slot, _slots[1]) AS slot,
        falls_back, kind, rank,
        CASE kind WHEN ${WANTS} THEN f_lot[rank] WHEN ${EXPIRED} THEN NULL ELSE lot END AS lot,
        CASE kind WHEN ${WANTS} THEN f_position[rank] ELSE position END AS position,
        CASE kind WHEN ${WANTS} THEN p.draws + rank WHEN ${EXPIRED} THEN -n ELSE number END AS number,
        CASE kind WHEN ${WANTS} THEN f_expires[rank] ELSE expires_at END AS expires_at,
        CASE kind WHEN ${WANTS} THEN 0 ELSE answers END AS answers
      FROM unnest(_uses, _holders, _contacts, _messages, _slots, _falls_back, a_kind, a_rank, a_lot, a_position,
        a_number, a_expires, a_answers) WITH ORDINALITY
        AS i (use, holder, contact, message, slot, falls_back, kind, rank, lot, position, number, expires_at, answers, n)
    ), answered AS MATERIALIZED (
      SELECT *, answers + row_number() OVER draw AS answer, row_number() OVER draw AS turn,
        count(*) OVER draw_whole AS times, count(*) FILTER (WHERE kind <> ${REPEAT}) OVER draw_whole AS new_uses
      FROM item WINDOW draw AS (PARTITION BY number ORDER BY n), draw_whole AS (PARTITION BY number)
    ), new_draws AS (
      INSERT INTO ${s}.draws (lot, position, number, at, uses, answers, holder)
      SELECT lot, position, number, _now, new_uses, CASE WHEN holder IS NOT NULL THEN times END, holder
      FROM answered WHERE kind = ${WANTS} AND turn = 1 AND lot IS NOT NULL ORDER BY rank
    ), new_holders AS (
      INSERT INTO ${s}.holders (pool, holder, lot, position)
      SELECT p.id, holder, lot, position FROM answered
      WHERE kind = ${WANTS} AND turn = 1 AND lot IS NOT NULL AND holder IS NOT NULL
      ON CONFLICT (pool, holder) DO UPDATE SET lot = excluded.lot, position = excluded.position
    ), new_uses AS (
      INSERT INTO ${s}.uses (id, number, pool, lot, position, answers, use, contact, message, slot)
      SELECT p.recorded + n, number, p.id, lot, position, answer, use, contact, message, slot
      FROM answered WHERE kind <> ${REPEAT} AND lot IS NOT NULL ORDER BY n
    ), repeated_uses AS (
      UPDATE ${s}.uses AS u SET answers = a.answer
      FROM answered AS a CROSS JOIN LATERAL (
        SELECT k.ctid AS place FROM ${s}.uses AS k WHERE k.pool = p.id AND k.use = a.use LIMIT 1) AS k
      WHERE a.kind = ${REPEAT} AND u.ctid = k.place
    ), held_draws AS (
      UPDATE ${s}.draws AS d SET uses = d.uses + a.new_uses, answers = d.answers + a.times
      FROM answered AS a CROSS JOIN LATERAL (
        SELECT k.ctid AS place FROM ${s}.draws AS k
        WHERE k.lot = a.lot AND k.position = a.position AND k.answers IS NOT NULL LIMIT 1) AS k
      WHERE a.kind IN (${REPEAT}, ${HELD}) AND a.turn = 1 AND d.ctid = k.place
    )
    SELECT count(*) FILTER (WHERE falls_back AND lot IS NULL), json_build_object(
      'fresh', f_code, 'held', a_code, 'kinds', a_kind, 'ranks', a_rank,
      'numbers', array_agg(number ORDER BY n), 'expires', array_agg(coalesce(expires_at, 0) ORDER BY n),
      'answers', array_agg(answer ORDER BY n), 'turns', array_agg(turn ORDER BY n))
    INTO fallbacks, outcomes FROM answered;`;

const CLAIM = `_tenant text, _pool text, _version bigint, _now bigint, _reuse text, _expires_at bigint,
  _min_validity bigint, _uses text[], _holders text[], _contacts text[], _messages text[], _slots text[],
  _falls_back boolean[]`;
const RELEASE = "_tenant text, _pool text, _uses text[], _numbers bigint[], _answers bigint[]";

/** The names of arguments, as they are handed on. */
const namesOf = (takes: string) =>
  takes
    .split(/,\s*/)
    .map((one) => one.split(" ")[0])
    .join(", ");

export const claimFunctions = (s: string): string =>
  [
    writes(s, {
      name: "claim",
      takes: CLAIM,
      body: `
#variable_conflict use_column
DECLARE${DECLARATIONS(s)}
BEGIN
  PERFORM ${s}.queue_for_pool(_tenant, _pool);
  SELECT id, version, draws, recorded, added INTO p FROM ${s}.pools
  WHERE tenant = _tenant AND handle = _pool FOR UPDATE;
  IF NOT FOUND THEN
    RETURN '{"status":"stale","document":null}';
  END IF;
  IF p.version <> _version THEN
    RETURN (SELECT json_build_object('status', 'stale', 'document', d.document::json)
      FROM ${s}.documents AS d WHERE d.pool = p.id);
  END IF;
  -- A claim whose uses are all new, as nearly every one is, needs no look at each of them: their key says if one was
  -- answered before, and then all of it is done again with a look.
  is_plain := _holders IS NULL AND NOT EXISTS (
    SELECT 1 FROM ${s}.uses AS u WHERE u.pool = p.id AND u.use = ANY (ARRAY[_uses[1], _uses[asked]]));
  LOOP
    BEGIN
      IF is_plain THEN
        wanted := asked;
      ELSE${knownItems(s)}
      END IF;
${take(s)}
      IF is_plain AND cardinality(f_lot) < asked AND EXISTS (
        SELECT 1 FROM unnest(_uses) AS i (use) CROSS JOIN LATERAL (
          SELECT 1 FROM ${s}.uses AS u WHERE u.pool = p.id AND u.use = i.use LIMIT 1) AS u
      ) THEN
        -- No key speaks for the uses that get no code.
        RAISE unique_violation USING CONSTRAINT = 'uses_by_use';
      END IF;
      IF is_plain THEN${recordPlain(s)}
      ELSE${recordAll(s)}
      END IF;
      EXIT;
    EXCEPTION WHEN unique_violation THEN
      GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
      IF NOT is_plain OR violated <> 'uses_by_use' THEN
        RAISE;
      END IF;
      is_plain := false;
      f_lot := '{}';
      f_position := '{}';
      f_expires := '{}';
      f_code := '{}';
    END;
  END LOOP;
  IF cardinality(f_lot) > 0 THEN
    INSERT INTO ${s}.usage AS u (pool, at, draws) VALUES (p.id, _now - ((_now % 3600000) + 3600000) % 3600000, cardinality(f_lot))
    ON CONFLICT (pool, at) DO UPDATE SET draws = u.draws + excluded.draws;
  END IF;
  UPDATE ${s}.pools AS o SET draws = o.draws + cardinality(f_lot), recorded = o.recorded + asked,
    fell_back = o.fell_back + fallbacks, writes = o.writes + 1 WHERE o.id = p.id;
  SELECT coalesce(sum(e.added - e.undone - e.assigned - e.void), 0) INTO remaining FROM ${s}.expiries AS e
  WHERE e.pool = p.id AND e.expires_at > after AND (e.expires_at < ${NEVER} OR pool_expiry > after);
  SELECT * INTO alerts FROM ${s}.alerts AS a WHERE a.pool = p.id;
  RETURN json_build_object('status', 'claimed', 'outcomes', outcomes, 'remaining', remaining, 'added', p.added,
    'alerts', CASE WHEN alerts.pool IS NOT NULL THEN
      json_build_object('revision', alerts.revision, 'state', alerts.state::json) END);
END`,
    }),

    part(s, {
      name: "free_code",
      takes: "_pool integer, _lot integer, _position integer, _holder text",
      returns: "void",
      body: `
#variable_conflict use_column
DECLARE
  l record;
  gone integer;
BEGIN
  DELETE FROM ${s}.draws WHERE lot = _lot AND position = _position;
  -- Under until-expired the holder may have moved on to another code.
  DELETE FROM ${s}.holders WHERE pool = _pool AND holder = _holder AND lot = _lot AND position = _position;
  SELECT l.expires_at, l.batch, b.state INTO l FROM ${s}.lots AS l JOIN ${s}.batches AS b ON b.id = l.batch
  WHERE l.id = _lot;
  gone := CASE l.state WHEN ${UNDONE} THEN 1 ELSE 0 END;
  UPDATE ${s}.expiries SET assigned = assigned - 1, undone = undone + gone
  WHERE pool = _pool AND expires_at = l.expires_at;
  IF gone = 1 THEN
    UPDATE ${s}.lots SET assigned = assigned - 1, undone = undone + 1, swept = least(swept, _position) WHERE id = _lot;
    UPDATE ${s}.batches SET swept = false WHERE id = l.batch;
    UPDATE ${s}.pools SET added = added - 1 WHERE id = _pool;
  ELSE
    INSERT INTO ${s}.returned (lot, position) VALUES (_lot, _position);
    UPDATE ${s}.lots SET assigned = assigned - 1, free = free + 1, returned = returned + 1 WHERE id = _lot;
  END IF;
END`,
    }),

    writes(s, {
      name: "release",
      takes: RELEASE,
      body: `
#variable_conflict use_column
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool, true);
  item record;
  u record;
  outcomes text[] := '{}';
  said text;
BEGIN
  FOR item IN SELECT * FROM unnest(_uses, _numbers, _answers) AS i (use, number, answers) LOOP
    SELECT u.number, u.answers, u.lot, u.position, d.uses, d.holder, d.redeemed_at INTO u
    FROM ${s}.uses AS u JOIN ${s}.draws AS d ON d.lot = u.lot AND d.position = u.position
    WHERE u.pool = p.id AND u.use = item.use;
    said := CASE
      WHEN NOT FOUND THEN 'unknown-use'
      WHEN u.number <> item.number THEN 'other-number'
      WHEN item.answers IS NOT NULL AND u.answers <> item.answers THEN 'answered-since'
      WHEN u.redeemed_at IS NOT NULL THEN 'redeemed'
      WHEN u.uses > 1 THEN 'released'
      ELSE 'freed'
    END;
    IF said IN ('released', 'freed') THEN
      DELETE FROM ${s}.uses WHERE pool = p.id AND use = item.use;
      IF said = 'released' THEN
        UPDATE ${s}.draws SET uses = uses - 1 WHERE lot = u.lot AND position = u.position;
      ELSE
        PERFORM ${s}.free_code(p.id, u.lot, u.position, u.holder);
      END IF;
    END IF;
    outcomes := outcomes || said;
  END LOOP;
  RETURN array_to_json(outcomes);
END`,
    }),

    flushes(s, { name: "claim", takes: CLAIM, given: namesOf(CLAIM) }),

    flushes(s, { name: "release", takes: RELEASE, given: namesOf(RELEASE) }),
  ].join("\n");
