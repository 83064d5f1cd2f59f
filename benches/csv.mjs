/** A CSV file's bytes to a set of its codes in memory: an upload's dry run beside the fastest parsers and a `Set`. */

import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import Papa from "papaparse";
import { inferSchema, initParser } from "udsv";
import { report } from "./figures.mjs";
import { oneColumn, ROWS, threeQuotedColumns } from "./files.mjs";
import { buildNative, startNative } from "./native.mjs";
import { rounds } from "./rounds.mjs";

const program = buildNative();
report(
  await figure("one column", oneColumn(), { newline: "\n", fastMode: true, most: 1.3 }),
  await figure("three quoted columns", threeQuotedColumns(), { newline: "\r\n", hasExpiries: true, most: 1.5 }),
);

async function figure(shape, bytes, { newline, fastMode = false, hasExpiries = false, most }) {
  const pools = new CouponPools({ store: memory() });
  await pools.create({ handle: "empty", kind: "static" });
  const decoder = new TextDecoder();
  const native = startNative(program, bytes, ROWS);

  const contestants = [
    // An empty pool: what is timed is the file's codes, expiries and report, and the set that finds duplicates.
    { name: "coupon-pools", run: async () => (await pools.upload("empty", bytes, { dryRun: true })).added },
    // What the peers do: the column of codes alone.
    hasExpiries && {
      name: "coupon-pools, codes only",
      run: async () => {
        const options = { dryRun: true, columns: { expiresAt: null } };
        return (await pools.upload("empty", bytes, options)).added;
      },
    },
    { name: "the same core, native", timed: () => native.turn() },
    {
      // Told its delimiter and line ends; `fastMode` where nothing is quoted; rows one by one where that is faster.
      name: "PapaParse + Set",
      run: () => {
        const codes = new Set();
        const settings = { delimiter: ",", newline, fastMode };
        const text = decoder.decode(bytes);
        if (fastMode) Papa.parse(text, { ...settings, step: ({ data }) => void codes.add(data[0]) });
        else for (const row of Papa.parse(text, settings).data) codes.add(row[0]);
        return withoutHeader(codes);
      },
    },
    {
      // Its native format, without the accumulation of rows.
      name: "uDSV + Set",
      run: () => {
        const codes = new Set();
        const text = decoder.decode(bytes);
        initParser(inferSchema(text)).stringArrs(text, (row) => {
          codes.add(row[0]);
        });
        return codes.size;
      },
    },
  ];
  const timed = await rounds(contestants.filter(Boolean));
  native.stop();
  return {
    title: `1,000,000 codes, ${shape}, ${(bytes.length / 1e6).toFixed(0)} MB of CSV to a set`,
    work: { amount: ROWS, unit: "codes" },
    contestants: timed,
    goals: [
      { ours: "coupon-pools", peer: "the same core, native", most },
      ...(hasExpiries ? ["with expiries", "codes only"] : [undefined]).flatMap((as) => {
        const ours = as === "codes only" ? "coupon-pools, codes only" : "coupon-pools";
        return [
          { ours, as, peer: "PapaParse + Set", least: 5 },
          { ours, as, peer: "uDSV + Set", least: 3 },
        ];
      }),
    ],
  };
}

/** PapaParse gives the header as a row, and the empty line at the end as another. */
function withoutHeader(codes) {
  codes.delete("code");
  codes.delete("");
  return codes.size;
}
