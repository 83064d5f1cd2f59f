/**
 * The store in a Cloudflare D1 database. D1 takes no transaction that waits for its caller, only batches of statements
 * that are known beforehand; so every call of the contract is one batch, and SQL alone decides what it does. The tables
 * are those of `stores/sqlite`.
 */
import type { Store } from "../store.js";
import { claim } from "./d1/claims.js";
import { type D1Connection, Database, SCHEMA } from "./d1/database.js";
import { codes, draws, find, forget, markRedeemed, voidCodes } from "./d1/lookups.js";
import { alerts, counts, journal, list, load, save, saveAlerts, saveJournal, usage } from "./d1/pools.js";
import { release } from "./d1/releases.js";
import { addBlock, batches, begin, commit, contains, drop, sweep, undo } from "./d1/uploads.js";
import { VERSION } from "./sql/schema.js";

export type { D1Connection, D1Prepared } from "./d1/database.js";

/**
 * A store in `database`, a binding such as `env.DB`. The tables are made at the first call that misses them. Nothing is
 * shared between calls but the knowledge that they are there, so one may be made for each request.
 */
export function d1(connection: D1Connection): Store {
  const database = new Database(connection);
  return {
    traits: {
      name: "d1",
      // A write is acknowledged once it is on several machines.
      durability: "power-loss",
      failover: "kept",
      limits: { claimItems: 1_000, blockCodes: 5_000 },
    },
    load: (request) => load(database, request),
    save: (request) => save(database, request),
    list: (request) => list(database, request),
    beginBatch: (request) => begin(database, request),
    addBlock: (request) => addBlock(database, request),
    commitBatch: (request) => commit(database, request),
    dropBatch: (request) => drop(database, request),
    undoBatch: (request) => undo(database, request),
    batches: (request) => batches(database, request),
    contains: (request) => contains(database, request),
    claim: (request) => claim(database, request),
    release: (request) => release(database, request),
    find: (request) => find(database, request),
    forget: (request) => forget(database, request),
    markRedeemed: (request) => markRedeemed(database, request),
    voidCodes: (request) => voidCodes(database, request),
    counts: (request) => counts(database, request),
    usage: (request) => usage(database, request),
    draws: (request) => draws(database, request),
    codes: (request) => codes(database, request),
    alerts: (request) => alerts(database, request),
    saveAlerts: (request) => saveAlerts(database, request),
    journal: (request) => journal(database, request),
    saveJournal: (request) => saveJournal(database, request),
    sweep: (request) => sweep(database, request),
  };
}

/** What makes the tables, for those who keep their own migrations (`wrangler d1 migrations`): each once, in order. */
export const d1Migrations = (): D1Migration[] => [
  { version: VERSION, sql: SCHEMA.map((statement) => `${statement};\n`).join("\n") },
];

export interface D1Migration {
  version: number;
  /** Statements, each ended by a semicolon and a line break. Where their tables are there already, they do nothing. */
  sql: string;
}
