import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CouponPoolsError, EngineCrashedError, StoreError } from "coupon-pools";
import { uploadWorker } from "coupon-pools/worker";
import type { Engine } from "../../pkg/dist/engine.js";
import type { Glues } from "../../pkg/dist/worker/thread.js";
import { createGlue as manage } from "../../pkg/wasm/manage.glue.js";
import { Bench, type Channelled, channelled, codes, failure, gate, soon, watched } from "./workbench.js";

/** A pool "a" over a memory store, and uploads to it in a thread. */
async function threaded(thread: Channelled = {}, around?: Parameters<typeof watched>[1]) {
  const bench = Bench.inMemory();
  await bench.pool("a", []);
  const { store, calls } = watched(bench.store, around);
  return { bench, calls, pools: bench.over(store, { uploads: channelled(thread) }) };
}

const many = (count: number) => codes("A", count).join("\n");

/** The real engine, which traps at the nth step. */
function trapping(at: number): Glues["manage"] {
  return () => {
    const glue = manage();
    class Trapping {
      readonly #engine = new glue.Engine();
      start(...args: Parameters<Engine["start"]>) {
        const flow = this.#engine.start(...args);
        let steps = 0;
        return {
          resume(...reply: Parameters<typeof flow.resume>) {
            steps += 1;
            if (steps === at) throw new WebAssembly.RuntimeError("unreachable");
            return flow.resume(...reply);
          },
          fail: flow.fail.bind(flow),
          free: () => flow.free(),
        };
      }
    }
    return Object.assign((options: { module_or_path: WebAssembly.Module }) => glue(options), {
      initSync: (options: { module: WebAssembly.Module }) => glue.initSync(options),
      Engine: Trapping as unknown as new () => Engine,
    }) as unknown as ReturnType<Glues["manage"]>;
  };
}

describe("an upload in a thread", () => {
  it("leaves every error of the host's with the host: the cause is the very same object", async () => {
    // None of these could cross: they cannot be cloned.
    const thrown = Object.assign(new Error("mine"), { handle: () => 1 });
    let failing = "";
    const { pools } = await threaded({}, (call) => {
      if (call.method === failing) throw thrown;
      return call.go();
    });
    const fails = () => {
      throw thrown;
    };
    for (const method of ["load", "beginBatch", "addBlock", "commitBatch"]) {
      failing = method;
      const error = await failure(pools.upload("a", "X-1\n"), method);
      assert.ok(error instanceof StoreError, method);
      assert.equal(error.cause, thrown, method);
    }
    failing = "";
    const told = await failure(pools.upload("a", "X-1\n", { onProgress: fails }));
    assert.deepEqual([told.code, told.cause], ["HOST_FAILED", thrown]);
    const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(thrown) });
    const read = await failure(pools.upload("a", stream));
    assert.deepEqual([read.code, read.cause], ["HOST_FAILED", thrown]);
    const rejectedTo = new WritableStream<Uint8Array>({ write: fails });
    const kept = await failure(pools.upload("a", "X-1\n1.5E+9\n", { rejectedTo }));
    assert.deepEqual([kept.code, kept.cause], ["HOST_FAILED", thrown]);
    assert.equal((await pools.upload("a", "X-1\n")).added, 1);
  });

  it("brings its own errors back as what they are, with all that they say", async () => {
    const { pools } = await threaded();
    const { pools: here } = Bench.inMemory();
    await here.create({ handle: "a", kind: "static" });
    for (const [source, options] of [
      ["a,b\n1,2\n", {}],
      ["x".repeat(2_000), { limits: { rowBytes: 1_000 } }],
      [new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0]), {}],
      ["1.5E+9\n", {}],
      ["X\n", { delimiter: "ab" }],
    ] as const) {
      const [one, other] = [
        await failure(pools.upload("a", source, options)),
        await failure(here.upload("a", source, options)),
      ];
      assert.equal(one.constructor, other.constructor);
      assert.ok(one instanceof CouponPoolsError && one.stack !== undefined);
      assert.deepEqual([one.code, one.message, one.details], [other.code, other.message, other.details]);
    }
  });

  it("sends blocks as columns, and never a list of codes", async () => {
    const blocks: unknown[] = [];
    const look = (value: unknown): void => {
      assert.ok(!Array.isArray(value) || value.length < 100, "a long list crosses");
      if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) Object.values(value).forEach(look);
    };
    const { pools } = await threaded({
      onMessage: (message) => {
        look(message);
        if ((message as { step?: string }).step === "add_block") blocks.push(message);
      },
    });
    assert.equal((await pools.upload("a", many(30_000))).added, 30_000);
    assert.ok(blocks.length > 1);
  });

  it("copies just the bytes that it is given, and leaves them where they are", async () => {
    const crossed: number[] = [];
    const { pools } = await threaded({
      onMessage: (message) => {
        const source = (message as { start?: { source: Uint8Array } }).start?.source;
        if (source) crossed.push(source.buffer.byteLength);
      },
    });
    const all = new TextEncoder().encode("SECRET\nX-1\nX-2\nSECRET\n");
    const { added, bytes } = await pools.upload("a", all.subarray(7, 15));
    assert.deepEqual([added, bytes, crossed], [2, 8, [8]]);
    assert.equal(all.length, 22);
  });

  it("whose store answers what cannot be cloned is told that the store answers nonsense", async () => {
    const { pools } = await threaded({}, (call) => (call.method === "beginBatch" ? { status: () => 1 } : call.go()));
    assert.equal((await failure(pools.upload("a", "X-1\n"))).code, "STORE_ANSWER");
  });

  for (const [what, glues] of [
    ["before anything is staged", { manage: trapping(2) }],
    ["when a batch is staged", { manage: trapping(4) }],
  ] as const) {
    it(`whose engine traps ${what} is an EngineCrashedError, and the next upload begins at once`, async () => {
      let ends = 0;
      const { bench, pools } = await threaded({ glues, onEnd: () => (ends += 1) });
      const error = await failure(pools.upload("a", "X-1\n"));
      assert.ok(error instanceof EngineCrashedError);
      assert.match(String(error.cause), /unreachable/);
      assert.equal(ends, 1);
      assert.equal((await bench.pools.upload("a", "X-1\n")).added, 1);
    });
  }

  it("whose thread dies in the middle is an EngineCrashedError, and the next upload begins at once", async () => {
    const stored = gate();
    let die: (cause: unknown) => void = () => undefined;
    const dead = gate();
    const { bench, pools } = await threaded({ onStart: (lost) => (die = lost), onEnd: dead.open }, async (call) => {
      if (call.method === "addBlock") stored.open();
      return call.go();
    });
    const upload = pools.upload("a", many(200_000));
    await stored.opened;
    die(new Error("out of memory"));
    const error = await failure(soon(upload, "the upload"));
    assert.ok(error instanceof EngineCrashedError);
    await soon(dead.opened, "the thread");
    assert.equal((await bench.pools.get("a")).added, 0);
    assert.equal((await bench.pools.upload("a", many(10))).added, 10);
    await bench.audit("a");
  });

  it("that is cancelled before its script has come is cancelled, and the thread is ended", async () => {
    const ended = gate();
    const { pools, calls } = await threaded({ loads: false, onEnd: ended.open });
    const cancel = new AbortController();
    const upload = pools.upload("a", "X-1\n", { signal: cancel.signal });
    cancel.abort("enough");
    const error = await failure(soon(upload, "the upload"));
    assert.deepEqual([error.code, error.cause], ["ABORTED", "enough"]);
    await soon(ended.opened, "the thread");
    assert.deepEqual(calls, []);
  });

  it("whose script is not there, or may not be run, is WORKER_UNAVAILABLE with the host's own error", async () => {
    const { bench, pools, calls } = await threaded({
      loads: false,
      onStart: (lost) => queueMicrotask(() => lost("404")),
    });
    const missing = await failure(pools.upload("a", "X-1\n"));
    assert.deepEqual([missing.code, missing.cause], ["WORKER_UNAVAILABLE", "404"]);
    assert.deepEqual(calls, []);

    const refused = new Error("Refused to create a worker");
    const worker = () => {
      throw refused;
    };
    const error = await failure(bench.over(bench.store, { uploads: uploadWorker({ worker }) }).upload("a", "X-1\n"));
    assert.deepEqual([error.code, error.cause], ["WORKER_UNAVAILABLE", refused]);
    const here = await failure(bench.over(bench.store, { uploads: uploadWorker() }).upload("a", "X-1\n"));
    assert.equal(here.code, "WORKER_UNAVAILABLE", "Node has no Web Workers");
  });

  it("goes by the caller's clock, and says so when it tells no time", async () => {
    const { bench, pools } = await threaded();
    await pools.upload("a", "X-1\n");
    assert.equal((await pools.batches("a"))[0]?.at, bench.now);
    const broken = bench.over(bench.store, { uploads: channelled(), clock: () => Number.NaN });
    const error = await failure(soon(broken.upload("a", "X-2\n"), "the upload"));
    assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", "clock"]);
  });
});
