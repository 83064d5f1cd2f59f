/** workerd, as Cloudflare runs it, with the engine's files as modules of the Worker. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { after, before, describe, it } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { DRAWN } from "./drawn.js";
import { install } from "./install.js";

const ISOLATES = 20;
/** One from before Workers had `FinalizationRegistry`, and a recent one. */
const COMPATIBILITY_DATES = ["2024-01-01", "2026-04-01"] as const;
const [, RECENT] = COMPATIBILITY_DATES;
/** What a memory store keeps of `create({ handle: "spring-sale", kind: "static" })`. */
const DOCUMENT = {
  format: 1,
  handle: "spring-sale",
  name: "spring-sale",
  kind: "static",
  reuse: "per-message",
  onEmpty: "stop",
  lowStock: [],
  expiresAt: null,
  minValidity: 0,
  timeZone: "UTC",
  caseSensitive: false,
  fixedCode: null,
  sample: null,
  archived: false,
  revision: 1,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
};

describe("workerd", () => {
  let out = "";
  const running: Miniflare[] = [];
  before(async () => {
    const folder = await install();
    out = join(folder, "out");
    // What wrangler does: the Worker is bundled, its wasm stays a file that is imported.
    await build({
      entryPoints: [join(folder, "worker.js")],
      bundle: true,
      format: "esm",
      conditions: ["workerd", "worker", "browser"],
      loader: { ".wasm": "copy" },
      outfile: join(out, "worker.js"),
      logLevel: "silent",
    });
  });
  after(() => Promise.all(running.map((miniflare) => miniflare.dispose())));

  const worker = (compatibilityDate: string = RECENT) => ({
    modules: true,
    modulesRules: [{ type: "CompiledWasm" as const, include: ["**/*.wasm"] }],
    modulesRoot: out,
    scriptPath: join(out, "worker.js"),
    compatibilityDate,
    bindings: { DOCUMENT },
  });

  async function start(options: ConstructorParameters<typeof Miniflare>[0]): Promise<string> {
    const miniflare = new Miniflare({ ...options, cf: false });
    running.push(miniflare);
    return (await miniflare.ready).origin;
  }

  async function ask(url: string): Promise<unknown> {
    const response = await fetch(url);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  for (const date of COMPATIBILITY_DATES) {
    it(`draws under compatibility date ${date}`, async () => {
      const url = await start(worker(date));
      assert.deepEqual(await ask(`${url}/make-draw`), DRAWN);
    });
  }

  it("carries no copy of the engine besides its files", () => {
    assert.ok(readFileSync(join(out, "worker.js")).length < 300_000);
  });

  it("draws in concurrent requests, each with a CouponPools of its own, without sharing a code", async () => {
    const url = await start(worker());
    assert.equal(await ask(`${url}/fill?pool=summer&count=200`), 200);
    assert.equal(await ask(`${url}/fill?pool=winter&count=200`), 200);
    const asked = Array.from({ length: 200 }, (_, contact) =>
      Promise.all(["summer", "winter"].map((pool) => ask(`${url}/draw?pool=${pool}&contact=${contact}`))),
    );
    const codes = (await Promise.all(asked)).flat();
    assert.equal(new Set(codes).size, 400);
    assert.equal(await ask(`${url}/draw?pool=summer&contact=0`), codes[0]);
  });

  it("draws for the first time in a new isolate", async (t) => {
    const names = Array.from({ length: ISOLATES }, (_, index) => `isolate-${index}`);
    const router = {
      name: "router",
      modules: true,
      compatibilityDate: RECENT,
      script: `export default { fetch(request, env) {
        const url = new URL(request.url);
        const [, name, ...path] = url.pathname.split("/");
        return env[name].fetch(new Request("http://worker/" + path.join("/"), request));
      } };`,
      serviceBindings: Object.fromEntries(names.map((name) => [name, name])),
    };
    const url = await start({ workers: [router, ...names.map((name) => ({ ...worker(), name }))] });
    const timed = async (path: string) => {
      const started = performance.now();
      await ask(`${url}/${path}`);
      return performance.now() - started;
    };
    const first: number[] = [];
    const later: number[] = [];
    for (const name of names) {
      for (let round = 0; round < 5; round += 1) await timed(`${name}/ping`);
      const ping = Math.min(await timed(`${name}/ping`), await timed(`${name}/ping`));
      first.push((await timed(`${name}/first-draw`)) - ping);
      later.push((await timed(`${name}/first-draw`)) - ping);
    }
    t.diagnostic(`first draw in a new isolate, over an empty request: ${summary(first)}`);
    t.diagnostic(`second draw, with an engine of its own: ${summary(later)}`);
  });
});

function summary(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(1);
  return `median ${at(0.5)} ms, fastest ${at(0)} ms, slowest ${at(1)} ms of ${times.length}`;
}
