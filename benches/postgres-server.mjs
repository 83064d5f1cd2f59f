/** The Postgres that cases are measured on: private, `fsync` on, on the disk that the repository is on. */

import { chmodSync } from "node:fs";
import { tsImport } from "tsx/esm/api";
import { withFolder } from "./scratch.mjs";

const { startPostgres } = await tsImport("../tests/servers/postgres.ts", import.meta.url);

/** As a small server is set up: room for what is hot, and no checkpoint in the middle of a run. */
const SETTINGS = { shared_buffers: "512MB", max_wal_size: "8GB", checkpoint_timeout: "30min" };

export function withPostgres(work) {
  return withFolder(async (folder) => {
    // Postgres has a user of its own.
    chmodSync(folder, 0o755);
    const server = await startPostgres({ folder, settings: SETTINGS });
    try {
      await work(server.url);
    } finally {
      await server.stop();
    }
  });
}
