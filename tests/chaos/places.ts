/** The databases under test: private ones, whose servers can be killed; and how each process opens its own store. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "coupon-pools";
import { startPostgres } from "../servers/postgres.js";
import { startPrivateRedis } from "../servers/redis.js";
import type { Server } from "../servers/server.js";

export const ENGINES = ["postgres", "redis", "sqlite"] as const;
export type Engine = (typeof ENGINES)[number];

/** Where a database is, in words that cross to another process. */
export interface Place {
  engine: Engine;
  /** A URL, or SQLite's file. */
  at: string;
}

export interface Database extends Place {
  /** What can be killed and started again; a file has nothing. */
  server: Server | null;
  stop(): Promise<void>;
}

export async function startDatabase(engine: Engine): Promise<Database> {
  if (engine === "sqlite") {
    const folder = mkdtempSync(join(tmpdir(), "coupon-pools-chaos-"));
    return {
      engine,
      at: join(folder, "pools.db"),
      server: null,
      stop: async () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  const server = engine === "postgres" ? await startPostgres() : await startPrivateRedis();
  return { engine, at: server.url, server, stop: () => server.stop() };
}

/** A store of one's own, set up. Rejects while the server is away. Loads one client only: most lives are short. */
export async function openStore({ engine, at }: Place): Promise<{ store: Store; close(): Promise<void> }> {
  if (engine === "sqlite") {
    const { sqlite } = await import("coupon-pools/stores/sqlite");
    const store = sqlite(at);
    return { store, close: async () => store.close?.() };
  }
  if (engine === "redis") {
    const [{ redis }, { createClient }] = await Promise.all([import("coupon-pools/stores/redis"), import("redis")]);
    const client = createClient({ url: at });
    client.on("error", () => {});
    await client.connect();
    return { store: await redis(client), close: async () => void client.destroy() };
  }
  const [{ postgres }, { default: pg }] = await Promise.all([import("coupon-pools/stores/postgres"), import("pg")]);
  // Bounds, so that a connection that the server's death left hanging is given up.
  const pool = new pg.Pool({ connectionString: at, max: 4, connectionTimeoutMillis: 10_000, query_timeout: 30_000 });
  pool.on("error", () => {});
  const store = postgres(pool);
  await store.migrate();
  return { store, close: () => pool.end() };
}
