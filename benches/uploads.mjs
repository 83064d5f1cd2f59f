/** Uploads of a million codes, from bytes to stock: into memory, and into a SQLite file beside bare inserts. */

import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { sqlite } from "coupon-pools/stores/sqlite";
import Database from "libsql";
import { report } from "./figures.mjs";
import { oneColumn, ROWS } from "./files.mjs";
import { rounds } from "./rounds.mjs";
import { withFolder } from "./scratch.mjs";

const file = oneColumn();
const work = { amount: ROWS, unit: "codes" };

const empty = async (store) => {
  const pools = new CouponPools({ store });
  await pools.create({ handle: "spring", kind: "static" });
  return pools;
};
const upload = async (pools) => (await pools.upload("spring", file)).added;

report({
  title: "Upload of 1,000,000 codes, memory store",
  work,
  contestants: await rounds([{ name: "coupon-pools", ready: () => empty(memory()), run: upload }], { runs: 5 }),
});

await withFolder(async (folder) => {
  // In the order in which the store asks for them.
  const codes = new TextDecoder().decode(file).trim().split("\n").slice(1).sort();
  let files = 0;
  /** A new file with the store's tables and pragmas. */
  const fresh = async () => {
    files += 1;
    const database = new Database(`${folder}/${files}.db`);
    const store = sqlite(database);
    return { database, pools: await empty(store), blockCodes: store.traits.limits.blockCodes };
  };
  const [ours, bare] = ["coupon-pools", "bare inserts of parsed and sorted codes"];
  const contestants = [
    { name: ours, ready: async () => (await fresh()).pools, run: upload },
    {
      // Codes that are known to be different, as many in one transaction as the store takes.
      name: bare,
      ready: fresh,
      run: ({ database, blockCodes }) => {
        const insert = database.prepare(
          "INSERT INTO coupon_codes (lot, position, pool, key) SELECT 1, ? + key, 1, value FROM json_each(?)",
        );
        for (let from = 0; from < codes.length; from += blockCodes) {
          database.exec("BEGIN IMMEDIATE");
          insert.run(from, JSON.stringify(codes.slice(from, from + blockCodes)));
          database.exec("COMMIT");
        }
        return codes.length;
      },
    },
  ];
  // A run takes seconds and starts from an empty file: a few codes are warm-up enough.
  await (await fresh()).pools.upload("spring", oneColumn(50_000));
  report({
    title: "Upload of 1,000,000 codes, SQLite file (libsql), synchronous=FULL",
    work,
    contestants: await rounds(contestants, { runs: 5, warmUps: 0 }),
    goals: [{ ours, peer: bare, most: 1.25 }],
  });
});
