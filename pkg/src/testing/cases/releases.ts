/** Releases: one use is taken back, and the code is freed with its last one. */
import type { Case } from "../contract.js";
import { same } from "../expect.js";
import { HOUR, itemOf, NOON, series } from "../stand.js";

export const releaseCases: readonly Case[] = [
  [
    "a released code is free again, and numbers are never used again",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B", "C"]);
      const first = await stand.drawn("u1");
      await stand.draw("u2");
      same(await stand.release("u1", first.number), { released: true, freed: true }, "release");
      same((await stand.audit()).remaining, 2, "free again");
      const next = await stand.drawn("u3");
      same([next.code, next.number, next.fresh], ["A", 3, true], "Given-back codes go first, under a new number.");
      same(await stand.draw("u4"), "C", "Then the upload's order goes on.");
      const again = await stand.drawn("u1").catch(() => null);
      same(again, null, "The released use has no code any more, and none is left.");
      await stand.audit();
    },
  ],
  [
    "a wrong or old number, an unknown use and a late release change nothing and say why",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B"]);
      const { number } = await stand.drawn("u1");
      same(await stand.release("none", number), { released: false, reason: "unknown-use" }, "unknown");
      same(await stand.release("u1", number + 1), { released: false, reason: "other-number" }, "other number");
      await stand.release("u1", number);
      same(await stand.release("u1", number), { released: false, reason: "unknown-use" }, "A repeat finds it done.");
      const again = await stand.drawn("u1");
      same(await stand.release("u1", number), { released: false, reason: "other-number" }, "The old number is late.");
      same(await stand.draw("u1"), again.code, "The new draw stands.");
      same((await stand.audit()).assigned, 1, "assigned");
    },
  ],
  [
    "a conditional release does nothing if the use was answered since",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A"]);
      const { number, answers } = await stand.drawn("u1");
      await stand.draw("u1");
      same(await stand.release("u1", number, answers), { released: false, reason: "answered-since" }, "conditional");
      same(await stand.draw("u1"), "A", "The draw stands.");
      same(
        await stand.release("u1", number, 3),
        { released: true, freed: true },
        "With the last count it is released.",
      );
      await stand.drawn("u2").then(({ number: other }) => stand.release("u2", other));
      const { number: third } = await stand.drawn("u3");
      await stand.draw("u3");
      same(
        await stand.release("u3", third, null),
        { released: true, freed: true },
        "Unconditionally, whatever happened.",
      );
    },
  ],
  [
    "a conditional release of one use does not mind what other uses of its draw were answered",
    async ({ pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", ["A"]);
      const ann = { holder: "ann" };
      const first = await stand.drawn("u1", ann);
      const { number, answers } = await stand.drawn("u2", ann);
      await stand.drawn("u1", ann);
      same(
        await stand.release("u1", number, first.answers),
        { released: false, reason: "answered-since" },
        "Another use's answers do not stand in for its own.",
      );
      same(
        await stand.release("u2", number, answers),
        { released: true, freed: false },
        "Nobody was answered u2 since.",
      );
      same(await stand.release("u1", number, 3), { released: true, freed: true }, "Nor u1.");
      await stand.audit();
    },
  ],
  [
    "a late or repeated conditional release changes nothing once its use has come back to the draw",
    async ({ pool }) => {
      const stand = await pool({ reuse: "until-expired" });
      await stand.upload("b1", ["A"], NOON + HOUR);
      const ann = { holder: "ann" };
      const { number, answers } = await stand.drawn("u1", ann);
      await stand.draw("u2", ann);
      same(await stand.release("u1", number, answers), { released: true, freed: false }, "u2 keeps the draw.");
      const back = await stand.drawn("u1", ann);
      same([back.code, back.number, back.repeat, back.fresh], ["A", number, false, false], "u1 is on it again.");
      for (let old = 1; old < back.answers; old += 1) {
        const late = await stand.release("u1", number, old);
        same(late, { released: false, reason: "answered-since" }, `answers: ${old}`);
      }
      same((await stand.drawn("u1", ann)).repeat, true, "u1 has its code.");
      await stand.release("u2", number);
      same((await stand.drawn("u1", ann)).answers, 5, "A use that leaves takes no answer with it.");
      same(
        await stand.release("u1", number, 5),
        { released: true, freed: true },
        "The last answer's release is heard.",
      );
      await stand.audit();
    },
  ],
  [
    "a draw of several uses is freed only with the last of them, and then the holder has none",
    async ({ pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", ["A", "B"]);
      const ann = { holder: "ann", contact: "ann" };
      const { number } = await stand.drawn("u1", ann);
      await stand.draw("u2", ann);
      same(await stand.release("u1", number), { released: true, freed: false }, "first use");
      same(await stand.draw("u3", ann), "A", "The holder has it still.");
      same((await stand.find({ contact: "ann" })).length, 2, "Only that use is gone.");
      const items = ["u2", "u3"].map((use) => ({ use, number, answers: null }));
      const outcomes = await stand.store.release({ ...stand.name, items, now: NOON });
      same(
        outcomes,
        [
          { released: true, freed: false },
          { released: true, freed: true },
        ],
        "In order; the last frees.",
      );
      const bob = await stand.drawn("u4", { holder: "bob" });
      same([bob.code, bob.number], ["A", 2], "It is anybody's now.");
      same(await stand.draw("u5", ann), "B", "The holder draws anew.");
      await stand.audit();
    },
  ],
  [
    "under until-expired the release of an old draw leaves the holder its new code",
    async ({ pool }) => {
      const stand = await pool({ reuse: "until-expired" });
      const ann = { holder: "ann" };
      await stand.upload("b1", ["old"], NOON + HOUR);
      await stand.upload("b2", ["new", "other"]);
      const old = await stand.drawn("u1", ann);
      stand.now = NOON + HOUR;
      same(await stand.draw("u2", ann), "new", "next code");
      same(await stand.release("u1", old.number), { released: true, freed: true }, "An expired code is freed, too.");
      same(await stand.draw("u3", ann), "new", "The holder keeps the new one.");
      const figures = await stand.figures();
      same([figures.expired, figures.remaining, figures.assigned], [1, 1, 1], "The old one counts as expired.");
      await stand.audit();
    },
  ],
  [
    "release and draw in turns never lose a code, also when a lot runs empty and opens again",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A"], NOON + HOUR);
      await stand.upload("b2", ["B"]);
      for (const use of series("round-", 6)) {
        const { code, number } = await stand.drawn(use);
        same([code, number], ["A", Number(use.slice(6)) + 1], use);
        same((await stand.audit()).remaining, 1, "One left.");
        same(await stand.release(use, number), { released: true, freed: true }, use);
      }
      same([await stand.draw("x"), await stand.draw("y"), await stand.draw("z")], ["A", "B", null], "Both are there.");
    },
  ],
  [
    "several given-back codes go first, each once",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 10));
      const { outcomes } = await stand.claim(series("u", 6).map((use) => itemOf(use)));
      const items = [4, 0, 3].map((n) => ({
        use: `u${n}`,
        number: outcomes[n]?.code ? outcomes[n].number : 0,
        answers: 1,
      }));
      await stand.store.release({ ...stand.name, items, now: NOON });
      const next = (await stand.claim(series("v", 5).map((use) => itemOf(use)))).outcomes.map(({ code }) => code);
      same(next.slice(0, 3).sort(), ["c0", "c3", "c4"], "given back");
      same(next.slice(3), ["c6", "c7"], "then the order goes on");
      await stand.audit();
    },
  ],
  [
    "a code that a shopper has redeemed is not given to anybody else",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A"]);
      const { number } = await stand.drawn("u1");
      await store.markRedeemed({ ...stand.name, keys: ["A"], now: NOON });
      same(await stand.release("u1", number), { released: false, reason: "redeemed" }, "release");
      same(await stand.draw("u2"), null, "It stays held.");
      same(await stand.draw("u1"), "A", "By its use.");
    },
  ],
];
