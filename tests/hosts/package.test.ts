/** What tools and compilers say of the tarball. */

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { publint } from "publint";
import { install, run, tarball, tool, workspaceModule } from "./install.js";

describe("the tarball", () => {
  it("has nothing that publint complains of", async () => {
    const { buffer } = Uint8Array.from(readFileSync(tarball()));
    const { messages } = await publint({ pack: { tarball: buffer as ArrayBuffer }, strict: true });
    assert.deepEqual(messages, []);
  });

  it("carries what a user needs, and nothing that the build left lying", async () => {
    const folder = join(await install(), "node_modules/coupon-pools");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    for (const wanted of ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
      assert.ok(files.includes(wanted), `${wanted} is missing`);
    }
    const strays = files.filter((file) => !/\.(js|d\.ts|wasm|json|md)$|^LICENSE-/.test(file));
    assert.deepEqual(
      strays.filter((file) => !statSync(join(folder, file)).isDirectory()),
      [],
    );
  });

  it("has types that are right wherever it is imported", async () => {
    // ES modules only, on purpose: every Node it allows can require them.
    const { code, stdout, stderr } = await run(tool("attw"), [tarball(), "--profile", "esm-only"], process.cwd());
    assert.equal(code, 0, stdout + stderr);
  });
});

describe("TypeScript", () => {
  let folder = "";
  before(async () => {
    folder = await install();
    cpSync(workspaceModule("@types/node"), join(folder, "node_modules/@types/node"), { recursive: true });
    cpSync(workspaceModule("undici-types"), join(folder, "node_modules/undici-types"), { recursive: true });
    const workers = "@cloudflare/workers-types";
    cpSync(workspaceModule(workers), join(folder, "node_modules", workers), { recursive: true });
    cpSync(join(folder, "consumer.ts"), join(folder, "consumer.cts"));
  });

  const strict = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  const configurations = {
    "nodenext, in Node": {
      options: { module: "nodenext", moduleResolution: "nodenext", lib: ["es2023"], types: ["node"] },
      files: ["consumer.ts", "consumer.cts"],
    },
    "nodenext, in a page": {
      options: { module: "nodenext", moduleResolution: "nodenext", lib: ["es2023", "dom"], types: [] },
      files: ["consumer.ts", "consumer.cts", "consumer-page.ts"],
    },
    "bundler, in a page": {
      options: { module: "esnext", moduleResolution: "bundler", lib: ["es2023", "dom"], types: [] },
      files: ["consumer.ts", "consumer-page.ts"],
    },
    "bundler, in a Worker": {
      options: {
        module: "esnext",
        moduleResolution: "bundler",
        lib: ["es2023"],
        types: ["@cloudflare/workers-types/2023-07-01"],
      },
      files: ["consumer.ts", "consumer-worker.ts"],
    },
  };
  for (const [name, { options, files }] of Object.entries(configurations)) {
    it(`compiles a consumer: ${name}`, async () => {
      const compilerOptions = { ...strict, target: "es2022", ...options };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      const { code, stdout } = await run(tool("tsc"), ["-p", "tsconfig.json"], folder);
      assert.equal(code, 0, stdout);
    });
  }
});
