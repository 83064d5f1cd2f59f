import { after, before, describe, it } from "node:test";
import { runStoreContract } from "../../../pkg/src/testing/index.js";
import { startPgBouncer } from "../../servers/pgbouncer.js";
import { startPostgres } from "../../servers/postgres.js";
import type { Server } from "../../servers/server.js";
import { Trouble } from "./postgres.trouble.js";

let server: Server;
let bouncer: Server;
const troubles = new Map<string, Trouble>();
before(async () => {
  server = await startPostgres();
  bouncer = await startPgBouncer(server.url);
  troubles.set("pg", new Trouble({ client: "pg", url: server.url }));
  troubles.set("bounced", new Trouble({ client: "postgres", url: bouncer.url, direct: server.url }));
  const session = { default_transaction_isolation: "serializable" };
  troubles.set("serializable", new Trouble({ client: "pg", url: server.url, session }));
});
after(async () => {
  for (const trouble of troubles.values()) await trouble.end();
  await bouncer.stop();
  await server.stop();
});

const SUITES = {
  pg: "postgres, over pg",
  bounced: "postgres, over postgres.js through PgBouncer in transaction mode",
  serializable: "postgres, over pg, in sessions that are serializable",
};
for (const [key, name] of Object.entries(SUITES)) {
  runStoreContract({ name, test: { describe, it }, open: async () => (troubles.get(key) as Trouble).open() });
}
