/** The programs of docs/template-engines.md print what stands in them. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = new URL("../../../", import.meta.url).pathname;

describe("docs/template-engines.md", () => {
  const page = readFileSync(join(root, "docs/template-engines.md"), "utf8");
  const programs = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, program = ""]) => program);
  assert.equal(programs.length, 5);
  for (const [index, program] of programs.entries()) {
    it(`program ${index + 1} prints what it says`, () => {
      const promised = [...program.matchAll(/(?:;|^) ?\/\/ (.*)$/gm)].map(([, line]) => line);
      assert.ok(promised.length > 0);
      // Inside the repository, so that the packages are found.
      mkdirSync(join(root, "target"), { recursive: true });
      const folder = mkdtempSync(join(root, "target", "docs-"));
      try {
        writeFileSync(join(folder, "program.mjs"), program);
        const output = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
        assert.deepEqual(output.trimEnd().split("\n"), promised);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});
