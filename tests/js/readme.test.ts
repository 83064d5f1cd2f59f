/** The README's first program does what the README says. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

const root = new URL("../../", import.meta.url).pathname;

it("the six lines of the README draw the code that it promises", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, program] = /## Six lines[\s\S]*?```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const [, promised] = /`mail\.output` is `([^`]*)`/.exec(readme) ?? [];
  assert.ok(program && promised);
  // Inside the repository, so that the package is found; in a folder of its own for its database.
  mkdirSync(join(root, "target"), { recursive: true });
  const folder = mkdtempSync(join(root, "target", "readme-"));
  try {
    writeFileSync(join(folder, "program.mjs"), `${program}\nconsole.log(mail.output);\n`);
    const output = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
    assert.equal(output.trim(), promised);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
