/**
 * The tables. Two rules are kept by their keys alone, whatever the code above them does: a code has at most one draw
 * (`coupon_draws`), and a key is in a pool at most once (`coupon_codes_by_key`).
 */
import { first, type SqlEngine } from "./engine.js";

/** Version of this layout. */
export const VERSION = 1;

/** States of a batch, as stored. */
export const STAGED = 0;
export const COMMITTED = 1;
export const UNDONE = 2;
export const DROPPED = 3;

/** Every statement that makes the tables; where they are there, it does nothing. */
export const TABLES: readonly string[] = [
  "CREATE TABLE IF NOT EXISTS coupon_schema (version INTEGER NOT NULL) STRICT",
  // `draws`: the last draw's number. `added`: codes added and not undone.
  `CREATE TABLE IF NOT EXISTS coupon_pools (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    handle TEXT NOT NULL,
    document TEXT NOT NULL,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    draws INTEGER NOT NULL DEFAULT 0,
    added INTEGER NOT NULL DEFAULT 0,
    fell_back INTEGER NOT NULL DEFAULT 0,
    redeemed INTEGER NOT NULL DEFAULT 0,
    alerts TEXT,
    alerts_revision INTEGER,
    UNIQUE (tenant, handle)
  ) STRICT`,
  // Rows stay for ever, so that an ended batch is known as such; ids grow, so they are the order of batches.
  `CREATE TABLE IF NOT EXISTS coupon_batches (
    id INTEGER PRIMARY KEY,
    pool INTEGER NOT NULL,
    batch TEXT NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL DEFAULT 'null',
    removed INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0,
    swept INTEGER NOT NULL DEFAULT 0,
    UNIQUE (pool, batch)
  ) STRICT`,
  "CREATE UNIQUE INDEX IF NOT EXISTS coupon_batches_staged ON coupon_batches (pool) WHERE state = 0",
  "CREATE INDEX IF NOT EXISTS coupon_batches_unswept ON coupon_batches (pool) WHERE swept = 0",
  "CREATE INDEX IF NOT EXISTS coupon_batches_by_age ON coupon_batches (pool, id)",
  // `free`: what claims may take, 0 unless committed. `next`: the first position that no block has used (blocks leave
  // gaps where they had duplicates). `cursor`: the first position that was never handed out.
  `CREATE TABLE IF NOT EXISTS coupon_lots (
    id INTEGER PRIMARY KEY,
    pool INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    added INTEGER NOT NULL DEFAULT 0,
    free INTEGER NOT NULL DEFAULT 0 CHECK (free >= 0),
    assigned INTEGER NOT NULL DEFAULT 0 CHECK (assigned >= 0),
    returned INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0),
    void INTEGER NOT NULL DEFAULT 0,
    undone INTEGER NOT NULL DEFAULT 0,
    next INTEGER NOT NULL DEFAULT 0,
    cursor INTEGER NOT NULL DEFAULT 0,
    swept INTEGER NOT NULL DEFAULT 0,
    UNIQUE (batch, expires_at)
  ) STRICT`,
  "CREATE INDEX IF NOT EXISTS coupon_lots_open ON coupon_lots (pool, expires_at, batch) WHERE free > 0",
  // Never updated. `code` is NULL where it equals its key.
  `CREATE TABLE IF NOT EXISTS coupon_codes (
    lot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    key TEXT NOT NULL,
    code TEXT,
    PRIMARY KEY (lot, position)
  ) STRICT, WITHOUT ROWID`,
  "CREATE UNIQUE INDEX IF NOT EXISTS coupon_codes_by_key ON coupon_codes (pool, key)",
  // Free positions before a lot's cursor.
  `CREATE TABLE IF NOT EXISTS coupon_returned (
    lot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lot, position)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS coupon_voids (
    lot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lot, position)
  ) STRICT, WITHOUT ROWID`,
  // One row a held code: a second holder of the same code is a primary key violation. `answers`: how often it was
  // answered, to whichever use; null without a holder, where the one use counts for itself.
  `CREATE TABLE IF NOT EXISTS coupon_draws (
    lot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    holder TEXT,
    uses INTEGER NOT NULL,
    answers INTEGER,
    at INTEGER NOT NULL,
    redeemed_at INTEGER,
    PRIMARY KEY (lot, position)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS coupon_holders (
    pool INTEGER NOT NULL,
    holder TEXT NOT NULL,
    lot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (pool, holder)
  ) STRICT, WITHOUT ROWID`,
  // With a rowid, so that the four trees below repeat eight bytes and not the use's key. `answers`: its draw's when this
  // use was last answered.
  `CREATE TABLE IF NOT EXISTS coupon_uses (
    id INTEGER PRIMARY KEY,
    pool INTEGER NOT NULL,
    use TEXT NOT NULL,
    lot INTEGER NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    contact TEXT,
    message TEXT,
    slot TEXT NOT NULL,
    UNIQUE (pool, use)
  ) STRICT`,
  "CREATE INDEX IF NOT EXISTS coupon_uses_by_number ON coupon_uses (pool, number)",
  "CREATE INDEX IF NOT EXISTS coupon_uses_by_contact ON coupon_uses (pool, contact) WHERE contact IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS coupon_uses_by_message ON coupon_uses (pool, message) WHERE message IS NOT NULL",
  // The duplicates answered for each block of a staged batch, for repeats.
  `CREATE TABLE IF NOT EXISTS coupon_blocks (
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    duplicates TEXT NOT NULL,
    PRIMARY KEY (batch, number)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS coupon_expiries (
    pool INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    added INTEGER NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0,
    assigned INTEGER NOT NULL DEFAULT 0,
    void INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (pool, expires_at),
    CHECK (assigned >= 0 AND added >= undone + assigned + void)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS coupon_usage (
    pool INTEGER NOT NULL,
    at INTEGER NOT NULL,
    draws INTEGER NOT NULL,
    PRIMARY KEY (pool, at)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS coupon_journal (
    pool INTEGER NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (pool, id)
  ) STRICT, WITHOUT ROWID`,
];

/** Creates the tables if they are not there; any number of processes may do so at once. */
export function createTables(engine: SqlEngine): void {
  engine.write(() => {
    engine.run(TABLES[0] as string);
    const found = first<{ version: number }>(engine, "SELECT version FROM coupon_schema");
    if (found !== undefined) return checkLayout(found.version);
    for (const table of TABLES) engine.run(table);
    engine.run("INSERT INTO coupon_schema (version) VALUES (?)", VERSION);
  });
}

export function checkLayout(version: number): void {
  if (version === VERSION) return;
  throw new Error(
    `The database has coupon pools of layout ${version}; this release reads layout ${VERSION}. ` +
      "Use the release that wrote it, or a newer one.",
  );
}
