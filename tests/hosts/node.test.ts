import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { build } from "esbuild";
import { assertContractKept } from "./contract.js";
import { DRAWN, DRAWN_AGAIN } from "./drawn.js";
import { answer, install, newFolder, nodeOfVersion } from "./install.js";

// The oldest that package.json allows, and one of every line that is maintained.
const VERSIONS = ["20.19.0", "20.20.2", "22.23.3", "24.21.0"];
const hasSqlite = (version: string) => !version.startsWith("20.");
/** Node's own word on its own SQLite. */
const withoutSqliteWarning = (stderr: string) =>
  stderr.replace(/^\(node:\d+\) ExperimentalWarning: SQLite .*\n\(Use `node --trace-warnings.*\n/m, "");

let folder = "";
before(async () => {
  folder = await install("libsql@0.5.29", "better-sqlite3@13.2.0");
});

for (const version of VERSIONS) {
  describe(`Node ${version}`, () => {
    let node = "";
    before(async () => {
      node = await nodeOfVersion(version);
    });

    for (const script of ["memory.mjs", "memory.cjs"]) {
      it(`draws through ${script.endsWith("cjs") ? "require" : "import"}, without a warning`, async () => {
        const { value, stderr } = await answer(node, [script], folder);
        assert.deepEqual(value, DRAWN);
        assert.equal(stderr, "");
      });
    }

    it("draws from a SQLite file, and draws the same in the next process", async () => {
      const file = join(newFolder(), "pools.db");
      const first = await answer(node, ["sqlite.mjs", file], folder);
      assert.deepEqual(first.value, DRAWN);
      assert.equal(withoutSqliteWarning(first.stderr), "");
      assert.deepEqual((await answer(node, ["sqlite.mjs", file, "again"], folder)).value, DRAWN_AGAIN);
    });

    for (const client of hasSqlite(version) ? ["node:sqlite", "better-sqlite3"] : []) {
      it(`keeps the store contract over ${client}`, async (t) => {
        const { value } = await answer(node, ["sqlite-contract.mjs", client, newFolder()], folder);
        assertContractKept(value, t);
      });
    }
  });
}

describe("esbuild --platform=node", () => {
  for (const format of ["esm", "cjs"] as const) {
    for (const script of ["memory.mjs", "sqlite.mjs"]) {
      it(`bundles ${script} as ${format}, without configuration`, async () => {
        const out = newFolder();
        const outfile = join(out, format === "esm" ? "main.mjs" : "main.cjs");
        await build({
          entryPoints: [join(folder, script)],
          bundle: true,
          platform: "node",
          format,
          outfile,
          logLevel: "silent",
        });
        const args = script === "sqlite.mjs" ? [join(out, "pools.db")] : [];
        const node = await nodeOfVersion(args.length > 0 ? "22.23.3" : "20.20.2");
        const { value, stderr } = await answer(node, [outfile, ...args], out);
        assert.deepEqual(value, DRAWN);
        assert.equal(withoutSqliteWarning(stderr), "");
      });
    }
  }
});
