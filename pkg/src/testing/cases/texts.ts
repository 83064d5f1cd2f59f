/** Codes are data: whatever text they, their contacts and messages are. */
import type { Case } from "../contract.js";
import { same } from "../expect.js";
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

export const textCases: readonly Case[] = [
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
