import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { indexeddb } from "../../../pkg/src/stores/indexeddb.js";
import { runStoreContract } from "../../../pkg/src/testing/index.js";
import { Stand, series } from "../../../pkg/src/testing/stand.js";

let databases = 0;
const newName = () => {
  databases += 1;
  return `coupon-pools-${databases}`;
};

/** Makes the nth request of the database throw. */
let left: number | null = null;
for (const method of ["get", "getAll", "add", "put", "delete", "count", "openCursor"] as const) {
  const original = IDBObjectStore.prototype[method] as (...values: unknown[]) => unknown;
  Object.defineProperty(IDBObjectStore.prototype, method, {
    value(this: IDBObjectStore, ...values: unknown[]) {
      if (left !== null) {
        left -= 1;
        if (left === 0) throw new Error("The disk is full, on purpose.");
      }
      return original.apply(this, values);
    },
  });
}

runStoreContract({
  name: "indexeddb",
  test: { describe, it },
  open: async () => {
    const name = newName();
    const store = indexeddb({ name });
    return {
      store,
      connect: async () => indexeddb({ name }),
      failAt: (call) => {
        left = call;
      },
      close: async () => store.close?.(),
    };
  },
});

describe("indexeddb", () => {
  it("tells codes with one fingerprint apart by their text", async () => {
    const store = indexeddb({ name: newName(), fingerprints: (keys) => new Uint32Array(2 * keys.length) });
    const stand = await new Stand(store, "default").create();
    assert.deepEqual(await stand.upload("b1", ["A", "B", "A"]), ["A"]);
    assert.deepEqual(await stand.upload("b2", ["C", "B", "D"]), ["B"]);
    assert.deepEqual(await stand.codes(), ["A", "B", "C", "D"]);
    assert.deepEqual(await stand.find({ key: "E" }), []);
    assert.deepEqual(
      (await stand.find({ key: "D" })).map(({ code }) => code),
      ["D"],
    );
    await store.close?.();
  });

  it("lets go of a database that is deleted, and starts anew", async () => {
    const name = newName();
    const store = indexeddb({ name });
    const stand = await new Stand(store, "default").create();
    await stand.upload("b1", series("c", 3));
    await stand.upload("b2", ["c1", "d"]);
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("The store stands in the way."));
    });
    assert.deepEqual(await store.load({ tenant: "default", pools: ["spring-sale"] }), [null]);
    await stand.create();
    assert.deepEqual(await stand.upload("b1", ["c1", "c2"]), []);
    assert.deepEqual(await stand.upload("b2", ["c2", "x"]), ["c2"]);
    await store.close?.();
  });

  it("drops an upload whose tab is gone at once, and no other, whatever settings it asks with", async (t) => {
    const held = new Set<string>();
    const locks = {
      async request(name: string, _: object, granted: (lock: object | null) => unknown) {
        if (held.has(name)) return granted(null);
        held.add(name);
        const answer = await granted({ name });
        held.delete(name);
        return answer;
      },
    };
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
    t.after(() => {
      if (before) Object.defineProperty(globalThis, "navigator", before);
      else delete (globalThis as { navigator?: unknown }).navigator;
    });
    const name = newName();
    const store = indexeddb({ name });
    const stand = await new Stand(store, "default").create();
    assert.deepEqual(await stand.begin("b1"), { status: "begun" });
    const old = { ...stand.name, batch: "b1", version: 99, now: stand.now, lease: 60_000 };
    assert.equal((await store.beginBatch(old)).status, "stale");
    const other = stand.through(indexeddb({ name }));
    assert.equal((await other.begin("b2")).status, "busy");
    // As a browser does when a tab is closed.
    held.clear();
    assert.equal((await other.begin("b2")).status, "begun");
    for (const one of [store, other.store]) await one.close?.();
  });

  it("keeps everything when it is opened again", async () => {
    const name = newName();
    const store = indexeddb({ name });
    const stand = await new Stand(store, "default").create();
    await stand.upload("b1", series("c", 3));
    await stand.draw("u1");
    await store.close?.();
    const again = indexeddb({ name });
    assert.equal(await stand.through(again).draw("u1"), "c0");
    assert.equal(await stand.through(again).draw("u2"), "c1");
    assert.deepEqual(await stand.through(again).upload("b2", ["c0", "c2", "x"]), ["c0", "c2"]);
    await again.close?.();
  });
});
