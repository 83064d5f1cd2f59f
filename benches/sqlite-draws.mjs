/**
 * Draws from a SQLite file, `synchronous=FULL`, beside their statements alone: the peer knows every statement and every
 * value before it starts, and has the same tables, indexes, pragmas and commit points in a file that is a twin.
 */

import { CouponPools } from "coupon-pools";
import { sqlite } from "coupon-pools/stores/sqlite";
import Database from "libsql";
import { report } from "./figures.mjs";
import { oneColumn } from "./files.mjs";
import { recording, replayer } from "./replay.mjs";
import { rounds } from "./rounds.mjs";
import { withFolder } from "./scratch.mjs";
import { recordedDraws } from "./twin.mjs";

const CALLS = 20;
const CALL = 1000;
const CODES = 200_000;

await withFolder(async (folder) => {
  const { connection, take } = recording(new Database(`${folder}/package.db`));
  const replay = replayer(new Database(`${folder}/twin.db`));
  const pools = new CouponPools({ store: sqlite(connection) });
  await pools.create({ handle: "spring", kind: "static" });
  await pools.upload("spring", oneColumn(CODES));
  replay(take());

  const { uses, draw, next } = await recordedDraws(pools, take, CALLS, CALL);

  const contestants = [
    { name: "coupon-pools", ready: uses, run: draw },
    {
      name: "the same statements, bare",
      run: () => {
        replay(next());
        return CALLS * CALL;
      },
    },
  ];
  report({
    title: "drawMany of 1,000, SQLite file (libsql), synchronous=FULL",
    work: { amount: CALLS * CALL, unit: "codes" },
    contestants: await rounds(contestants),
    goals: [{ ours: "coupon-pools", peer: "the same statements, bare", least: 0.8 }],
  });
});
