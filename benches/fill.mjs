/** Mails from codes that are ready: every contestant's mail ends as bytes in the same buffer. */

import Handlebars from "handlebars";
import { assemble, assembleInto, staticBytes } from "../pkg/dist/template.js";
import { unpack } from "../pkg/dist/texts.js";
import { report } from "./figures.mjs";
import { oneColumn } from "./files.mjs";
import { mail } from "./mail-text.mjs";
import { answered, compile, waitingRender } from "./render-flow.mjs";
import { rounds } from "./rounds.mjs";

const MAILS = 1000;
const codes = new TextDecoder()
  .decode(oneColumn(2 * MAILS))
  .trim()
  .split("\n")
  .slice(1);
const encoder = new TextEncoder();
const buffer = new Uint8Array(64_000);

const { id, statics } = compile(mail('{% coupon "spring" %}', '{% coupon "spring", slot: "second" %}'));
const [bytes] = staticBytes({ statics: [statics] });
const columns = answered(waitingRender(id, MAILS, codes.length), codes);
const values = unpack(columns.values);
const handlebars = Handlebars.template(
  // Handlebars precompiles to the text of an object.
  new Function(`return (${Handlebars.precompile(mail("{{first}}", "{{second}}"))})`)(),
);
const marked = mail("@@FIRST@@", "@@SECOND@@");

const ways = {
  "coupon-pools, text": (index) => toBytes(assemble(statics, piecesOf(columns, index), values)),
  "coupon-pools, bytes": (index) => assembleInto(buffer, bytes, piecesOf(columns, index), values),
  "Handlebars, precompiled": (index) => toBytes(handlebars({ first: codes[2 * index], second: codes[2 * index + 1] })),
  "split().join()": (index) => {
    const once = marked.split("@@FIRST@@").join(codes[2 * index]);
    return toBytes(once.split("@@SECOND@@").join(codes[2 * index + 1]));
  },
};
const contestants = Object.entries(ways).map(([name, write]) => {
  check(name, write(MAILS - 1));
  return { name, run: () => written(write) };
});
contestants.splice(
  2,
  0,
  withEngine("coupon-pools, text, from the claim's answer", (columns, values, index) =>
    toBytes(assemble(statics, piecesOf(columns, index), values)),
  ),
  withEngine("coupon-pools, bytes, from the claim's answer", (columns, values, index) =>
    assembleInto(buffer, bytes, piecesOf(columns, index), values),
  ),
);

report({
  title: "30 kB mail, two tags, from ready codes to bytes (1,000 mails)",
  work: { amount: MAILS, unit: "mails" },
  contestants: await rounds(contestants, { runs: 25 }),
  goals: [
    { ours: "coupon-pools, bytes", as: "bytes", peer: "Handlebars, precompiled", least: 3 },
    { ours: "coupon-pools, bytes", as: "bytes", peer: "split().join()", least: 0.7 },
    ...["Handlebars, precompiled", "split().join()"].flatMap((peer) => [
      { ours: "coupon-pools, bytes, from the claim's answer", as: "bytes, from the claim's answer", peer },
      { ours: "coupon-pools, text", as: "text", peer },
    ]),
  ],
});

/** The engine's part as well: reading the claim's answer, escaping, and handing the mails' values over. */
function withEngine(name, write) {
  return {
    name,
    ready: () => waitingRender(id, MAILS, codes.length),
    run: (flow) => {
      const columns = answered(flow, codes);
      const values = unpack(columns.values);
      return written((index) => write(columns, values, index));
    },
  };
}

function toBytes(text) {
  return encoder.encodeInto(text, buffer).written;
}

function written(write) {
  let length = 0;
  for (let index = 0; index < MAILS; index++) length += write(index);
  return length;
}

function piecesOf({ pieces, pieceEnds }, index) {
  return pieces.subarray(pieceEnds[index - 1] ?? 0, pieceEnds[index]);
}

function check(name, length) {
  const text = new TextDecoder().decode(buffer.subarray(0, length));
  if (text !== mail(...codes.slice(-2))) throw new Error(`${name} made another mail.`);
}
