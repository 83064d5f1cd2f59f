/** The store contract under Vitest: cases pass, and those that lack a hook are skipped with its name. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("./vitest/", import.meta.url));
const program = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

interface Case {
  status: string;
  title: string;
}

it("the store contract runs under Vitest", { timeout: 300_000 }, async (t) => {
  const args = [program, "run", "--root", root, "--config", `${root}vitest.config.ts`, "--reporter=json"];
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const said = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${stdout}\n${stderr}`)) : resolve(stdout),
    );
  });
  const { testResults } = JSON.parse(said.slice(said.indexOf("{"))) as { testResults: { assertionResults: Case[] }[] };
  const cases = testResults.flatMap(({ assertionResults }) => assertionResults);
  const titles = (status: string) => cases.filter((one) => one.status === status).map(({ title }) => title);
  assert.deepEqual(titles("failed"), []);
  assert.ok(titles("passed").length > 80, `${titles("passed").length} cases passed`);
  // Memory cannot be cut off, or made to fail.
  assert.ok(titles("skipped").some((title) => title.includes("connection is cut")));
  assert.ok(titles("skipped").length < 10, titles("skipped").join("\n"));
  t.diagnostic(`${titles("passed").length} passed, ${titles("skipped").length} skipped`);
});
