/** The suite itself: it passes a store that keeps the contract, and catches stores that break it, each by its promise. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClaimRequest, Store } from "../../../pkg/src/store.js";
import { memory } from "../../../pkg/src/stores/memory.js";
import { type Opened, runStoreContract, type TestContext } from "../../../pkg/src/testing/index.js";

/** Runs the cases whose promise begins so; answers what became of them. */
async function run(
  open: () => Promise<Opened>,
  promise: string,
): Promise<{ failed: Error[]; skipped: string[]; ran: number }> {
  const cases: [string, (context?: TestContext) => Promise<void>][] = [];
  const test = {
    describe: (_: string, body: () => void) => body(),
    it: (title: string, body: (context?: TestContext) => Promise<void>) => cases.push([title, body]),
  };
  runStoreContract({ name: "broken", open, test });
  const failed: Error[] = [];
  const skipped: string[] = [];
  const chosen = cases.filter(([title]) => title.includes(promise));
  for (const [, body] of chosen) {
    await body({ skip: (reason) => skipped.push(reason) }).catch((error: Error) => failed.push(error));
  }
  return { failed, skipped, ran: chosen.length };
}

/** A store some of whose methods do something else. */
const changed = (store: Store, changes: Partial<Store>): Store => Object.assign(Object.create(store), changes);

const isolated =
  (make: (store: Store) => Partial<Opened> = () => ({})) =>
  async (): Promise<Opened> => {
    const store = memory();
    return { store, connect: async () => store, close: async () => {}, ...make(store) };
  };

/** Another store's claims, for uses of other names. */
const renaming = (store: Store, prefix: string) =>
  changed(store, {
    claim: (request) =>
      store.claim({ ...request, items: request.items.map((item) => ({ ...item, use: prefix + item.use })) }),
  });

/** A store that goes by the latest clock it has seen. */
function onOneClock(store: Store): Store {
  let latest = 0;
  const ahead = <Request extends { now: number }>(request: Request): Request => {
    latest = Math.max(latest, request.now);
    return { ...request, now: latest };
  };
  return changed(store, {
    claim: (request) => store.claim(ahead(request)),
    beginBatch: (request) => store.beginBatch(ahead(request)),
  });
}

/** A store whose claims skip what another claim has locked, and call that empty. */
function skippingLocked(store: Store): Store {
  let underWay = 0;
  return changed(store, {
    async claim(request: ClaimRequest) {
      underWay += 1;
      const items = underWay > 8 ? request.items.slice(0, 1) : request.items;
      await new Promise((resolve) => setTimeout(resolve, 1));
      const answer = await store.claim({ ...request, items });
      underWay -= 1;
      if (answer.status === "stale") return answer;
      const rest = request.items.slice(items.length).map(() => ({ code: null, reason: "empty" }) as const);
      return { ...answer, outcomes: [...answer.outcomes, ...rest] };
    },
  });
}

class Conflict extends Error {}

/** A store whose engine aborts transactions; each call tries so many times. */
function aborting(store: Store, tries: number): Partial<Opened> {
  let left = 0;
  const trying = new Proxy(store, {
    get(target, name: keyof Store) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (request: unknown) => {
        for (let n = 1; left > 0; n += 1) {
          left -= 1;
          if (n === tries) throw new Conflict("deadlock detected");
        }
        return method.call(target, request);
      };
    },
  });
  return {
    store: trying,
    abortNext: (times) => {
      left = times;
    },
  };
}

/** A store whose calls are cut; what was cut may have been done. `after` is what the store is from then on. */
function cutting(store: Store, after: (store: Store, cuts: number) => Store): Partial<Opened> {
  let cuts = 0;
  let current = store;
  const through = new Proxy(store, {
    get(target, name: keyof Store) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (request: unknown) => {
        const [before, by] = [cuts, current];
        await new Promise((resolve) => setTimeout(resolve, 2));
        const answer: unknown = await (Reflect.get(by, name) as typeof method).call(by, request);
        if (cuts !== before) throw new Error("Connection terminated");
        return answer;
      };
    },
  });
  return {
    store: through,
    cut: async () => {
      cuts += 1;
      current = after(store, cuts);
    },
  };
}

const together = async (): Promise<{ connect: () => Promise<Store>; close: () => Promise<void> }> => {
  const store = memory();
  return { connect: async () => store, close: async () => {} };
};

/** What is broken, and the promise that must say so. */
const BROKEN: readonly [what: string, promise: string, open: () => Promise<Opened>][] = [
  [
    "connections that do not see each other",
    "16 connections claim",
    isolated(() => ({ connect: async () => memory() })),
  ],
  [
    "retries that only the same connection knows",
    "repeated through another connection",
    isolated((store) => ({ connect: async () => renaming(store, "other-") })),
  ],
  [
    "locked codes that are taken for none",
    "nobody comes away empty",
    isolated((store) => {
      const hasty = skippingLocked(store);
      return { store: hasty, connect: async () => hasty };
    }),
  ],
  [
    "an undo that is answered before it is done",
    "an undo racing with claims",
    isolated((store) => {
      const hasty = changed(store, {
        async undoBatch(request) {
          const answer = await store.undoBatch({ ...request, batch: "none" });
          setTimeout(() => store.undoBatch(request), 5);
          return answer ?? { removed: 80, kept: 0 };
        },
      });
      return { store: hasty, connect: async () => hasty };
    }),
  ],
  ...["is still there for a caller behind", "expired for one caller is kept", "under the hour of the caller"].map(
    (promise): (typeof BROKEN)[number] => [
      "a clock of the store's own",
      promise,
      isolated((store) => {
        const clocked = onOneClock(store);
        return { store: clocked, connect: async () => clocked };
      }),
    ],
  ),
  [
    "leases by a clock of the store's own",
    "may take an upload's lease away",
    isolated((store) => {
      const timeless = changed(store, { beginBatch: (request) => store.beginBatch({ ...request, now: 0 }) });
      return { store: timeless, connect: async () => timeless };
    }),
  ],
  [
    "expired codes that are drawn",
    "an expiry racing with claims: no caller",
    isolated((store) => {
      const late = changed(store, { claim: (request) => store.claim({ ...request, now: request.now - 1 }) });
      return { store: late, connect: async () => late };
    }),
  ],
  [
    "texts in another normal form",
    "random texts from all over Unicode",
    isolated((store) => ({
      store: changed(store, {
        addBlock: (request) =>
          store.addBlock({
            ...request,
            block: { ...request.block, codes: request.block.codes.map((code) => code.normalize("NFC")) },
          }),
      }),
    })),
  ],
  [
    "long texts that are cut off",
    "random texts from all over Unicode",
    isolated((store) => ({
      store: changed(store, {
        claim: (request) =>
          store.claim({
            ...request,
            items: request.items.map((item) => ({ ...item, contact: item.contact.slice(0, 512) })),
          }),
      }),
    })),
  ],
  [
    "control characters that are dropped",
    "control characters come out",
    isolated((store) => ({
      store: changed(store, {
        claim: (request) =>
          store.claim({ ...request, items: request.items.map((item) => ({ ...item, slot: item.slot.trim() })) }),
      }),
    })),
  ],
  ["conflicts that reach the caller", "retried inside the store", isolated((store) => aborting(store, 1))],
  [
    "retries without a bound",
    "the retries have a bound",
    isolated((store) => aborting(store, Number.POSITIVE_INFINITY)),
  ],
  [
    "what was done before a cut is forgotten",
    "connection is cut in the middle",
    isolated((store) => cutting(store, (whole, cuts) => renaming(whole, `${cuts}-`))),
  ],
  ["a cut that does nothing", "connection is cut in the middle", isolated((store) => ({ store, cut: async () => {} }))],
  [
    "a set-up that starts anew",
    "set an empty database up at once",
    isolated(() => ({ anew: async () => ({ connect: async () => memory(), close: async () => {} }) })),
  ],
];

describe("the store contract", () => {
  for (const [what, promise, open] of BROKEN) {
    it(`catches ${what}: ${promise}`, async () => {
      const { failed, skipped, ran } = await run(open, promise);
      assert.deepEqual([ran, skipped], [1, []]);
      assert.equal(failed.length, 1, "the suite did not notice");
    });
  }

  it("passes a store that keeps it, with every hook", async () => {
    const open = isolated((store) => ({
      ...cutting(store, (whole) => whole),
      anew: together,
    }));
    for (const promise of ["connection is cut in the middle", "set an empty database up at once"]) {
      assert.deepEqual(await run(open, promise), { failed: [], skipped: [], ran: 1 });
    }
    for (const promise of ["retried inside the store", "the retries have a bound"]) {
      const trying = isolated((store) => aborting(store, 5));
      assert.deepEqual(await run(trying, promise), { failed: [], skipped: [], ran: 1 });
    }
  });

  for (const [what, open] of [
    ["open", () => new Promise<never>(() => {})],
    ["close", isolated(() => ({ close: () => new Promise<never>(() => {}) }))],
  ] as const) {
    it(`gives a store up whose ${what} never ends`, async (t) => {
      t.mock.timers.enable({ apis: ["setTimeout"] });
      const over = run(open, "retried inside the store");
      for (let turns = 0; turns < 100; turns += 1) await new Promise(setImmediate);
      t.mock.timers.tick(10 * 60_000);
      assert.match((await over).failed[0]?.message ?? "", /No end after 10 minutes/);
    });
  }

  it("says which hook a case would need", async () => {
    const { failed, skipped } = await run(isolated(), "connection is cut in the middle");
    assert.deepEqual([failed, skipped], [[], ["open() of broken gives no `cut`"]]);
  });
});
