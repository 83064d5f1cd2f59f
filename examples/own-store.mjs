/**
 * A store of one's own: here a wrapper that counts the calls of another store and logs slow ones. A store for another
 * database is the same shape, with every method written out; `node --test own-store.test.mjs` proves either.
 */
import { memory } from "coupon-pools/stores/memory";

/** @returns {import("coupon-pools").Store & { calls: Map<string, number> }} */
export function counted(store = memory()) {
  const calls = new Map();
  return new Proxy(store, {
    get(target, name) {
      if (name === "calls") return calls;
      const value = target[name];
      if (typeof value !== "function") return value;
      return (request) => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        return value.call(target, request);
      };
    },
  });
}
