/** Calls that fail: an answer that is lost, an engine that throws in the middle. */
import type { Bench, Case } from "../contract.js";
import { ok, rejects, same } from "../expect.js";
import { faulty, LostConnection } from "../faulty.js";
import { blockOf, itemOf, NOON, type Stand, series } from "../stand.js";

/** Repeats a call until its answer arrives. */
async function insist<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error;
    }
  }
}

/** Makes the engine fail at its first, second, … call until `work` comes through; after each failure nothing may have changed. */
async function failEverywhere(bench: Bench, stand: Stand, work: () => Promise<unknown>): Promise<void> {
  const failAt = bench.need("failAt");
  const look = async () => [await stand.stock(), await stand.draws(), await stand.codes(), await stand.audit()];
  const before = await look();
  for (let call = 1; call < 500; call += 1) {
    failAt(call);
    let failed = false;
    try {
      await work();
    } catch {
      failed = true;
    }
    failAt(null);
    if (!failed) return;
    same(await look(), before, `Engine call ${call} failed, and something changed.`);
  }
  throw new Error("The work never came through.");
}

export const faultCases: readonly Case[] = [
  [
    "nothing is lost: an upload and claims whose answers are lost and repeated end where they would have without",
    async ({ seed, pool }) => {
      const stand = await pool();
      for (let round = 0; round < 3; round += 1) {
        const shaky = stand.through(faulty(stand.store, { seed: seed + round, before: 0.2, after: 0.4 }));
        const batch = `b${round}`;
        await insist(() => shaky.begin(batch));
        for (let n = 0; n < 4; n += 1) {
          const block = blockOf([...series(`c${round}-${n}-`, 5), `c${round}-0-0`]);
          const answer = await insist(() => shaky.add(batch, n, block));
          same(answer, { status: "added", duplicates: [5] }, "block");
        }
        same(await insist(() => shaky.commit(batch)), { status: "committed", added: 20 }, "commit");
        const uses = series(`u${round}-`, 8);
        for (const use of uses) {
          const { outcomes } = await insist(() => shaky.claim([itemOf(use), itemOf(`${use}'`)]));
          ok(
            outcomes.every(({ code }) => code !== null),
            "There is a code for everybody.",
          );
        }
        same((await stand.audit()).assigned, 16 * (round + 1), "Each use holds one code.");
        const undone = await insist(() => shaky.undo(batch));
        same(undone, { removed: 4, kept: 16 }, "undo");
      }
      await stand.audit();
    },
  ],
  [
    "a lost claim that is not retried holds its codes for its uses, and `find` shows them",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B"]);
      const shaky = stand.through(faulty(stand.store, { seed: 1, before: 0, after: 1, methods: ["claim"] }));
      const error = await rejects(shaky.draw("u1", { contact: "ann" }), "The answer was not lost.");
      ok(error instanceof LostConnection && error.done, "The claim was done.");
      same(
        (await stand.find({ contact: "ann" })).map(({ code }) => code),
        ["A"],
        "find",
      );
      same(await stand.draw("u2"), "B", "Nobody else gets it.");
      const late = await stand.drawn("u1");
      same([late.code, late.repeat], ["A", true], "A late retry does.");
    },
  ],
  [
    "a retry is the same draw: a claim that was committed and whose answer was lost, repeated through another connection",
    async ({ pool, second }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", series("c", 40));
      const other = stand.through(await second());
      const items = series("u", 30).map((use, n) => itemOf(use, { holder: `holder-${n % 12}` }));
      const shaky = stand.through(faulty(stand.store, { seed: 1, before: 0, after: 1, methods: ["claim"] }));
      await rejects(shaky.claim(items), "The answer was not lost.");
      const before = await other.draws();
      const retry = (await other.claim(items)).outcomes;
      same(await other.draws(), before, "The retry drew nothing, and moved nothing.");
      for (const [i, outcome] of retry.entries()) {
        ok(outcome.code !== null && outcome.repeat && !outcome.fresh, `Item ${i} is not a repeat.`);
        same(outcome.code, `c${i % 12}`, `Item ${i} has its holder's code.`);
      }
      same(
        (await stand.claim([...items].reverse())).outcomes.map(({ code }) => code).reverse(),
        retry.map(({ code }) => code),
        "In any order.",
      );
      const some = [
        itemOf("new-1", { holder: "new-1" }),
        ...items.slice(3, 9),
        itemOf("new-2", { holder: "holder-3" }),
      ];
      const mixed = (await other.claim(some)).outcomes.map(({ code }) => code);
      same(mixed, ["c12", ...retry.slice(3, 9).map(({ code }) => code), "c3"], "Among new uses, in other parts.");
      same((await stand.audit()).assigned, 13, "assigned");
    },
  ],
  [
    "a per-message retry whose first and last uses are new, or only whose first is, repeats what was answered",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 20));
      const claim = async (...uses: string[]) =>
        (await stand.claim(uses.map((use) => itemOf(use)))).outcomes.map(({ code }) => code);
      same(await claim("u1", "u2", "u3"), ["c0", "c1", "c2"], "first");
      same(await claim("n1", "u1", "u3", "n2"), ["c3", "c0", "c2", "c4"], "in the middle");
      same(await claim("n3", "u2"), ["c5", "c1"], "at the end");
      same(await claim("u2", "n4"), ["c1", "c6"], "at the beginning");
      const { assigned, remaining } = await stand.audit();
      same([assigned, remaining], [7, 13], "stock");
      await claim(...series("rest-", 12));
      same(await claim("n5", "n6", "u2", "n7"), ["c19", null, "c1", null], "where codes run out");
      same(await claim("n8", "u3", "n9"), [null, "c2", null], "in an empty pool");
    },
  ],
  [
    "an engine that throws in the middle of a claim leaves nothing changed",
    async (bench) => {
      const stand = await bench.pool({ reuse: "per-contact" });
      await stand.upload("b1", ["A"], NOON + 5);
      await stand.upload("b2", series("c", 5));
      await stand.draw("u1", { holder: "ann" });
      const items = [itemOf("u1", { holder: "ann" }), itemOf("u2", { holder: "ann" }), itemOf("u3", { holder: "bob" })];
      await failEverywhere(bench, stand, () => stand.claim(items));
      same(
        (await stand.claim(items)).outcomes.map(({ code }) => code),
        ["A", "A", "c0"],
        "The retry is served.",
      );
      await stand.audit();
    },
  ],
  [
    "an engine that throws in the middle of a release, an undo, a commit or a void leaves nothing changed",
    async (bench) => {
      const { store } = bench;
      const stand = await bench.pool();
      await stand.upload("b1", series("c", 6));
      await stand.upload("b2", ["x"], NOON + 5);
      const drawn = (await stand.claim(["u1", "u2", "u3"].map((use) => itemOf(use)))).outcomes;
      const items = drawn.map((outcome, i) => ({
        use: `u${i + 1}`,
        number: outcome.code ? outcome.number : 0,
        answers: null,
      }));
      await failEverywhere(bench, stand, () => store.release({ ...stand.name, items: items.slice(0, 2), now: NOON }));
      await failEverywhere(bench, stand, () => store.voidCodes({ ...stand.name, keys: ["c3", "c4"] }));
      await failEverywhere(bench, stand, () => stand.undo("b1"));
      await failEverywhere(bench, stand, async () => {
        await store.release({ ...stand.name, items: items.slice(2), now: NOON });
      });
      await stand.stage("b3", ["y", "c5", "c0"]);
      await failEverywhere(bench, stand, () => stand.commit("b3"));
      await stand.audit();
    },
  ],
  [
    "an engine that throws in the middle of a block leaves the block to be sent again",
    async (bench) => {
      const stand = await bench.pool();
      await stand.upload("b1", ["B"]);
      await stand.begin("b2");
      const block = blockOf(["A", "B", "C"]);
      await failEverywhere(bench, stand, () => stand.add("b2", 0, block));
      same(await stand.add("b2", 0, block), { status: "added", duplicates: [1] }, "block");
      same(await stand.commit("b2"), { status: "committed", added: 2 }, "commit");
      same(await stand.codes(), ["B", "A", "C"], "codes");
    },
  ],
];
