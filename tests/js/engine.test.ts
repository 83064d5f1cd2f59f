import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EngineCrashedError, StoreError } from "coupon-pools";
import type { Artefacts, Engine, FlowState } from "../../pkg/dist/engine.js";
import { CouponPools } from "../../pkg/dist/pools.js";
import { Bench, codes, failure, gate, NOON, overEveryStore, soon, textOf, watched } from "./workbench.js";

const mail = { message: "m", contact: "c" };

overEveryStore("an adapter's own error", (open) => {
  it("reaches the caller of every call as the cause, the very same object", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    const broken = Object.assign(new Error("deadlock"), { errno: 1213 });
    let down = true;
    const { store } = watched(bench.store, (call) => {
      if (down) throw broken;
      return call.go();
    });
    const pools = bench.over(store);
    const calls: [string, () => Promise<unknown>][] = [
      ["create", () => pools.create({ handle: "b", kind: "static" })],
      ["edit", () => pools.edit("a", { name: "x" })],
      ["get", () => pools.get("a")],
      ["list", () => pools.list()],
      ["upload", () => pools.upload("a", "X-1\n")],
      ["undo", () => pools.undo("a", "b")],
      ["batches", () => pools.batches("a")],
      ["draw", () => pools.draw("a", mail)],
      ["drawMany", () => pools.drawMany("a", [mail])],
      ["render", () => pools.render('{% coupon "a" %}', mail)],
      ["preview", () => pools.preview('{% coupon "a" %}')],
      ["prepare", () => pools.prepare("a", { count: 1 })],
      ["release", () => pools.release("a", { ...mail, number: 1 })],
      ["find", () => pools.find("a", { contact: "c" })],
      ["forget", () => pools.forget("c")],
      ["redeemed", () => pools.redeemed("a", ["A-1"])],
      ["export", () => textOf(pools.export("a", "draws"))],
      ["maintain", () => pools.maintain()],
    ];
    const otherwise: string[] = [];
    for (const [name, call] of calls) {
      down = true;
      const error = await failure(call(), name);
      down = false;
      if (!(error instanceof StoreError) || error.code !== "STORE_FAILED") otherwise.push(`${name}: ${error}`);
      else if (error.cause !== broken) otherwise.push(`${name}: cause ${error.cause}`);
    }
    assert.deepEqual(otherwise, []);
    assert.equal((await pools.draw("a", mail)).code, "A-1", "and the next call works");
  });

  it("may be anything that can be thrown", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    for (const thrown of ["text", 5, { code: "X" }, null]) {
      const { store } = watched(bench.store, () => {
        throw thrown;
      });
      const error = await failure(bench.over(store).get("a"));
      assert.deepEqual([error.code, error.cause], ["STORE_FAILED", thrown]);
    }
  });

  it("that is a RangeError or a RuntimeError is no crash of the engine", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    for (const thrown of [new RangeError("too many variables"), new WebAssembly.RuntimeError("another module's")]) {
      const { store } = watched(bench.store, () => {
        throw thrown;
      });
      const error = await failure(bench.over(store).draw("a", mail));
      assert.deepEqual([error.code, error.cause === thrown], ["STORE_FAILED", true]);
    }
  });
});

describe("a store that answers nonsense", () => {
  it("is a StoreError that says so, and the next call works", async () => {
    const nonsense: [string, unknown[]][] = [
      ["load", [undefined, null, [], [5], ["text"], [{ handle: "a" }], {}]],
      [
        "claim",
        [
          undefined,
          null,
          {},
          { status: "claimed" },
          { status: "other" },
          { status: "claimed", outcomes: [], remaining: 1, added: 1, alerts: null },
          { status: "claimed", outcomes: [null], remaining: 1, added: 1, alerts: null },
        ],
      ],
      ["counts", [undefined, 5, {}, { expiries: 5 }]],
      ["list", [undefined, null, {}, { rows: 5, next: null }, { rows: [{}], next: null }]],
      ["find", [undefined, null, { rows: null }, { rows: [5], next: null }]],
      ["release", [undefined, null, [], [5], {}]],
    ];
    const passed: string[] = [];
    for (const [method, answers] of nonsense) {
      for (const answer of answers) {
        const bench = Bench.inMemory();
        await bench.pool("a", codes("A", 5));
        let lies = true;
        const { store } = watched(bench.store, (call) => (lies && call.method === method ? answer : call.go()));
        const pools = bench.over(store);
        const calls: Record<string, () => Promise<unknown>> = {
          load: () => pools.get("a"),
          claim: () => pools.draw("a", mail),
          counts: () => pools.get("a"),
          list: () => pools.list(),
          find: () => pools.find("a", { contact: "c" }),
          release: () => pools.release("a", { ...mail, number: 1 }),
        };
        const call = calls[method] as () => Promise<unknown>;
        const shown = `${method} answering ${JSON.stringify(answer)}`;
        const outcome = await call().then(
          (result) => `answered ${JSON.stringify(result)}`,
          ({ name, code }) => `${name} ${code}`,
        );
        if (outcome !== "StoreError STORE_ANSWER") passed.push(`${shown}: ${outcome}`);
        lies = false;
        await call();
      }
    }
    assert.deepEqual(passed, []);
  });
});

describe("many flows at once", () => {
  it("run side by side through one instance", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 2_000));
    const { store } = watched(bench.store, async (call) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      return call.go();
    });
    const pools = bench.over(store);
    const compiled = pools.compile('<p>{% coupon "a" %}</p>');
    const work = Array.from({ length: 200 }, async (_, index) => {
      const use = { message: `m${index}`, contact: "c" };
      if (index % 4 === 0) return (await pools.render(compiled, use)).draws[0]?.code;
      if (index % 4 === 1) return (await pools.draw("a", use)).code;
      if (index % 4 === 2) return (await pools.drawMany("a", [use]))[0]?.code;
      await Promise.all([pools.get("a"), pools.list(), pools.preview(compiled), pools.find("a", { contact: "c" })]);
      return null;
    });
    const drawn = (await Promise.all(work)).filter((code) => code !== null);
    assert.deepEqual([drawn.length, new Set(drawn).size], [150, 150]);
    assert.equal((await bench.audit("a")).assigned, 150);
  });
});

describe("input that would exhaust the engine", () => {
  it("is refused or ends in an EngineCrashedError, and the next call works", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 5));
    const circle: unknown[] = [];
    circle.push(circle);
    let deep: unknown = "x";
    for (let depth = 0; depth < 200_000; depth++) deep = { fallback: deep };
    for (const settings of [{ lowStock: circle }, { onEmpty: deep }]) {
      const error = await failure(bench.pools.edit("a", settings as never));
      assert.ok(["INVALID_ARGUMENT", "ENGINE_CRASHED"].includes(error.code), error.code);
      assert.equal((await bench.pools.get("a")).remaining, 5);
    }
    const find = await failure(bench.pools.find("a", circle as never));
    assert.ok(["INVALID_ARGUMENT", "ENGINE_CRASHED"].includes(find.code), find.code);
    assert.equal((await bench.pools.draw("a", mail)).code, "A-1");
  });
});

describe("after a trap", () => {
  /** The real engine behind glue that traps at the nth step of a kind of flow, and notes whatever is called after. */
  async function trapping() {
    const [core, mail, manage] = await Promise.all([glueOf("core"), glueOf("mail"), glueOf("manage")]);
    const plan = { kind: "", at: Number.POSITIVE_INFINITY };
    const log = { engines: 0, usedAfterTrap: 0, starts: [] as string[] };
    const unread = () => assert.fail("no spreadsheet is read here");
    const wrap = (artefact: Awaited<ReturnType<typeof glueOf>>): Artefacts["core"] => ({
      load: () => artefact.module,
      glue: () => {
        const glue = artefact.createGlue();
        class Trapping {
          readonly #engine: Engine = new glue.Engine();
          #trapped = false;
          constructor() {
            log.engines += 1;
          }
          #use() {
            if (this.#trapped) log.usedAfterTrap += 1;
          }
          start(kind: string, args: unknown) {
            this.#use();
            log.starts.push(kind);
            const flow = this.#engine.start(kind, args);
            let steps = 0;
            const step = (go: () => FlowState): FlowState => {
              this.#use();
              steps += 1;
              if (kind === plan.kind && steps === plan.at) {
                plan.at = Number.POSITIVE_INFINITY;
                this.#trapped = true;
                throw new WebAssembly.RuntimeError("unreachable");
              }
              return go();
            };
            return {
              resume: (now: number, reply: unknown) => step(() => flow.resume(now, reply)),
              fail: (now: number, failure: number, whose: "store" | "host" | "abort") =>
                step(() => flow.fail(now, failure, whose)),
              free: () => {
                this.#use();
                flow.free();
              },
            };
          }
          compile(...args: Parameters<Engine["compile"]>) {
            this.#use();
            return this.#engine.compile(...args);
          }
          forget(id: number) {
            this.#engine.forget(id);
          }
        }
        return Object.assign((options: { module_or_path: WebAssembly.Module }) => glue(options), {
          initSync: (options: { module: WebAssembly.Module }) => glue.initSync(options),
          Engine: Trapping,
        }) as unknown as ReturnType<Artefacts["core"]["glue"]>;
      },
    });
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 50));
    const over = (store = bench.store) =>
      new (CouponPools as unknown as new (options: object, artefacts: Artefacts) => CouponPools)(
        { store, clock: () => NOON },
        {
          core: wrap(core),
          mail: wrap(mail),
          manage: wrap(manage),
          xlsx: { load: unread, glue: unread },
          spreadsheets: { load: unread, glue: unread },
        },
      );
    return { bench, plan, log, over };
  }

  async function glueOf(name: "core" | "mail" | "manage") {
    const { readFileSync } = await import("node:fs");
    const { createGlue } = (await import(`../../pkg/wasm/${name}.glue.js`)) as {
      createGlue: Artefacts["core"]["glue"];
    };
    const module = new WebAssembly.Module(readFileSync(new URL(`../../pkg/wasm/${name}.wasm`, import.meta.url)));
    return { createGlue, module };
  }

  it("draws, renders and look-ups start once more in a new instance, and nothing is drawn twice", async () => {
    const { bench, plan, log, over } = await trapping();
    const pools = over();
    Object.assign(plan, { kind: "draw", at: 3 });
    assert.deepEqual(
      [(await pools.draw("a", mail)).code, log.engines],
      ["A-1", 2],
      "the claim was made before the trap",
    );
    const compiled = pools.compile('{% coupon "a" %}');
    Object.assign(plan, { kind: "render", at: 2 });
    assert.equal((await pools.render(compiled, mail)).output, "A-1");
    Object.assign(plan, { kind: "get", at: 2 });
    assert.equal((await pools.get("a")).assigned, 1);
    assert.equal(log.usedAfterTrap, 0);
    await bench.audit("a");
  });

  it("flows that were under way beside it start once more too; the old instance is never touched again", async () => {
    const { bench, plan, log, over } = await trapping();
    const held = gate();
    let waiting = 0;
    const { store } = watched(bench.store, async (call) => {
      if (call.method === "claim" && call.request.items[0]?.message.startsWith("slow")) {
        waiting += 1;
        const answer = await call.go();
        await held.opened;
        return answer;
      }
      return call.go();
    });
    const pools = over(store);
    const slow = [
      pools.drawMany("a", [{ ...mail, message: "slow 1" }]),
      pools.drawMany("a", [{ ...mail, message: "slow 2" }]),
    ];
    while (waiting < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    Object.assign(plan, { kind: "draw", at: 1 });
    const trapped = await pools.draw("a", mail);
    held.open();
    const draws = (await soon(Promise.all(slow), "the draws under way")).flat();
    assert.equal(new Set([trapped.code, ...draws.map(({ code }) => code)]).size, 3);
    assert.equal(log.usedAfterTrap, 0, "the trapped instance was used again");
    assert.equal((await bench.audit("a")).assigned, 3);
  });

  it("an upload and an export end in an EngineCrashedError, and what was stored stays whole", async () => {
    const { bench, plan, over } = await trapping();
    const pools = over();
    Object.assign(plan, { kind: "upload", at: 3 });
    assert.ok((await failure(pools.upload("a", "X-1\n"))) instanceof EngineCrashedError);
    assert.equal((await bench.pools.get("a")).added, 50);
    assert.equal((await bench.pools.upload("a", "X-1\n")).added, 1, "what was staged keeps nobody waiting");
    Object.assign(plan, { kind: "export", at: 2 });
    assert.ok((await failure(textOf(pools.export("a", "remaining")))) instanceof EngineCrashedError);
  });

  it("renderMany ends in an EngineCrashedError or goes on; a later run repeats what was drawn", async () => {
    const { bench, plan, over } = await trapping();
    const pools = over();
    const all = async () => {
      const seen = [];
      for await (const result of pools.renderMany(codes("c", 4), { template: '{% coupon "a" %}', message: "m" }))
        seen.push(result.output);
      return seen;
    };
    Object.assign(plan, { kind: "render", at: 2 });
    const first = await all().catch((error: unknown) => error);
    if (!(first instanceof EngineCrashedError)) assert.deepEqual(first, codes("A", 4));
    assert.deepEqual(await all(), codes("A", 4));
    assert.equal((await bench.audit("a")).assigned, 4);
  });

  it("calls that are not idempotent are not made twice behind the caller's back", async () => {
    const { bench, plan, over } = await trapping();
    const pools = over();
    // The document was saved before the trap: a second run would find its own pool and call it a conflict.
    Object.assign(plan, { kind: "create", at: 2 });
    const outcome = await pools.create({ handle: "b", kind: "static" }).then(
      () => "made",
      ({ code }) => code,
    );
    assert.ok(["made", "ENGINE_CRASHED"].includes(outcome), outcome);
    assert.equal((await bench.pools.get("b")).handle, "b");
    const use = { message: "m", contact: "c" };
    const { number } = await pools.draw("a", use);
    Object.assign(plan, { kind: "release", at: 3 });
    const released = await pools.release("a", { ...use, number: number ?? 0 }).then(
      ({ released, reason }) => (released ? "released" : reason),
      ({ code }) => code,
    );
    assert.ok(["released", "ENGINE_CRASHED"].includes(released ?? ""), released);
  });

  it("an engine that crashes again says so rather than try for ever", async () => {
    const { plan, over, log } = await trapping();
    const pools = over();
    Object.defineProperty(plan, "at", { get: () => 1, set: () => undefined });
    plan.kind = "draw";
    const error = await failure(pools.draw("a", mail));
    assert.ok(error instanceof EngineCrashedError && error.cause instanceof WebAssembly.RuntimeError);
    assert.equal(log.engines, 2);
  });
});
