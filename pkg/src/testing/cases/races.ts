/** Many callers at once, from two connections: nobody shares a code, nothing is lost. */
import type { Case } from "../contract.js";
import { ok, same } from "../expect.js";
import { blockOf, itemOf, NOON, type Stand, series } from "../stand.js";

export const raceCases: readonly Case[] = [
  [
    "nobody shares a code: claims at once from two connections share nothing and lose nothing",
    async ({ pool, second }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 90), NOON + 5);
      await stand.upload("b2", series("d", 60));
      const other = stand.through(await second());
      const claims = await Promise.all(
        series("", 40).map((n) => (Number(n) % 2 ? other : stand).claim(series(`u${n}-`, 5).map((use) => itemOf(use)))),
      );
      const outcomes = claims.flatMap((claim) => claim.outcomes);
      const codes = outcomes.flatMap(({ code }) => code ?? []);
      same([codes.length, new Set(codes).size], [150, 150], "Every code is drawn once.");
      const numbers = outcomes.flatMap((outcome) => (outcome.code === null ? [] : [outcome.number]));
      same(
        numbers.sort((a, b) => a - b),
        series("", 150).map((n) => Number(n) + 1),
        "Every number is used once.",
      );
      same((await other.audit()).assigned, 150, "assigned");
    },
  ],
  [
    "a retry is the same draw: one use claimed from two connections at once has one code",
    async ({ pool, second }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 50));
      const other = stand.through(await second());
      const all = await Promise.all(series("", 20).map((n) => (Number(n) % 2 ? other : stand).drawn("u1")));
      same(new Set(all.map(({ code, number }) => `${code} ${number}`)).size, 1, "One draw.");
      same(all.filter(({ fresh }) => fresh).length, 1, "It was fresh once.");
      same(
        all.map(({ answers }) => answers).sort((a, b) => a - b),
        series("", 20).map((n) => Number(n) + 1),
        "answers",
      );
      same((await stand.audit()).assigned, 1, "assigned");
    },
  ],
  [
    "one holder claimed for by many mails at once holds one code",
    async ({ pool, second }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", series("c", 50));
      const other = stand.through(await second());
      const all = await Promise.all(
        series("u", 20).map((use, n) => (n % 2 ? other : stand).draw(use, { holder: "ann" })),
      );
      same(new Set(all).size, 1, "One code.");
      same((await stand.audit()).assigned, 1, "assigned");
    },
  ],
  [
    "of two uploads begun at once, one is staged",
    async ({ pool, second }) => {
      const stand = await pool();
      const other = stand.through(await second());
      const begun = await Promise.all(series("b", 8).map((batch, n) => (n % 2 ? other : stand).begin(batch)));
      same(
        begun.map(({ status }) => status).sort(),
        [...Array(1).fill("begun"), ...Array(7).fill("busy")].sort(),
        "begun",
      );
    },
  ],
  [
    "a block sent twice at once is added once",
    async ({ pool, second }) => {
      const stand = await pool();
      const other = stand.through(await second());
      await stand.upload("b0", ["c3"]);
      await stand.begin("b1");
      const block = blockOf(series("c", 20));
      const answers = await Promise.all([0, 1, 2, 3].map((n) => (n % 2 ? other : stand).add("b1", 0, block)));
      for (const answer of answers) same(answer, { status: "added", duplicates: [3] }, "block");
      same(await other.commit("b1"), { status: "committed", added: 19 }, "commit");
      await other.audit();
    },
  ],
  [
    "two connections that upload in turns see each other's codes",
    async ({ pool, second }) => {
      const stand = await pool();
      const other = stand.through(await second());
      for (let round = 0; round < 4; round += 1) {
        const by = round % 2 ? other : stand;
        const past = round === 0 ? [] : [`c${round - 1}`, `x${round - 1}`];
        same(await by.upload(`b${round}`, [...past, `c${round}`, `x${round}`]), past, `round ${round}`);
      }
      await stand.undo("b1");
      same(await other.upload("b8", ["c0", "c1"]), ["c0"], "An undo through the other connection.");
      same(await stand.upload("b9", ["c1", "c9"]), ["c1"], "And the upload after it.");
      await other.sweep();
      same(await stand.upload("b10", ["x1", "c1", "c9", "y"]), ["c1", "c9"], "And the sweep.");
      await stand.audit();
    },
  ],
  [
    "claims, releases, an undo and an upload at once leave each code free, held or gone",
    async ({ pool, second }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 60));
      await stand.upload("b2", series("d", 60));
      const other = stand.through(await second());
      const held = (await stand.claim(series("u", 30).map((use) => itemOf(use)))).outcomes;
      const work: Promise<unknown>[] = [];
      for (const [i, outcome] of held.entries()) {
        ok(outcome.code !== null, "There was a code for everybody.");
        work.push((i % 2 ? other : stand).release(`u${i}`, outcome.number));
        work.push((i % 2 ? stand : other).claim([itemOf(`v${i}`), itemOf(`u${i + 1}`)]));
        if (i === 10) work.push(other.undo("b1"));
        if (i === 15) work.push(stand.upload("b3", series("e", 20)));
        if (i === 20) work.push(other.sweep());
      }
      await Promise.all(work);
      const figures = await stand.audit();
      same(figures.added, 140, "added");
    },
  ],
  [
    "an undo racing with claims: what was drawn before it is kept, and nothing is drawn after it",
    async ({ pool, second }) => {
      for (const round of series("", 4)) {
        const stand = await pool({}, `pool-${round}`);
        await stand.upload("b1", series("c", 80));
        const other = stand.through(await second());
        const held: string[] = [];
        let isUndone = false;
        let late = 0;
        const claim = async (by: Stand, use: string) => {
          const begunAfter = isUndone;
          const { outcomes } = await by.claim(series(`${use}-`, 4).map((part) => itemOf(part)));
          const codes = outcomes.flatMap(({ code }) => code ?? []);
          held.push(...codes);
          if (begunAfter) late += codes.length;
        };
        let undone: Awaited<ReturnType<Stand["undo"]>> = null;
        await Promise.all([
          ...series("u", 6).map((use, n) => claim(n % 2 ? other : stand, use)),
          (async () => {
            undone = await other.undo("b1");
            isUndone = true;
            await Promise.all(series("v", 4).map((use, n) => claim(n % 2 ? other : stand, use)));
          })(),
          ...series("w", 6).map((use, n) => claim(n % 2 ? stand : other, use)),
        ]);
        same(late, 0, "A claim that began after the undo was answered drew from it.");
        same(undone, { removed: 80 - held.length, kept: held.length }, "The undo kept what was drawn, and no more.");
        const figures = await stand.audit();
        same([figures.assigned, figures.remaining, figures.undone], [held.length, 0, 80 - held.length], "stock");
        const first = held.length > 0 ? await stand.find({ key: held[0] as string }) : [];
        ok(held.length === 0 || first[0]?.status === "assigned", "What is held is still found.");
      }
    },
  ],
  [
    "an expiry racing with claims: no caller draws what has expired by its own clock, and no code is lost between",
    async ({ pool, second }) => {
      const stand = await pool();
      await stand.upload("b1", series("soon", 40), NOON + 5);
      await stand.upload("b2", series("late", 80));
      const other = stand.through(await second());
      const early: (string | null)[] = [];
      const after: (string | null)[] = [];
      await Promise.all(
        series("", 24).map(async (n) => {
          const by = (Number(n) % 2 ? other : stand).through((Number(n) % 2 ? other : stand).store);
          by.now = Number(n) % 3 === 0 ? NOON + 5 : NOON + 4;
          const { outcomes } = await by.claim(series(`u${n}-`, 3).map((use) => itemOf(use)));
          (by.now === NOON + 5 ? after : early).push(...outcomes.map(({ code }) => code));
        }),
      );
      same([early.length, after.length], [48, 24], "claims");
      ok(
        after.every((code) => code?.startsWith("late")),
        `A code was drawn that had expired: ${after.join(" ")}`,
      );
      same(early.filter((code) => code?.startsWith("soon")).length, 40, "Callers before the expiry drew all of it.");
      same(new Set([...early, ...after]).size, 72, "Each code once.");
      same((await stand.audit()).assigned, 72, "assigned");
    },
  ],
  [
    "an expiry racing with claims of one holder: it holds one code by each clock, and each use keeps its own",
    async ({ pool, second }) => {
      const stand = await pool({ reuse: "until-expired" });
      await stand.upload("b1", ["soon"], NOON + 5);
      await stand.upload("b2", series("late", 5));
      const other = stand.through(await second());
      const draw = (n: number) => {
        const by = (n % 2 ? other : stand).through((n % 2 ? other : stand).store);
        by.now = n % 3 === 0 ? NOON + 5 : NOON;
        return by.draw(`u${n}`, { holder: "ann" });
      };
      const uses = series("", 18).map(Number);
      const first = await Promise.all(uses.map(draw));
      ok(
        first.every((code, n) => code === "late0" || (code === "soon" && n % 3 !== 0)),
        `Nobody gets a third code, nor an expired one: ${first.join(" ")}`,
      );
      same(await Promise.all(uses.map(draw)), first, "retries");
      await stand.audit();
    },
  ],
];
