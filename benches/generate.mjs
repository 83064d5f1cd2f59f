/** A million unique codes of 10 characters out of 26, beside the generators people use. */

import { readFileSync } from "node:fs";
import { customAlphabet } from "nanoid";
import voucherCodes from "voucher-code-generator";
import { createGlue } from "../pkg/wasm/manage.glue.js";
import { report } from "./figures.mjs";
import { rounds } from "./rounds.mjs";

const CODES = 1_000_000;
const LENGTH = 10;
const ALPHABET = "ACDEFGHJKLMNPQRTUVWXY34679";

const glue = createGlue();
glue.initSync({ module: new WebAssembly.Module(readFileSync(new URL("../pkg/wasm/manage.wasm", import.meta.url))) });
const engine = new glue.Engine();
// Neither peer leaves out words or knows check characters.
const pattern = { length: LENGTH, alphabet: "unambiguous", words: false };

const contestants = await rounds([
  // As flows get them and stores take them: one text, and where each code ends in it.
  { name: "coupon-pools", run: () => engine.generate(pattern, CODES).ends.length },
  {
    name: "coupon-pools, without offensive words",
    run: () => engine.generate({ ...pattern, words: true }, CODES).ends.length,
  },
  {
    name: "nanoid customAlphabet + Set",
    run: () => {
      const next = customAlphabet(ALPHABET, LENGTH);
      const codes = new Set();
      while (codes.size < CODES) codes.add(next());
      return codes.size;
    },
  },
  {
    name: "voucher-code-generator",
    run: () => voucherCodes.generate({ length: LENGTH, count: CODES, charset: ALPHABET }).length,
  },
]);

report({
  title: "1,000,000 unique codes of 10 characters",
  work: { amount: CODES, unit: "codes" },
  contestants,
  goals: [
    { ours: "coupon-pools", peer: "nanoid customAlphabet + Set", least: 5 },
    { ours: "coupon-pools", peer: "voucher-code-generator", least: 10 },
  ],
});
