/** The store in a Postgres database, version 13 or later, over the clients `pg` and `postgres`, whichever the host has. */
import type { Store, StoreTraits } from "../store.js";
import { callsOf } from "./postgres/calls.js";
import type { PostgresDatabase } from "./postgres/client.js";
import { askPg } from "./postgres/pg.js";
import { askPostgresJs } from "./postgres/postgres-js.js";
import { migrate, migrationsOf, type PostgresMigration, quoted } from "./postgres/schema.js";
import { postgresStore } from "./postgres/store.js";

export type { PgDatabase, PostgresDatabase, PostgresJsDatabase } from "./postgres/client.js";
export type { PostgresMigration } from "./postgres/schema.js";

export interface PostgresOptions {
  /** The schema that holds the tables, which nothing else is in. Default `"coupon_pools"`. */
  schema?: string;
  /**
   * What an acknowledged write survives. Default: `"power-loss"`, which is what Postgres does unless `fsync` or
   * `full_page_writes` is off; `migrate()` looks, and says `"process-crash"` then.
   */
  durability?: StoreTraits["durability"];
  /** Whether a failover keeps acknowledged writes. Default: `"may-lose"`, and `"kept"` if `migrate()` finds that commits wait for a standby. */
  failover?: StoreTraits["failover"];
}

export interface PostgresStore extends Store {
  /**
   * Creates the schema, or brings it to this release's layout; changes nothing if it is there. Any number of processes
   * may call it at once. Call it before the first use of the store: at every start, or once in a deployment.
   */
  migrate(): Promise<void>;
}

/**
 * A store in `database`: a `Pool` (or `Client`) of `pg`, or the `sql` of `postgres`. It stays open when the store is
 * closed. Every call is one statement in a transaction of its own and leaves nothing behind in its session, so it works
 * through PgBouncer in transaction mode.
 */
export function postgres(database: PostgresDatabase, options: PostgresOptions = {}): PostgresStore {
  const { schema = "coupon_pools" } = options;
  const ask = "unsafe" in database ? askPostgresJs(database) : askPg(database);
  const traits = {
    name: "postgres",
    durability: options.durability ?? "power-loss",
    failover: options.failover ?? "may-lose",
    limits: { claimItems: 5_000, blockCodes: 10_000 },
  };
  return {
    ...postgresStore(callsOf(ask, quoted(schema)), traits),
    async migrate() {
      const { flushes, standby } = await migrate(ask, schema);
      traits.durability = options.durability ?? (flushes ? "power-loss" : "process-crash");
      traits.failover = options.failover ?? (standby ? "kept" : "may-lose");
    },
  };
}

/** The statements of each layout, oldest first, for those who run their migrations themselves: each in one transaction. */
export function postgresMigrations({ schema = "coupon_pools" }: { schema?: string } = {}): PostgresMigration[] {
  return migrationsOf(schema);
}
