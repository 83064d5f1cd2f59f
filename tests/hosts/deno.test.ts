import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { assertContractKept } from "./contract.js";
import { DRAWN, DRAWN_AGAIN } from "./drawn.js";
import { answer, install, newFolder, tool } from "./install.js";

/** No network, and leave only for what is named. */
const run = (allowed: string[], script: string, ...args: string[]) => [
  "run",
  "--no-remote",
  "--no-prompt",
  "--node-modules-dir=manual",
  ...allowed,
  script,
  ...args,
];

describe("Deno", () => {
  let folder = "";
  const deno = (args: string[]) => answer(tool("deno"), args, folder, { DENO_NO_UPDATE_CHECK: "1" });
  before(async () => {
    folder = await install();
  });

  it("draws, with leave to read its own folder only", async () => {
    const { value, stderr } = await deno(run([`--allow-read=${folder}`], "memory.mjs"));
    assert.deepEqual(value, DRAWN);
    assert.equal(stderr, "");
  });

  it("draws from a SQLite file, and draws the same in the next process", async () => {
    const files = newFolder();
    const allowed = [`--allow-read=${folder},${files}`, `--allow-write=${files}`];
    const file = join(files, "pools.db");
    assert.deepEqual((await deno(run(allowed, "sqlite.mjs", file))).value, DRAWN);
    assert.deepEqual((await deno(run(allowed, "sqlite.mjs", file, "again"))).value, DRAWN_AGAIN);
  });

  it("keeps the store contract over node:sqlite", async (t) => {
    const files = newFolder();
    const allowed = [`--allow-read=${folder},${files}`, `--allow-write=${files}`];
    const { value } = await deno(run(allowed, "sqlite-contract.mjs", "node:sqlite", files));
    assertContractKept(value, t);
  });
});
