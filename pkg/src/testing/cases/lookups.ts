/** Look-ups and the marks on codes: find, forget, redeemed, void, and pages under change. */
import type { Case } from "../contract.js";
import { ok, same } from "../expect.js";
import { HOUR, itemOf, NOON, series } from "../stand.js";

export const lookupCases: readonly Case[] = [
  [
    "a code is found by key, contact and message, with every use that shows it",
    async ({ pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", ["A", "B"], NOON + HOUR);
      stand.now = NOON + 5;
      await stand.draw("u1", { holder: "ann", contact: "ann@x", message: "m1", slot: "one" });
      stand.now = NOON + 9;
      await stand.draw("u2", { holder: "ann", contact: "ann@x", message: "m2" });
      const row = {
        code: "A",
        status: "assigned",
        expiresAt: NOON + HOUR,
        batch: "b1",
        number: 1,
        drawnAt: NOON + 5,
        contact: "ann@x",
        message: "m1",
        slot: "one",
        redeemedAt: null,
      };
      const rows = [row, { ...row, message: "m2", slot: "" }];
      same(await stand.find({ key: "A" }), rows, "by key");
      same(await stand.find({ contact: "ann@x" }), rows, "by contact");
      same(await stand.find({ message: "m2" }), rows.slice(1), "by message");
      same(await stand.find({ contact: "ann" }), [], "not by a part of a contact");
      const nobody = { number: null, drawnAt: null, contact: null, message: null, slot: null };
      same(await stand.find({ key: "B" }), [{ ...row, ...nobody, code: "B", status: "available" }], "free");
      same(await stand.find({ key: "Z" }), [], "unknown");
      same(await stand.draws(), rows, "draws");
    },
  ],
  [
    "found rows come in pages, in the order of uses",
    async ({ pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", series("c", 3));
      for (const use of series("u", 8)) await stand.draw(use, { holder: "h", contact: "ann", message: `m-${use}` });
      const messages = series("m-u", 8);
      same(
        (await stand.find({ key: "c0" })).map(({ message }) => message),
        messages,
        "by key",
      );
      same(
        (await stand.find({ contact: "ann" })).map(({ message }) => message),
        messages,
        "by contact",
      );
    },
  ],
  [
    "forget removes a person's text; the code stays held and a retry still finds it",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B", "C"]);
      await stand.draw("u1", { contact: "ann", message: "m1:ann" });
      await stand.draw("u2", { contact: "ann", message: "m2:ann" });
      await stand.draw("u3", { contact: "bob", message: "m2:bob" });
      same(await store.forget({ ...stand.name, contact: "ann" }), { forgotten: 2 }, "forget");
      same(await store.forget({ ...stand.name, contact: "ann" }), { forgotten: 0 }, "again");
      same(await stand.find({ contact: "ann" }), [], "by contact");
      same(await stand.find({ message: "m1:ann" }), [], "A message's id may contain the contact's.");
      const [row] = await stand.find({ key: "A" });
      same([row?.status, row?.contact, row?.message], ["assigned", null, null], "by key");
      ok(!JSON.stringify(await stand.draws()).includes("ann"), "The person is in the export.");
      same(await stand.draw("u1", { contact: "ann", message: "m1:ann" }), "A", "A retry.");
      same(await stand.find({ contact: "ann" }), [], "A retry does not bring the text back.");
      same((await stand.find({ contact: "bob" })).length, 1, "Others stay.");
      same((await stand.audit()).assigned, 3, "assigned");
    },
  ],
  [
    "redeemed marks held codes once, and a repeat answers the same",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B", "C"]);
      await stand.draw("u1");
      await stand.draw("u2");
      const keys = ["A", "C", "none"];
      const mark = (now: number) => store.markRedeemed({ ...stand.name, keys, now });
      same(await mark(NOON + 1), { marked: 1, unknown: 2 }, "Free and unknown codes are not held.");
      same(await mark(NOON + 2), { marked: 1, unknown: 2 }, "again");
      same((await stand.find({ key: "A" }))[0]?.redeemedAt, NOON + 1, "Marks are never moved.");
      same(
        (await stand.draws()).map(({ redeemedAt }) => redeemedAt),
        [NOON + 1, null],
        "draws",
      );
      same((await stand.stock()).redeemed, 1, "Each code counts once.");
      const { assigned, remaining } = await stand.audit();
      same([assigned, remaining], [2, 1], "A mark moves no stock.");
    },
  ],
  [
    "void takes free codes out for good: ahead of the draws, given back, and whole lots; held ones stay",
    async ({ store, pool }) => {
      const stand = await pool();
      const voidCodes = (keys: string[]) => store.voidCodes({ ...stand.name, keys });
      await stand.upload("b1", series("c", 8));
      await stand.upload("b2", ["X", "Y"], NOON + HOUR);
      same(await voidCodes(["X", "Y"]), { voided: 2 }, "a whole lot");
      const first = await stand.drawn("u0");
      await stand.draw("u1");
      await stand.release("u0", first.number);
      same(await voidCodes(["c0", "c1", "c3", "c2", "none"]), { voided: 3 }, "Held and unknown codes are left alone.");
      same(await voidCodes(["c0", "c1", "c3", "c2", "none"]), { voided: 3 }, "again");
      same((await stand.find({ key: "c0" }))[0]?.status, "void", "find");
      same(await stand.draw("u2"), "c4", "Void codes are passed over.");
      same(await stand.codes(), ["c5", "c6", "c7"], "codes");
      const { outcomes } = await stand.claim(series("v", 5).map((use) => itemOf(use)));
      same(
        outcomes.map(({ code }) => code),
        ["c5", "c6", "c7", null, null],
        "the rest",
      );
      const figures = await stand.audit();
      same([figures.void, figures.assigned, figures.remaining], [5, 5, 0], "sums");
    },
  ],
  [
    "void and release meet: the last free code of a lot goes void, another comes back",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B"]);
      const { number } = await stand.drawn("u1");
      await store.voidCodes({ ...stand.name, keys: ["B"] });
      same(await stand.draw("u2"), null, "nothing free");
      await stand.release("u1", number);
      same((await stand.claim([])).remaining, 1, "one came back");
      await store.voidCodes({ ...stand.name, keys: ["A"] });
      same([await stand.draw("u3"), (await stand.audit()).void], [null, 2], "all void");
    },
  ],
  [
    "pages of draws and codes hold every row that is there throughout exactly once, while others come and go",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 40));
      const drawn = (await stand.claim(series("u", 20).map((use) => itemOf(use)))).outcomes;
      const seenDraws: string[] = [];
      const seenCodes: string[] = [];
      let draws: string | null = null;
      let codes: string | null = null;
      for (let round = 0; round < 40; round += 1) {
        if (round === 0 || draws !== null) {
          const page: Awaited<ReturnType<typeof store.draws>> = await store.draws({
            ...stand.name,
            cursor: draws,
            limit: 3,
          });
          seenDraws.push(...page.rows.map(({ code }) => code));
          draws = page.next;
        }
        if (round === 0 || codes !== null) {
          const page: Awaited<ReturnType<typeof store.codes>> = await store.codes({
            ...stand.name,
            cursor: codes,
            limit: 3,
          });
          seenCodes.push(...page.rows.map(({ code }) => code));
          codes = page.next;
        }
        const outcome = drawn[round * 2];
        if (round < 5 && outcome?.code) {
          await stand.release(`u${round * 2}`, outcome.number);
          await stand.draw(`w${round}`);
          await stand.draw(`x${round}`);
        }
      }
      const stayed = drawn.flatMap(({ code }, i) => (code !== null && (i % 2 === 1 || i >= 10) ? [code] : []));
      for (const code of stayed) same(seenDraws.filter((seen) => seen === code).length, 1, `draw of ${code}`);
      const stillFree = await stand.codes();
      for (const code of stillFree) same(seenCodes.filter((seen) => seen === code).length, 1, `free ${code}`);
      await stand.audit();
    },
  ],
];
