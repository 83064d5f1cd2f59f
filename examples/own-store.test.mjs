/** The contract suite on a store of one's own: every promise of the package, checked on your database. */
import { describe, it } from "node:test";
import { runStoreContract } from "coupon-pools/testing";
import { counted } from "./own-store.mjs";

runStoreContract({
  name: "counted",
  open: async () => ({ store: counted(), close: async () => {} }),
  test: { describe, it },
});
