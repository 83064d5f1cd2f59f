/** Draws from memory: `drawMany` of 1,000 fresh uses at a time, out of a pool of a million codes. */

import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { report } from "./figures.mjs";
import { oneColumn } from "./files.mjs";
import { rounds } from "./rounds.mjs";
import { usesOf } from "./uses.mjs";

const CALLS = 100;
const CALL = 1000;
const pools = new CouponPools({ store: memory() });
await pools.create({ handle: "spring", kind: "static" });
await pools.upload("spring", oneColumn());
let run = 0;

const contestants = await rounds([
  {
    name: "coupon-pools",
    ready: () => {
      run += 1;
      return Array.from({ length: CALLS }, (_, call) => usesOf(`mail-${run}-${call}`, CALL));
    },
    run: async (calls) => {
      let drawn = 0;
      for (const uses of calls) {
        for (const { status, repeat } of await pools.drawMany("spring", uses)) {
          if (status === "drawn" && !repeat) drawn += 1;
        }
      }
      return drawn;
    },
  },
]);

report({
  title: "drawMany of 1,000, memory store, pool of 1,000,000",
  work: { amount: CALLS * CALL, unit: "codes" },
  contestants,
  goals: [{ ours: "coupon-pools", rate: 500_000 }],
});
