/** Codes are data: whatever text they, their contacts and messages are. */
import type { Case } from "../contract.js";
import { same } from "../expect.js";
import { type Random, seeded } from "../random.js";
import { blockOf, itemOf, series } from "../stand.js";

const TEXTS = [
  "🎁🎉👩‍👩‍👧",
  "كود-خصم",
  "שלום100",
  `it's "quoted" \`back\``,
  "'; DROP TABLE coupon_codes; --",
  "100%_off%",
  '\\u0000 \\0 \\n {"a":[1]}',
  "[1,2]",
  "null",
  "0012345678901234567890",
  "1.23E+15",
  "=cmd|' /C calc'!A0",
  "<script>&amp;</script>",
  "é",
  "e\u0301",
  "İıſK",
  "\u{10FFFD}",
  " inner  space ",
  "\u0024{x} {{ y }} {% z %}",
  "𝒳".repeat(255),
  "a".repeat(255),
  "constructor",
  "__proto__",
];

/** Texts of `length` characters from all over Unicode, different in each seed. */
function anyText(random: Random, length: number): string {
  const pick = (): number => {
    const [from, to] = random.pick(PLACES);
    return from + random.below(to - from + 1);
  };
  return String.fromCodePoint(...Array.from({ length }, pick));
}

/** ASCII, Latin, right-to-left, conjoining, CJK, private use, symbols, emoji, the ends of planes. */
const PLACES = [
  [0x20, 0x7e],
  [0xa1, 0x24f],
  [0x300, 0x36f],
  [0x5d0, 0x5ea],
  [0x621, 0x64a],
  [0x1100, 0x11ff],
  [0x4e00, 0x9fff],
  [0xe000, 0xf8ff],
  [0xfff0, 0xffff],
  [0x1d100, 0x1d1ff],
  [0x1f300, 0x1faff],
  [0x2f800, 0x2fa1d],
  [0x10fff0, 0x10ffff],
] as const;

export const textCases: readonly Case[] = [
  [
    "random texts from all over Unicode come out as they went in, up to the longest there are",
    async ({ store, pool, seed }) => {
      const random = seeded(seed);
      const stand = await pool();
      const codes = [1, 2, 3, 5, 8, 30, 60, 100, 254, 255, 255, 255].map((length) => anyText(random, length));
      const keys = codes.map((code, n) => (n % 2 ? code : anyText(random, 255)));
      await stand.begin("b1");
      same(await stand.add("b1", 0, blockOf(codes, null, keys)), { status: "added", duplicates: [] }, "block");
      same(await stand.commit("b1", { note: codes }), { status: "committed", added: codes.length }, "commit");
      const people = codes.map((_, n) => anyText(random, n < 3 ? 512 : 1 + random.below(80)));
      const items = people.map((contact, n) => {
        const message = anyText(random, n > 8 ? 512 : 1 + random.below(80));
        return itemOf(`use-${n}`, { contact, message, slot: anyText(random, random.below(20)) });
      });
      same(
        (await stand.claim(items)).outcomes.map(({ code }) => code),
        codes,
        "drawn",
      );
      const rows = items.map(({ contact, message, slot }, n) => [codes[n], contact, message, slot]);
      const shown = (found: Awaited<ReturnType<typeof stand.find>>) =>
        found.map(({ code, contact, message, slot }) => [code, contact, message, slot]);
      same(shown(await stand.draws()), rows, "draws");
      for (const [n, { contact, message }] of items.entries()) {
        for (const by of [{ key: keys[n] as string }, { contact }, { message }]) {
          same(shown(await stand.find(by)), [rows[n]], JSON.stringify(by));
        }
      }
      const block = blockOf(codes, null, keys);
      same(
        [...(await store.contains({ ...stand.name, block }))],
        codes.map(() => 1),
        "contains",
      );
      const { rows: batches } = await store.batches({ ...stand.name, cursor: null, limit: 1 });
      same(batches[0]?.note, { note: codes }, "note");
      for (const contact of people) same(await store.forget({ ...stand.name, contact }), { forgotten: 1 }, "forget");
      same((await stand.audit()).assigned, codes.length, "assigned");
    },
  ],
  [
    "contacts, messages and slots with control characters come out as they went in",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B", "C"]);
      const texts = ["a\uFFFE0b", "a\u0001b", "\u0001\t\r\n\u007F\u0085\u2028"];
      await stand.claim(texts.map((text, n) => itemOf(`u${n}`, { contact: text, message: text, slot: text })));
      for (const text of texts) {
        const [row, ...more] = await stand.find({ contact: text });
        same([row?.contact, row?.message, row?.slot, more.length], [text, text, text, 0], JSON.stringify(text));
        same((await stand.find({ message: text })).length, 1, "by message");
      }
      same(await store.forget({ ...stand.name, contact: "a\u0001b" }), { forgotten: 1 }, "forget");
    },
  ],
  [
    "any text comes out as it went in: codes, keys, contacts, messages, slots",
    async ({ store, pool }) => {
      const stand = await pool();
      same(await stand.upload("b1", TEXTS), [], "All are different.");
      const items = TEXTS.map((text, i) => itemOf(`use-${i}`, { contact: text, message: text, slot: text }));
      const { outcomes } = await stand.claim(items);
      same(
        outcomes.map(({ code }) => code),
        TEXTS,
        "drawn",
      );
      for (const text of TEXTS) {
        for (const by of [{ key: text }, { contact: text }, { message: text }]) {
          const rows = await stand.find(by);
          same(
            rows.map(({ code, contact, message, slot }) => [code, contact, message, slot]),
            [[text, text, text, text]],
            JSON.stringify(by),
          );
        }
      }
      same(
        [...(await store.contains({ ...stand.name, block: blockOf(TEXTS) }))],
        TEXTS.map(() => 1),
        "contains",
      );
      same(await stand.upload("b2", TEXTS), TEXTS, "All are duplicates.");
      await store.forget({ ...stand.name, contact: "100%_off%" });
      same(
        (await stand.draws()).filter(({ contact }) => contact === null).length,
        1,
        "No pattern is read into a contact.",
      );
    },
  ],
  [
    "keys apart from their texts, in a part of a block only",
    async ({ pool }) => {
      const stand = await pool({ caseSensitive: false });
      await stand.begin("b1");
      await stand.add("b1", 0, blockOf(["plain"]));
      await stand.add("b1", 1, blockOf(["MiXeD 🎁", "other"], null, ["mixed 🎁", "other"]));
      await stand.add("b1", 2, blockOf(["PLAIN", "last"], null, ["plain", "last"]));
      same(await stand.commit("b1"), { status: "committed", added: 4 }, "commit");
      same(
        (await stand.find({ key: "mixed 🎁" })).map(({ code }) => code),
        ["MiXeD 🎁"],
        "find",
      );
      const { outcomes } = await stand.claim(series("u", 5).map((use) => itemOf(use)));
      same(
        outcomes.map(({ code }) => code),
        ["plain", "MiXeD 🎁", "other", "last", null],
        "Drawn as uploaded.",
      );
    },
  ],
  [
    "the largest block and the largest claim that the store names",
    async ({ store, pool }) => {
      const { blockCodes, claimItems } = store.traits.limits;
      const stand = await pool();
      const codes = series("code-", blockCodes);
      same(await stand.upload("b1", codes), [], "upload");
      const known = await store.contains({ ...stand.name, block: blockOf(codes) });
      same(known.every((bit) => bit === 1) && known.length === blockCodes, true, "contains");
      const many = Math.min(claimItems, blockCodes);
      const items = series("use-", claimItems).map((use) => itemOf(use));
      const first = (await stand.claim(items)).outcomes;
      same(
        first.slice(0, many).map(({ code }) => code),
        codes.slice(0, many),
        "claim",
      );
      const again = (await stand.claim(items)).outcomes;
      same(
        again.map(({ code }) => code),
        first.map(({ code }) => code),
        "repeat",
      );
      const { marked } = await store.markRedeemed({ ...stand.name, keys: codes.slice(0, blockCodes), now: stand.now });
      same(marked, many, "redeemed");
      await store.voidCodes({ ...stand.name, keys: codes });
      const figures = await stand.audit(5000);
      same([figures.assigned, figures.void, figures.remaining], [many, blockCodes - many, 0], "sums");
    },
  ],
];
