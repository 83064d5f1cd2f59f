/** Undo: free codes leave the pool, held ones stay until they are released. */
import type { Case } from "../contract.js";
import { same } from "../expect.js";
import { blockOf, NOON } from "../stand.js";

export const undoCases: readonly Case[] = [
  [
    "an undo takes the free codes away and keeps the held ones, and a repeat answers the same",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B", "C"]);
      await stand.upload("b2", ["D"]);
      const drawn = await stand.drawn("u1");
      same(await stand.undo("b1"), { removed: 2, kept: 1 }, "undo");
      same(await stand.codes(), ["D"], "Free codes left the pool.");
      same(await stand.draw("u1"), "A", "A retry still gets its code.");
      same(await stand.draw("u2"), "D", "The next draw is another batch's.");
      same(await stand.draw("u3"), null, "Nothing else is left.");
      await stand.release("u1", drawn.number);
      same(await stand.undo("b1"), { removed: 2, kept: 1 }, "A repeat, even after a release.");
      same(await stand.commit("b1"), { status: "ended" }, "An undone batch is not committed again.");
      same(await stand.add("b1", 0, blockOf(["Z"])), { status: "ended" }, "Nor does it take a block.");
      same(await stand.begin("b1"), { status: "ended" }, "Nor does it begin again.");
      const { added, undone, assigned, remaining } = await stand.audit();
      same([added, undone, assigned, remaining], [4, 3, 1, 0], "sums");
    },
  ],
  [
    "a code of an undone batch that is released leaves the pool",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B"]);
      const drawn = await stand.drawn("u1");
      await stand.undo("b1");
      same(await stand.release("u1", drawn.number), { released: true, freed: true }, "release");
      same(await stand.draw("u2"), null, "It was drawn again.");
      same(await stand.find({ key: "A" }), [], "It is still found.");
      same((await stand.audit()).undone, 2, "It left by the undo.");
      same(await stand.upload("b2", ["A"]), [], "It may come again.");
      same(await stand.draw("u3"), "A", "And be drawn.");
      await stand.audit();
    },
  ],
  [
    "codes of an undone batch are duplicates while they are held, and only then",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["held", "free", "void"]);
      const drawn = await stand.drawn("u1");
      await store.voidCodes({ ...stand.name, keys: ["void"] });
      same(await stand.undo("b1"), { removed: 1, kept: 1 }, "Void codes are neither removed nor kept.");
      const block = blockOf(["held", "free", "void"]);
      same([...(await store.contains({ ...stand.name, block }))], [1, 0, 1], "contains, before the sweep");
      same(await stand.upload("b2", ["held", "free", "void"]), ["held", "void"], "duplicates, before the sweep");
      await stand.sweep();
      same([...(await store.contains({ ...stand.name, block }))], [1, 1, 1], "contains, after the sweep");
      same(await stand.draw("u1"), "held", "The sweep left the held code alone.");
      await stand.release("u1", drawn.number);
      same(await stand.upload("b3", ["held", "free"]), ["free"], "Released, it is no duplicate.");
      same([await stand.draw("u2"), await stand.draw("u3"), await stand.draw("u4")], ["free", "held", null], "draws");
      await stand.audit();
    },
  ],
  [
    "a code that left by an undo comes again and is drawn once, before and after the sweep of its old batch",
    async ({ pool }) => {
      const stand = await pool();
      for (const round of [1, 2, 3, 4]) {
        same(await stand.upload(`b${round}`, ["A", "B"]), [], `round ${round}`);
        if (round % 2 === 0) await stand.sweep();
        same(await stand.codes(), ["A", "B"], `round ${round}, after the upload`);
        if (round < 4) await stand.undo(`b${round}`);
        if (round === 3) await stand.sweep();
      }
      same([await stand.draw("u1"), await stand.draw("u2"), await stand.draw("u3")], ["A", "B", null], "draws");
      same(
        (await stand.find({ key: "A" })).map(({ batch }) => batch),
        ["b4"],
        "The code is the last batch's.",
      );
      const { added, undone } = await stand.audit();
      same([added, undone], [8, 6], "sums");
    },
  ],
  [
    "a code that left by an undo and stands twice in the next block comes in once",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B"]);
      await stand.undo("b1");
      same(await stand.upload("b2", ["A", "C", "A", "B", "A"]), ["A", "A"], "duplicates");
      same((await stand.codes()).sort(), ["A", "B", "C"], "codes");
      await stand.audit();
    },
  ],
  [
    "a given-back code of a batch undone later is not drawn",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B", "C"]);
      const drawn = await stand.drawn("u1");
      await stand.draw("u2");
      await stand.release("u1", drawn.number);
      same(await stand.undo("b1"), { removed: 2, kept: 1 }, "undo");
      same(await stand.draw("u3"), null, "Nothing is left.");
      await stand.sweep();
      await stand.audit();
    },
  ],
  [
    "an undo of a batch that is staged, dropped or unknown does nothing",
    async ({ pool }) => {
      const stand = await pool();
      await stand.stage("b1", ["A"]);
      same([await stand.undo("b1"), await stand.undo("none")], [null, null], "undo");
      same(await stand.commit("b1"), { status: "committed", added: 1 }, "commit");
    },
  ],
  [
    "an undone expired batch, and undone codes with expiries, are summed where they were added",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload(
        "b1",
        ["A", "B", "C"],
        [
          { expiresAt: NOON + 10, count: 1 },
          { expiresAt: null, count: 2 },
        ],
      );
      stand.now = NOON + 10;
      same(await stand.undo("b1"), { removed: 3, kept: 0 }, "Expired codes leave too.");
      const { remaining, expired, undone } = await stand.figures();
      same([remaining, expired, undone], [0, 0, 3], "sums");
    },
  ],
];
