import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CouponPoolNamespace, durableObject } from "../../../pkg/src/stores/durable-object/client.js";
import { documentOf } from "../../../pkg/src/testing/stand.js";

interface Call {
  object: string;
  method: string;
  request: unknown;
}

/** A namespace whose objects answer as they are told, and keep what they were asked. */
function namespace(answer: (call: Call, calls: Call[]) => unknown) {
  const calls: Call[] = [];
  let stubs = 0;
  const binding: CouponPoolNamespace = {
    idFromName: (name) => ({ name }),
    get: ({ name }: { name: string }) => {
      stubs += 1;
      const call = async (method: string, request: unknown) => {
        calls.push({ object: name, method, request });
        return answer({ object: name, method, request }, calls);
      };
      return { poolCall: call, directoryCall: call };
    },
  };
  return { binding, calls, stubs: () => stubs };
}

const moved = (more = {}) => Object.assign(new Error("the object moved"), { retryable: true, ...more });
const counts = { tenant: "acme", pool: "spring-sale" };

describe("durable-object, the Worker's half", () => {
  it("asks one object a pool, named by tenant and pool so that no two names meet", async () => {
    const { binding, calls } = namespace(() => null);
    const store = durableObject(binding);
    await store.counts({ tenant: 'a","b', pool: "c" });
    await store.counts({ tenant: "a", pool: 'b","c' });
    const names = calls.map(({ object }) => object);
    assert.equal(new Set(names).size, 2);
    assert.deepEqual(
      names.map((name) => JSON.parse(name)),
      [
        ['a","b', "c"],
        ["a", 'b","c'],
      ],
    );
  });

  it("tries again with a new stub where Cloudflare says so, a few times", async () => {
    const twice = namespace((_, calls) => {
      if (calls.length < 3) throw moved();
      return null;
    });
    assert.equal(await durableObject(twice.binding).counts(counts), null);
    assert.deepEqual([twice.calls.length, twice.stubs()], [3, 3]);
    const error = moved();
    const always = namespace(() => {
      throw error;
    });
    await assert.rejects(durableObject(always.binding).counts(counts), (thrown) => thrown === error);
    assert.equal(always.calls.length, 4);
  });

  it("does not press an object that is overloaded, nor one whose error is final", async () => {
    for (const error of [moved({ overloaded: true }), new Error("no such table")]) {
      const { binding, calls } = namespace(() => {
        throw error;
      });
      await assert.rejects(durableObject(binding).counts(counts), (thrown) => thrown === error);
      assert.equal(calls.length, 1);
    }
  });

  it("tries nothing twice whose repeat would answer otherwise", async () => {
    const { binding, calls } = namespace(() => {
      throw moved();
    });
    const store = durableObject(binding);
    await assert.rejects(store.release({ ...counts, items: [], now: 0 }));
    await assert.rejects(store.saveAlerts({ ...counts, expected: null, state: {} }));
    await assert.rejects(store.saveJournal({ ...counts, id: "j", expected: null, entry: {} }));
    await assert.rejects(store.forget({ ...counts, contact: "ann" }));
    assert.equal(calls.length, 4);
  });

  it("tells the directory before a pool is saved and after it, and a save stands though the second word is lost", async () => {
    const { binding, calls } = namespace(({ method }) => {
      if (method === "note") throw new Error("lost");
      return method === "save" ? { saved: true } : null;
    });
    const store = durableObject(binding);
    const document = documentOf("spring-sale", { revision: 7 });
    const answer = await store.save({ tenant: "acme", document, expected: 6, untouched: false });
    assert.deepEqual(answer, { saved: true });
    assert.deepEqual(
      calls.map(({ object, method }) => `${object} ${method}`),
      ['["acme"] announce', '["acme","spring-sale"] save', '["acme"] note'],
    );
  });

  it("asks no more pools for one page than a Worker on the free plan may, and goes on after them", async () => {
    const handles = Array.from({ length: 90 }, (_, i) => `pool-${String(i).padStart(2, "0")}`);
    const { binding, calls } = namespace(({ object, method, request }) => {
      if (method === "handles") {
        const { after, limit } = request as { after: string; limit: number };
        return handles.filter((handle) => handle > after).slice(0, limit);
      }
      const handle = JSON.parse(object)[1];
      return {
        rows: handle === "pool-05" ? [] : [{ document: documentOf(handle), stock: null, usage: [], asOf: null }],
      };
    });
    const store = durableObject(binding);
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages === 0 || cursor !== null; pages += 1) {
      calls.length = 0;
      const page = await store.list({ tenant: "acme", archived: false, cursor, limit: 100, usageFrom: 0 });
      assert.ok(calls.length < 50, `${calls.length} requests for one page`);
      seen.push(...page.rows.map(({ document }) => document.handle));
      cursor = page.next;
    }
    assert.deepEqual(
      seen,
      handles.filter((handle) => handle !== "pool-05"),
    );
  });

  it("saves no pool that the directory does not know", async () => {
    const { binding, calls } = namespace(({ method }) => {
      if (method === "announce") throw new Error("lost");
      return { saved: true };
    });
    const document = documentOf("spring-sale");
    const save = durableObject(binding).save({ tenant: "acme", document, expected: null, untouched: false });
    await assert.rejects(save, /lost/);
    assert.deepEqual(
      calls.map(({ method }) => method),
      ["announce"],
    );
  });
});
