/** The script of a page that runs the store contract on the browser's own IndexedDB. */

import { indexeddb } from "coupon-pools/stores/indexeddb";
import { runContract } from "./contract.js";

/** Makes the nth request of the database throw. */
let left = null;
for (const method of ["get", "getAll", "add", "put", "delete", "count", "openCursor"]) {
  const original = IDBObjectStore.prototype[method];
  IDBObjectStore.prototype[method] = function (...values) {
    if (left !== null) {
      left -= 1;
      if (left === 0) throw new Error("The disk is full, on purpose.");
    }
    return original.apply(this, values);
  };
}

let databases = 0;
globalThis.host = {
  runContract: () =>
    runContract({
      name: "indexeddb in a browser",
      open: async () => {
        databases += 1;
        const name = `coupon-pools-${databases}`;
        const store = indexeddb({ name });
        return {
          store,
          connect: async () => indexeddb({ name }),
          failAt: (call) => {
            left = call;
          },
          close: () => store.close(),
        };
      },
    }),
};
