/** Cloudflare's databases as workerd has them, from the packed tarball: Durable Objects and D1. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { assertContractKept } from "./contract.js";
import { DRAWN, DRAWN_AGAIN } from "./drawn.js";
import { install, newFolder } from "./install.js";

let out = "";
before(async () => {
  const folder = await install();
  out = join(folder, "out");
  await build({
    entryPoints: [join(folder, "cloudflare-worker.js")],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    loader: { ".wasm": "copy" },
    outfile: join(out, "worker.js"),
    logLevel: "silent",
  });
});

/** A Worker on databases that outlive it. */
class Site {
  readonly folder = newFolder();
  #running: Miniflare | undefined;

  async start(): Promise<void> {
    this.#running = new Miniflare({
      modules: true,
      modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
      modulesRoot: out,
      scriptPath: join(out, "worker.js"),
      compatibilityDate: "2026-04-01",
      durableObjects: { COUPON_POOLS: { className: "BreakableObject", useSQLite: true } },
      durableObjectsPersist: join(this.folder, "objects"),
      d1Databases: ["DB", "AT_ONCE", "MIGRATED", "MADE", "OTHER"],
      d1Persist: join(this.folder, "d1"),
      cf: false,
    });
    await this.#running.ready;
  }

  async stop(): Promise<void> {
    await this.#running?.dispose();
    this.#running = undefined;
  }

  async ask(path: string): Promise<unknown> {
    assert.ok(this.#running, "the Worker runs");
    const response = await this.#running.dispatchFetch(`http://worker${path}`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }
}

for (const store of ["durable-object", "d1"]) {
  describe(`${store} in workerd`, () => {
    const site = new Site();
    before(() => site.start());
    after(() => site.stop());

    it("keeps the store contract", async (t) => {
      assertContractKept(await site.ask(`/contract?store=${store}`), t);
    });

    it("draws, and shows its pools", async () => {
      assert.deepEqual(await site.ask(`/make-draw?store=${store}`), DRAWN);
      assert.deepEqual(await site.ask(`/list?store=${store}`), [["spring-sale", 2]]);
    });

    it("takes blocks and claims as large as it says, of the longest texts there are", async () => {
      const outcome = (await site.ask(`/longest?store=${store}`)) as Record<string, number>;
      const { claimItems, blockCodes, ...rest } = outcome;
      assert.deepEqual(rest, {
        first: { added: blockCodes, duplicates: 0 },
        again: { added: 0, duplicates: blockCodes },
        known: blockCodes,
        inOrder: true,
        marked: claimItems,
        voided: (blockCodes as number) - (claimItems as number),
        found: 3,
      });
    });

    it("keeps everything when the whole Worker is started again", async () => {
      await site.stop();
      await site.start();
      assert.deepEqual(await site.ask(`/draw-again?store=${store}`), DRAWN_AGAIN);
      assert.deepEqual(await site.ask(`/list?store=${store}`), [["spring-sale", 2]]);
    });
  });
}

/** Rows that a claim reads and writes, as Cloudflare bills them. */
type Bill = Record<"one" | "hundred", { read: number; written: number }>;

for (const store of ["durable-object", "d1"]) {
  describe(`what a draw costs in ${store}`, () => {
    const site = new Site();
    before(() => site.start());
    after(() => site.stop());

    it("is the same in a large pool and in a small one, whatever the planner believes", async (t) => {
      const { uploaded, small, large } = (await site.ask(`/cost?store=${store}`)) as {
        uploaded: Bill["one"];
        small: Bill;
        large: Bill;
      };
      t.diagnostic(`rows: a block of 5,000 codes ${JSON.stringify(uploaded)}, draws ${JSON.stringify(small)}`);
      for (const call of ["one", "hundred"] as const) {
        assert.ok(large[call].read <= small[call].read + 20, `${call}: ${JSON.stringify({ small, large })}`);
        assert.equal(large[call].written, small[call].written);
      }
      assert.ok(small.one.written <= 14 && small.hundred.written <= 620, JSON.stringify(small));
    });
  });
}

describe("a D1 database", () => {
  const site = new Site();
  before(() => site.start());
  after(() => site.stop());

  it("gets its tables from the first call, and from several first calls at once", async () => {
    assert.deepEqual(await site.ask("/tables-at-once?database=AT_ONCE"), [5, 5]);
  });

  it("has the same tables from the printed statements", async () => {
    assert.deepEqual(await site.ask("/schemas"), { count: 22, same: true, ...DRAWN });
  });

  it("is left alone where its layout is another release's", async () => {
    const { refused, pools } = (await site.ask("/other-layout")) as { refused: string; pools: number };
    assert.match(refused, /layout 99/);
    assert.equal(pools, 1);
  });
});

describe("a pool's Durable Object", () => {
  const site = new Site();
  before(async () => {
    await site.start();
    await site.ask("/make-draw");
  });
  after(() => site.stop());

  it("a draw whose object is gone before it answers is repeated, not made twice", async () => {
    const outcome = await site.ask("/crash?when=after&method=claim&contact=ben");
    assert.deepEqual(outcome, {
      lost: "StoreError the object was restarted, on purpose",
      code: "SPRING-2",
      repeat: true,
      remaining: 1,
      assigned: 2,
    });
  });

  it("a draw whose object is gone before the work is made once", async () => {
    const outcome = (await site.ask("/crash?when=before&method=claim&contact=cleo")) as Record<string, unknown>;
    assert.deepEqual([outcome.code, outcome.repeat, outcome.assigned, outcome.remaining], ["SPRING-3", false, 3, 0]);
  });

  it("clears away by alarm what an undone upload left", async () => {
    assert.deepEqual(await site.ask("/undo"), { removed: 2, kept: 0 });
    const rows = () => site.ask("/rows?pool=spring-sale&table=coupon_codes");
    assert.equal(await rows(), 5);
    const wait = (await site.ask("/hurry-alarm?pool=spring-sale")) as number;
    assert.ok(wait > 0 && wait <= 60_000, `the alarm was set to go off in ${wait} ms`);
    for (let waited = 0; waited < 200 && (await rows()) !== 3; waited += 1) await sleep(25);
    assert.equal(await rows(), 3);
    assert.equal(await site.ask("/hurry-alarm?pool=spring-sale"), null);
  });

  it("a pool is listed rightly though its directory was not told what became of it", async () => {
    assert.deepEqual(await site.ask("/lost-note"), { active: ["kept"], archived: ["put-away"] });
  });

  it("nothing is stored for a pool that was only asked for", async () => {
    assert.deepEqual(await site.ask("/ask-for-nothing"), ["POOL_NOT_FOUND", 1]);
    assert.equal(await site.ask("/rows?pool=no-such-pool&table=coupon_pools"), null);
    assert.equal(await site.ask("/rows?pool=spring-sale&table=coupon_pools"), 1);
  });
});
