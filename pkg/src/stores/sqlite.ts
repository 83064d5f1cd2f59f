/**
 * The store in a SQLite file, for Node: over better-sqlite3, libsql or node:sqlite, whichever the host has. Its calls
 * block the event loop for as long as SQLite works, as these clients do.
 */
import { createRequire } from "node:module";
import type { Store, StoreTraits } from "../store.js";
import { first, type SqlEngine, type SqlValue } from "./sql/engine.js";
import { createTables } from "./sql/schema.js";
import { sqlStore } from "./sql/store.js";

/** What the three clients have in common. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close?(): unknown;
}

export interface SqliteStatement {
  all(...values: SqlValue[]): unknown[];
  run(...values: SqlValue[]): { changes: number | bigint };
}

export interface SqliteOptions {
  /**
   * SQLite's `synchronous`. `"full"` keeps what was acknowledged through a power loss; `"normal"` keeps it through a
   * crash of the process only, and saves a disk flush a call. Default `"full"`.
   */
  synchronous?: "full" | "normal";
  /** How many milliseconds a call waits for another process's transaction. Default 10,000: past any sweep or block. */
  busyTimeout?: number;
}

type OpenDatabase = new (path: string) => SqliteDatabase;

/**
 * A store in `database`: a path, which the store opens and closes with Node's own SQLite or an installed `libsql` or
 * `better-sqlite3`; or an open database, whose connection is set to WAL, `synchronous`, `busyTimeout` and up to 64 MB of
 * cache, and must not be inside a transaction when a call is made.
 */
export function sqlite(database: SqliteDatabase | string, options: SqliteOptions = {}): Store {
  const owned = typeof database === "string";
  const connection = owned ? openPath(database) : database;
  try {
    const engine = engineOf(connection);
    const traits = configure(connection, engine, options);
    createTables(engine);
    return sqlStore(engine, traits, owned ? () => connection.close?.() : undefined);
  } catch (error) {
    if (owned) connection.close?.();
    throw error;
  }
}

function openPath(path: string): SqliteDatabase {
  // better-sqlite3 13 crashes Node 20, which has no SQLite of its own; libsql's binaries run everywhere.
  const clients = ["node:sqlite", "libsql", "better-sqlite3"];
  // In a CommonJS bundle there is no `import.meta.url`.
  for (const base of [import.meta.url, `${process.cwd()}/package.json`].filter((base) => base !== undefined)) {
    const load = createRequire(base);
    for (const client of clients) {
      let found: unknown;
      try {
        found = load(client);
      } catch {
        continue;
      }
      const Database = client === "node:sqlite" ? (found as { DatabaseSync: unknown }).DatabaseSync : found;
      return new (Database as OpenDatabase)(path);
    }
  }
  throw new Error("No SQLite client was found: use Node 22.13 or later, or install libsql, or pass an open database.");
}

function configure(connection: SqliteDatabase, engine: SqlEngine, options: SqliteOptions): StoreTraits {
  const { synchronous = "full", busyTimeout = 10_000 } = options;
  connection.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeout)}`);
  useWriteAheadLog(connection, engine, busyTimeout);
  // Keys of uses are spread evenly, so a claim of 1,000 touches about as many pages. SQLite's own 2 MB of cache and a
  // checkpoint each 4 MB of log would write each page again and again: 19,500 draws a second, against 27,800 with these.
  connection.exec("PRAGMA cache_size = -65536");
  connection.exec("PRAGMA wal_autocheckpoint = 10000");
  connection.exec(`PRAGMA synchronous = ${synchronous === "normal" ? "NORMAL" : "FULL"}`);
  const main = engine
    .all<{ name: string; file: string | null }>("PRAGMA database_list")
    .find(({ name }) => name === "main");
  const inMemory = main === undefined || main.file === null || main.file === "";
  return {
    name: "sqlite",
    durability: inMemory ? "none" : synchronous === "normal" ? "process-crash" : "power-loss",
    failover: "may-lose",
    limits: { claimItems: 5_000, blockCodes: 10_000, sortCodes: 4_000_000 },
  };
}

/** The switch to WAL does not always wait for others that do the same at this moment, so it is tried again. */
function useWriteAheadLog(connection: SqliteDatabase, engine: SqlEngine, busyTimeout: number): void {
  for (let waited = 0; ; waited += 20) {
    try {
      const mode = first<{ journal_mode: string }>(engine, "PRAGMA journal_mode");
      if (mode?.journal_mode !== "wal") connection.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (waited >= busyTimeout) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** A prepared statement, with the order of its values where they are numbered (`?1`). */
interface Prepared {
  statement: SqliteStatement;
  order: number[] | null;
}

function engineOf(connection: SqliteDatabase): SqlEngine {
  const statements = new Map<string, Prepared>();
  const prepared = (sql: string): Prepared => {
    let known = statements.get(sql);
    if (known === undefined) {
      // better-sqlite3 takes numbered parameters by name only: they are given in the order in which they stand.
      const numbers = [...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number) - 1);
      const statement = connection.prepare(sql.replace(/\?\d+/g, "?"));
      known = { statement, order: numbers.length === 0 ? null : numbers };
      statements.set(sql, known);
    }
    return known;
  };
  const inOrder = (order: number[] | null, values: SqlValue[]): SqlValue[] =>
    order === null ? values : order.map((index) => values[index] as SqlValue);
  function transaction<Answer>(begin: string, work: () => Answer): Answer {
    connection.exec(begin);
    try {
      const answer = work();
      connection.exec("COMMIT");
      return answer;
    } catch (error) {
      try {
        connection.exec("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself after some errors; the first one is what the caller must see.
      }
      throw error;
    }
  }
  return {
    // SQLite's own limit is a billion, unless it was built with less.
    textBytes: 100_000_000,
    all: <Row>(sql: string, ...values: SqlValue[]) => {
      const { statement, order } = prepared(sql);
      return statement.all(...inOrder(order, values)) as Row[];
    },
    run: (sql, ...values) => {
      const { statement, order } = prepared(sql);
      statement.run(...inOrder(order, values));
    },
    change: (sql, ...values) => {
      const { statement, order } = prepared(sql);
      return Number(statement.run(...inOrder(order, values)).changes);
    },
    write: (work) => transaction("BEGIN IMMEDIATE", work),
    read: (work) => transaction("BEGIN", work),
  };
}
