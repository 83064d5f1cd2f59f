/**
 * The tables. Two rules are kept by their keys alone, whatever the functions above them do: a code has at most one draw
 * (`draws`), and a key is in a pool at most once (`codes_by_key`).
 *
 * Rows that claims change (pools, lots, expiries, usage) are narrow, and no column that changes is in an index, so that
 * Postgres writes their versions in place and prunes them without a vacuum (HOT). All else is written once.
 */

/** States of a batch, as stored. */
export const STAGED = 0;
export const COMMITTED = 1;
export const UNDONE = 2;
export const DROPPED = 3;

/** Text is compared byte by byte: Postgres' own orders differ from one machine's locale to the next. */
const TEXT = `text COLLATE "C"`;

/** Layout 1, in the schema `s` (quoted). */
export const tables = (s: string): string => `
-- One row a pool: what claims lock and count. "draws": the last draw's number. "recorded": the last use's id.
-- "added": codes added and not undone. "writes": moved by every write, so that stricter isolation levels see conflicts.
CREATE TABLE ${s}.pools (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant ${TEXT} NOT NULL,
  handle ${TEXT} NOT NULL,
  version bigint NOT NULL,
  draws bigint NOT NULL DEFAULT 0,
  recorded bigint NOT NULL DEFAULT 0,
  added bigint NOT NULL DEFAULT 0,
  fell_back bigint NOT NULL DEFAULT 0,
  redeemed bigint NOT NULL DEFAULT 0,
  writes bigint NOT NULL DEFAULT 0,
  UNIQUE (tenant, handle)
) WITH (fillfactor = 50);

CREATE TABLE ${s}.documents (
  pool integer PRIMARY KEY,
  revision bigint NOT NULL,
  archived boolean NOT NULL,
  document text NOT NULL
);

CREATE TABLE ${s}.alerts (
  pool integer PRIMARY KEY,
  revision bigint NOT NULL,
  state text NOT NULL
);

-- Rows stay for ever, so that an ended batch is known as such; ids grow under the pool's lock, so they are the order of
-- batches. "state": 0 staged, 1 committed, 2 undone, 3 dropped.
CREATE TABLE ${s}.batches (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pool integer NOT NULL,
  batch ${TEXT} NOT NULL,
  state smallint NOT NULL DEFAULT ${STAGED},
  lease_until bigint NOT NULL,
  at bigint NOT NULL,
  note text NOT NULL DEFAULT 'null',
  removed bigint NOT NULL DEFAULT 0,
  kept bigint NOT NULL DEFAULT 0,
  swept boolean NOT NULL DEFAULT false,
  UNIQUE (pool, batch)
);
CREATE UNIQUE INDEX batches_staged ON ${s}.batches (pool) WHERE state = ${STAGED};
CREATE INDEX batches_unswept ON ${s}.batches (pool) WHERE NOT swept;
CREATE INDEX batches_by_age ON ${s}.batches (pool, id);

-- "free": what claims may take, 0 unless committed. "next": the first position that no block has used (blocks leave gaps
-- where they had duplicates). "cursor": the first position that was never handed out.
CREATE TABLE ${s}.lots (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pool integer NOT NULL,
  batch integer NOT NULL,
  expires_at bigint NOT NULL,
  added integer NOT NULL DEFAULT 0,
  free integer NOT NULL DEFAULT 0 CHECK (free >= 0),
  assigned integer NOT NULL DEFAULT 0 CHECK (assigned >= 0),
  returned integer NOT NULL DEFAULT 0 CHECK (returned >= 0),
  void integer NOT NULL DEFAULT 0,
  undone integer NOT NULL DEFAULT 0,
  next integer NOT NULL DEFAULT 0,
  cursor integer NOT NULL DEFAULT 0,
  swept integer NOT NULL DEFAULT 0,
  is_open boolean GENERATED ALWAYS AS (free > 0) STORED,
  UNIQUE (batch, expires_at)
) WITH (fillfactor = 50);
CREATE INDEX lots_open ON ${s}.lots (pool, expires_at, batch) WHERE is_open;

-- Never updated. "code" is null where it equals its key.
CREATE TABLE ${s}.codes (
  lot integer NOT NULL,
  position integer NOT NULL,
  pool integer NOT NULL,
  key ${TEXT} NOT NULL,
  code text,
  PRIMARY KEY (lot, position)
);
CREATE UNIQUE INDEX codes_by_key ON ${s}.codes (pool, key);

-- Free positions before a lot's cursor.
CREATE TABLE ${s}.returned (
  lot integer NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (lot, position)
);

CREATE TABLE ${s}.voids (
  lot integer NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (lot, position)
);

-- One row a held code: a second holder of the same code is a primary key violation. "answers": how often it was
-- answered, to whichever use; null without a holder, where the one use counts for itself.
CREATE TABLE ${s}.draws (
  lot integer NOT NULL,
  position integer NOT NULL,
  number bigint NOT NULL,
  at bigint NOT NULL,
  redeemed_at bigint,
  uses integer NOT NULL,
  answers integer,
  holder ${TEXT},
  PRIMARY KEY (lot, position)
);

CREATE TABLE ${s}.holders (
  pool integer NOT NULL,
  holder ${TEXT} NOT NULL,
  lot integer NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (pool, holder)
);

-- "id": the order in which a pool's uses were recorded. "answers": its draw's when this use was last answered.
CREATE TABLE ${s}.uses (
  id bigint NOT NULL,
  number bigint NOT NULL,
  pool integer NOT NULL,
  lot integer NOT NULL,
  position integer NOT NULL,
  answers integer NOT NULL,
  use ${TEXT} NOT NULL,
  contact ${TEXT},
  message ${TEXT},
  slot text NOT NULL
);
CREATE UNIQUE INDEX uses_by_use ON ${s}.uses (pool, use);
CREATE INDEX uses_by_number ON ${s}.uses (pool, number, id);
CREATE INDEX uses_by_contact ON ${s}.uses (pool, contact, id) WHERE contact IS NOT NULL;
CREATE INDEX uses_by_message ON ${s}.uses (pool, message, id) WHERE message IS NOT NULL;

-- The duplicates answered for each block of a staged batch, for repeats.
CREATE TABLE ${s}.blocks (
  batch integer NOT NULL,
  number integer NOT NULL,
  duplicates text NOT NULL,
  has_duplicates boolean NOT NULL,
  PRIMARY KEY (batch, number)
);

CREATE TABLE ${s}.expiries (
  pool integer NOT NULL,
  expires_at bigint NOT NULL,
  added bigint NOT NULL,
  undone bigint NOT NULL DEFAULT 0,
  assigned bigint NOT NULL DEFAULT 0,
  void bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (pool, expires_at),
  CHECK (assigned >= 0 AND added >= undone + assigned + void)
) WITH (fillfactor = 50);

CREATE TABLE ${s}.usage (
  pool integer NOT NULL,
  at bigint NOT NULL,
  draws bigint NOT NULL,
  PRIMARY KEY (pool, at)
) WITH (fillfactor = 50);

CREATE TABLE ${s}.journal (
  pool integer NOT NULL,
  id ${TEXT} NOT NULL,
  revision bigint NOT NULL,
  entry text NOT NULL,
  PRIMARY KEY (pool, id)
);
`;
