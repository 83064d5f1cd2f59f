/** Callers whose clocks differ: `now` is the caller's, and a wrong clock destroys nothing. */
import type { Case } from "../contract.js";
import { same } from "../expect.js";
import { blockOf, HOUR, itemOf, LEASE, NOON, type Stand, series } from "../stand.js";

/** The same pool for a caller whose clock is off by so many milliseconds. */
function offBy(stand: Stand, milliseconds: number): Stand {
  const other = stand.through(stand.store);
  other.now += milliseconds;
  return other;
}

export const clockCases: readonly Case[] = [
  [
    "what has expired for a caller ahead is still there for a caller behind, in any order of calls",
    async ({ pool, second }) => {
      const behind = await pool();
      await behind.upload("b1", series("soon", 4), NOON + HOUR);
      await behind.upload("b2", series("late", 4), NOON + 10 * HOUR);
      const ahead = offBy(behind.through(await second()), 2 * HOUR);
      const remaining = async (stand: Stand) => (await stand.claim([])).remaining;
      same(
        [await behind.draw("u1"), await ahead.draw("u2"), await behind.draw("u3")],
        ["soon0", "late0", "soon1"],
        "draws",
      );
      same(
        [await behind.draw("u2"), await ahead.draw("u1")],
        ["late0", "soon0"],
        "A retry does not look at the clock.",
      );
      same([await remaining(behind), await remaining(ahead)], [5, 3], "Each counts by its own clock.");
      await ahead.sweep(ahead.now);
      same(await behind.draw("u4"), "soon2", "No sweep makes an expiry come true.");
      await behind.audit();
    },
  ],
  [
    "a holder's code that has expired for one caller is kept by the other, and each use stays with what it was told",
    async ({ pool, second }) => {
      const behind = await pool({ reuse: "until-expired" });
      await behind.upload("b1", ["old", "old-2"], NOON + HOUR);
      await behind.upload("b2", ["new", "other"]);
      const ahead = offBy(behind.through(await second()), 2 * HOUR);
      const ann = { holder: "ann" };
      same(await behind.draw("u1", ann), "old", "first");
      same(await ahead.draw("u2", ann), "new", "It has expired there.");
      same(await behind.draw("u3", ann), "new", "The holder has moved on.");
      same([await behind.draw("u1", ann), await ahead.draw("u1", ann)], ["old", "old"], "retries");
      same(await behind.draw("u4", { holder: "bob" }), "old-2", "Another holder draws by the clock of the caller.");
      same((await behind.audit()).assigned, 3, "assigned");
    },
  ],
  [
    "draws are counted under the hour of the caller who made them",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 10));
      await offBy(stand, 3 * HOUR + 5).claim(series("a", 2).map((use) => itemOf(use)));
      await offBy(stand, -HOUR).claim(series("b", 3).map((use) => itemOf(use)));
      await offBy(stand, 3 * HOUR).claim(series("c", 1).map((use) => itemOf(use)));
      same(
        await store.usage({ ...stand.name, from: 0, to: 2 * NOON }),
        [
          { at: NOON - HOUR, draws: 3 },
          { at: NOON + 3 * HOUR, draws: 3 },
        ],
        "usage",
      );
    },
  ],
  [
    "a caller ahead may take an upload's lease away, and the one behind is told so and has added nothing",
    async ({ pool, second }) => {
      const behind = await pool();
      const ahead = offBy(behind.through(await second()), LEASE);
      await behind.stage("b1", ["A"]);
      const busy = { status: "busy", batch: "b1", until: NOON + LEASE };
      same(await offBy(behind, -LEASE).begin("b0"), busy, "Nobody behind can.");
      same(await ahead.begin("b2"), { status: "begun" }, "It has run out there.");
      same(await behind.add("b1", 1, blockOf(["B"])), { status: "ended" }, "block");
      same(await behind.begin("b1"), { status: "ended" }, "begin");
      const later = { status: "busy", batch: "b2", until: NOON + 2 * LEASE };
      same(await behind.begin("b3"), later, "The new lease is by the new clock.");
      await ahead.add("b2", 0, blockOf(["A"]));
      same(await ahead.commit("b2"), { status: "committed", added: 1 }, "commit");
      same(await behind.codes(), ["A"], "codes");
      await behind.audit();
    },
  ],
];
