/** Pools in SQL: documents, stock, alert state and the journal. */
import { DROPPED } from "../tables.js";
import { part, reads, writes } from "./define.js";

/** The stock of the pool `p`, as `Stock`. */
const stock = (s: string) => `json_build_object(
  'expiries', coalesce((
    SELECT json_agg(json_build_object('expiresAt', e.expires_at, 'added', e.added, 'undone', e.undone,
      'assigned', e.assigned, 'void', e.void) ORDER BY e.expires_at)
    FROM ${s}.expiries AS e WHERE e.pool = p.id), '[]'),
  'fellBack', p.fell_back, 'redeemed', p.redeemed)`;

/** The draws by hour or day of the pool `p` in [\`from\`, \`to\`). */
const usage = (s: string, from: string, to: string) => `coalesce((
  SELECT json_agg(json_build_object('at', u.at, 'draws', u.draws) ORDER BY u.at)
  FROM ${s}.usage AS u WHERE u.pool = p.id AND u.at >= ${from} AND u.at < ${to}), '[]')`;

export const poolFunctions = (s: string): string =>
  [
    part(s, {
      name: "be_durable",
      takes: "",
      returns: "void",
      body: `
BEGIN
  -- Until the end of this transaction: what is acknowledged has been flushed, whatever the session's own setting.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'local', true);
  END IF;
END`,
    }),

    part(s, {
      name: "queue_for_pool",
      takes: "_tenant text, _pool text",
      returns: "void",
      body: `
BEGIN
  -- Until the end of this transaction. The row's own lock would do, but those who wait for a row that its holder has
  -- updated all wake up, one after the other, only to wait for its next version; here one wakes up at a time.
  PERFORM pg_advisory_xact_lock(tableoid::integer, id) FROM ${s}.pools WHERE tenant = _tenant AND handle = _pool;
END`,
    }),

    part(s, {
      name: "hold_pool",
      takes: "_tenant text, _pool text, _is_flushed boolean DEFAULT false",
      returns: `${s}.pools`,
      body: `
DECLARE
  held ${s}.pools;
BEGIN
  PERFORM ${s}.queue_for_pool(_tenant, _pool);
  -- Every write to a pool begins here (claims lock first and write last), so writes to one pool take turns and cannot
  -- deadlock. It is an update, and no mere lock, so that a transaction with an older snapshot fails and is retried.
  UPDATE ${s}.pools SET writes = writes + 1 WHERE tenant = _tenant AND handle = _pool RETURNING * INTO held;
  IF NOT _is_flushed THEN
    PERFORM ${s}.be_durable();
  END IF;
  RETURN held;
END`,
    }),

    reads(s, {
      name: "load_pools",
      takes: "_tenant text, _pools text[]",
      body: `
BEGIN
  RETURN coalesce((
    SELECT json_agg(d.document::json ORDER BY i.n)
    FROM unnest(_pools) WITH ORDINALITY AS i (handle, n)
    LEFT JOIN LATERAL (
      SELECT d.document FROM ${s}.pools AS p JOIN ${s}.documents AS d ON d.pool = p.id
      WHERE p.tenant = _tenant AND p.handle = i.handle LIMIT 1
    ) AS d ON true), '[]');
END`,
    }),

    writes(s, {
      name: "save_pool",
      takes:
        "_tenant text, _pool text, _document text, _revision bigint, _version bigint, _archived boolean, _expected bigint, _untouched boolean",
      body: `
DECLARE
  p ${s}.pools;
  current ${s}.documents;
BEGIN
  p := ${s}.hold_pool(_tenant, _pool);
  IF p.id IS NULL AND _expected IS NULL THEN
    INSERT INTO ${s}.pools (tenant, handle, version) VALUES (_tenant, _pool, _version)
    ON CONFLICT (tenant, handle) DO NOTHING RETURNING * INTO p;
    IF FOUND THEN
      INSERT INTO ${s}.documents (pool, revision, archived, document) VALUES (p.id, _revision, _archived, _document);
      RETURN '{"saved":true}';
    END IF;
    -- Somebody else has created it at this moment.
    p := ${s}.hold_pool(_tenant, _pool);
  END IF;
  SELECT * INTO current FROM ${s}.documents AS d WHERE d.pool = p.id;
  IF current.revision IS DISTINCT FROM _expected THEN
    RETURN json_build_object('saved', false, 'reason', 'conflict', 'document', current.document::json);
  END IF;
  -- A draw needs a committed batch, so a pool without batches has none.
  IF _untouched AND EXISTS (SELECT 1 FROM ${s}.batches AS b WHERE b.pool = p.id AND b.state <> ${DROPPED}) THEN
    RETURN json_build_object('saved', false, 'reason', 'touched', 'document', current.document::json);
  END IF;
  UPDATE ${s}.documents SET revision = _revision, archived = _archived, document = _document WHERE pool = p.id;
  UPDATE ${s}.pools SET version = _version WHERE id = p.id;
  RETURN '{"saved":true}';
END`,
    }),

    reads(s, {
      name: "list_pools",
      takes: "_tenant text, _archived boolean, _after text, _limit integer, _usage_from bigint",
      body: `
BEGIN
  RETURN coalesce((
    SELECT json_agg(json_build_object('document', p.document::json, 'stock', ${stock(s)},
      'usage', ${usage(s, "_usage_from", "9223372036854775807")}) ORDER BY p.handle)
    FROM (
      SELECT p.*, d.document FROM ${s}.pools AS p JOIN ${s}.documents AS d ON d.pool = p.id
      WHERE p.tenant = _tenant AND p.handle > _after AND d.archived = _archived ORDER BY p.handle LIMIT _limit
    ) AS p), '[]');
END`,
    }),

    reads(s, {
      name: "count_stock",
      takes: "_tenant text, _pool text",
      body: `
BEGIN
  RETURN (SELECT ${stock(s)} FROM ${s}.pools AS p WHERE p.tenant = _tenant AND p.handle = _pool);
END`,
    }),

    reads(s, {
      name: "read_usage",
      takes: "_tenant text, _pool text, _from bigint, _to bigint",
      body: `
BEGIN
  RETURN coalesce((
    SELECT ${usage(s, "_from", "_to")} FROM ${s}.pools AS p WHERE p.tenant = _tenant AND p.handle = _pool), '[]');
END`,
    }),

    reads(s, {
      name: "read_alerts",
      takes: "_tenant text, _pool text",
      body: `
BEGIN
  RETURN (SELECT json_build_object('revision', a.revision, 'state', a.state::json)
    FROM ${s}.pools AS p JOIN ${s}.alerts AS a ON a.pool = p.id WHERE p.tenant = _tenant AND p.handle = _pool);
END`,
    }),

    writes(s, {
      name: "save_alerts",
      takes: "_tenant text, _pool text, _expected bigint, _state text",
      body: `
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  current ${s}.alerts;
  saved boolean := false;
BEGIN
  IF p.id IS NOT NULL THEN
    SELECT * INTO current FROM ${s}.alerts AS a WHERE a.pool = p.id;
    IF current.revision IS NOT DISTINCT FROM _expected THEN
      INSERT INTO ${s}.alerts (pool, revision, state) VALUES (p.id, coalesce(_expected, 0) + 1, _state)
      ON CONFLICT (pool) DO UPDATE SET revision = excluded.revision, state = excluded.state RETURNING * INTO current;
      saved := true;
    END IF;
  END IF;
  RETURN json_build_object('saved', saved, 'record', CASE WHEN current.pool IS NOT NULL THEN
    json_build_object('revision', current.revision, 'state', current.state::json) END);
END`,
    }),

    reads(s, {
      name: "read_journal",
      takes: "_tenant text, _pool text",
      body: `
BEGIN
  RETURN coalesce((
    SELECT json_agg(json_build_object('id', j.id, 'revision', j.revision, 'entry', j.entry::json) ORDER BY j.id)
    FROM ${s}.pools AS p JOIN ${s}.journal AS j ON j.pool = p.id WHERE p.tenant = _tenant AND p.handle = _pool), '[]');
END`,
    }),

    writes(s, {
      name: "save_journal",
      takes: "_tenant text, _pool text, _id text, _expected bigint, _entry text",
      body: `
DECLARE
  p ${s}.pools := ${s}.hold_pool(_tenant, _pool);
  current ${s}.journal;
  saved boolean := false;
BEGIN
  IF p.id IS NOT NULL THEN
    SELECT * INTO current FROM ${s}.journal AS j WHERE j.pool = p.id AND j.id = _id;
    IF current.revision IS NOT DISTINCT FROM _expected THEN
      saved := true;
      IF _entry IS NULL THEN
        DELETE FROM ${s}.journal AS j WHERE j.pool = p.id AND j.id = _id;
        current := NULL;
      ELSE
        INSERT INTO ${s}.journal (pool, id, revision, entry) VALUES (p.id, _id, coalesce(_expected, 0) + 1, _entry)
        ON CONFLICT (pool, id) DO UPDATE SET revision = excluded.revision, entry = excluded.entry
        RETURNING * INTO current;
      END IF;
    END IF;
  END IF;
  RETURN json_build_object('saved', saved, 'record', CASE WHEN current.pool IS NOT NULL THEN
    json_build_object('id', current.id, 'revision', current.revision, 'entry', current.entry::json) END);
END`,
    }),
  ].join("\n");
