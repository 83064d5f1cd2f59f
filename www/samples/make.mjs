// Writes spring-sale.csv, as a shop's back office would export it and people would then edit it: a BOM, semicolons,
// dates with the day first, notes, and the mistakes that such files have. The same file every time.
//
//   node www/samples/make.mjs

import { writeFileSync } from "node:fs";

const CODES = 5_000;
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const DATES = ["31.03.2030", "30.04.2030", "31.05.2030", ""];
const NOTES = [
  "",
  "",
  "",
  "",
  "",
  "Newsletter",
  "Newsletter",
  "Till receipt",
  '"Flyer; Oxford Street"',
  "Partner shops",
];

/** Mulberry32: small, seeded, good enough for a sample. */
function seeded(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const random = seeded(2030);
const letters = (count) => Array.from({ length: count }, () => ALPHABET[random(ALPHABET.length)]).join("");
/** One code in twenty has no date of its own. */
const date = () => DATES[random(20) === 0 ? 3 : random(3)];
const note = () => NOTES[random(NOTES.length)];

const codes = new Set();
while (codes.size < CODES) codes.add(`SPR-${letters(4)}-${letters(4)}`);
const rows = [...codes].map((code) => `${code};${date()};${note()}`);

/** Puts a row somewhere after row `from`, so that a duplicate comes after its original. */
const insert = (row, from = 0) => rows.splice(from + random(rows.length - from), 0, row);
const earlier = () => [...codes][random(1_000)];

for (let count = 0; count < 12; count++) insert(`${earlier()};${date()};Reprint`, 1_500);
for (let count = 0; count < 6; count++) insert(`${earlier().toLowerCase()};${date()};Typed from the flyer`, 1_500);
for (let count = 0; count < 3; count++) insert(`;${date()};Row left over`, 20);
for (const wrong of ["31.02.2030", "end of May", "31.13.2030"]) insert(`SPR-${letters(4)}-${letters(4)};${wrong};`, 20);
insert(`SPR-${letters(2)}\u200b${letters(2)}-${letters(4)};31.05.2030;Pasted from the web`, 20);
insert(`SPR-${letters(4)}\u00ad-${letters(4)};31.05.2030;Pasted from the web`, 20);
insert(`SPR-${letters(4)}-\ufffd${letters(3)};31.05.2030;`, 20);
insert(`${"Please ask Mia before you use this one. ".repeat(8).trim()};;Moved column`, 20);
// White space around a code is no mistake worth losing it for: it is trimmed and reported.
for (let count = 0; count < 4; count++) {
  const index = 100 + random(4_000);
  rows[index] = rows[index].replace(";", " ;");
}

const csv = `\ufeff${["Coupon Code;Valid until;Note", ...rows].join("\r\n")}\r\n`;
writeFileSync(new URL("spring-sale.csv", import.meta.url), csv);
