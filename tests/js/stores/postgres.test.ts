import { after, before, describe, it } from "node:test";
import pg from "pg";
import { postgres } from "../../../pkg/src/stores/postgres.js";
import { runStoreContract } from "../../../pkg/src/testing/index.js";
import { startPostgres } from "../../servers/postgres.js";
import type { Server } from "../../servers/server.js";

let server: Server;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop());

runStoreContract({
  name: "postgres, over pg",
  test: { describe, it },
  open: async () => {
    const pool = new pg.Pool({ connectionString: server.url });
    const store = postgres(pool);
    await store.migrate();
    return {
      store,
      connect: async () => {
        const other = new pg.Pool({ connectionString: server.url });
        const store = postgres(other);
        return { ...store, close: () => other.end() };
      },
      close: () => pool.end(),
    };
  },
});
