/** Bundlers with no configuration but the entry, and what they make in a real Chromium. */

import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build as esbuild } from "esbuild";
import { build as viteBuild, createServer as viteServer } from "vite";
import webpack from "webpack";
import { HostPage, pageWith, serve, startChromium } from "./chromium.js";
import { DRAWN, DRAWN_AGAIN } from "./drawn.js";
import { engineFiles, install, newFolder } from "./install.js";
import { NO_WORKER, UPLOADED, WORKBOOKS } from "./workbooks.js";

const MODULE = `<script type="module" src="/page.js"></script>`;
const CLASSIC = `<script src="/main.js"></script>`;

/** Whether a page fetched the engine's files, or carried copies of them. */
type From = "files" | "copies";

/** How a page comes by its worker. */
interface Host {
  worker?: { call: string; uploaded: unknown[] };
  /** Complaints that belong there. */
  expected?: readonly RegExp[];
}

const FOUND = { call: "uploadInWorker", uploaded: UPLOADED };
/** A bundle of one file has no other for the worker. */
const NONE = { call: "uploadInWorker", uploaded: NO_WORKER };
/** The page says where it is. */
const OWN = { call: "uploadInOwnWorker", uploaded: UPLOADED };

let installed = "";
let chromium: Awaited<ReturnType<typeof startChromium>>;
before(async () => {
  installed = await install();
  writeFileSync(join(installed, "index.html"), pageWith(MODULE));
  chromium = await startChromium(newFolder());
});
after(() => chromium?.close());

/** A project of its own with the same installed package. */
function project(): string {
  const folder = newFolder();
  cpSync(installed, folder, { recursive: true });
  return folder;
}

/** Draws in a page and uploads in a worker; reloads the page and draws again. */
async function drawAt(url: string, from: From, { worker = FOUND, expected = [] }: Host = {}): Promise<void> {
  const page = await HostPage.open(chromium, url);
  assert.deepEqual(await page.call("makeDraw"), DRAWN);
  assert.deepEqual(await page.call("upload", WORKBOOKS), UPLOADED);
  assert.deepEqual(await page.call(worker.call, WORKBOOKS), worker.uploaded);
  await page.reload();
  assert.deepEqual(await page.call("drawAgain"), DRAWN_AGAIN);
  assert.equal(page.wasm.size, from === "files" ? engineFiles(installed).length : 0, page.loaded.join(", "));
  const unexpected = page.complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
  assert.deepEqual(unexpected, []);
  await page.close();
}

/** Draws in a folder of files that a bundler made. */
async function drawIn(folder: string, script: string, from: From, host?: Host): Promise<void> {
  const served = await serve(folder, script === "" ? {} : { "/": pageWith(script) });
  try {
    await drawAt(script === "" ? `${served.url}/index.html` : served.url, from, host);
  } finally {
    await served.close();
  }
}

const wasmIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".wasm"));

/** The worker's script as a bundle of its own. */
async function bundleWorker(folder: string): Promise<void> {
  const outfile = join(folder, "upload-worker.js");
  const stdin = { contents: `import "coupon-pools/worker/script";`, resolveDir: installed };
  await esbuild({ stdin, bundle: true, format: "esm", outfile, logLevel: "silent" });
}

describe("Vite", () => {
  it("builds", async () => {
    const root = project();
    await viteBuild({ root, configFile: false, logLevel: "silent" });
    assert.equal(wasmIn(join(root, "dist")).length, engineFiles(installed).length);
    await drawIn(join(root, "dist"), "", "files");
  });

  it("serves in development", async () => {
    const root = project();
    const server = await viteServer({
      root,
      configFile: false,
      logLevel: "silent",
      server: { host: "127.0.0.1", port: 0 },
    });
    try {
      await server.listen();
      await drawAt(server.resolvedUrls?.local[0] as string, "files");
    } finally {
      await server.close();
    }
  });
});

describe("webpack", () => {
  for (const mode of ["production", "development"] as const) {
    it(`builds for ${mode}`, async () => {
      const context = project();
      const path = join(context, "dist");
      const stats = await new Promise<webpack.Stats>((resolve, reject) => {
        webpack({ context, mode, entry: "./page.js", output: { path } }, (error, done) =>
          done ? resolve(done) : reject(error),
        );
      });
      const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true });
      assert.deepEqual(errors, []);
      assert.deepEqual(
        warnings.filter(({ message }) => !/size limit|code splitting/.test(message)),
        [],
      );
      assert.equal(wasmIn(path).length, engineFiles(installed).length);
      await drawIn(path, CLASSIC, "files");
    });
  }
});

describe("esbuild", () => {
  it("bundles a classic script, which carries the engine along", async () => {
    const folder = newFolder();
    const outfile = join(folder, "main.js");
    await esbuild({ entryPoints: [join(installed, "page.js")], bundle: true, outfile, logLevel: "silent" });
    await drawIn(folder, CLASSIC, "copies", { worker: NONE });
  });

  it("bundles a module, which looks for the engine's files first", async () => {
    const folder = newFolder();
    const outfile = join(folder, "page.js");
    const entryPoints = [join(installed, "page.js")];
    await esbuild({ entryPoints, bundle: true, format: "esm", outfile, logLevel: "silent" });
    const expected = [/404 \(Not Found\) .*\/wasm\/\w+\.wasm$/, /404 \(Not Found\) .*\/worker\/script\.js$/];
    await drawIn(folder, MODULE, "copies", { worker: NONE, expected });
    cpSync(join(installed, "node_modules/coupon-pools/wasm"), join(folder, "wasm"), { recursive: true });
    await bundleWorker(folder);
    await drawIn(folder, MODULE, "files", { worker: OWN });
  });

  it("bundles a module over coupon-pools/inline, which looks for nothing", async () => {
    const folder = newFolder();
    const entry = join(installed, "page-inline.js");
    const source = readFileSync(join(installed, "page.js"), "utf8");
    writeFileSync(entry, source.replace(`from "coupon-pools"`, `from "coupon-pools/inline"`));
    const { warnings } = await esbuild({
      entryPoints: [entry],
      bundle: true,
      format: "esm",
      outfile: join(folder, "page.js"),
      logLevel: "silent",
    });
    assert.deepEqual(warnings, []);
    await bundleWorker(folder);
    await drawIn(folder, MODULE, "copies", { worker: OWN });
  });
});
