/** The books beside the codes: usage by hour, alert state, the journal, and the sweep. */
import type { Case } from "../contract.js";
import { same } from "../expect.js";
import { blockOf, DAY, HOUR, itemOf, LEASE, NOON, series } from "../stand.js";

const MIDNIGHT = NOON - 12 * HOUR;

export const booksCases: readonly Case[] = [
  [
    "fresh draws are counted by UTC hour, and old hours are rolled up into days without losing one",
    async ({ capabilities, store, pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", series("c", 20));
      const at = async (now: number, uses: string[]) => {
        stand.now = now;
        await stand.claim(uses.map((use) => itemOf(use, { holder: `h-${use}` })));
      };
      await at(MIDNIGHT + 5, ["a", "b"]);
      await at(MIDNIGHT + HOUR - 1, ["a", "c"]);
      await at(MIDNIGHT + 3 * HOUR, ["d"]);
      await at(MIDNIGHT + DAY, ["e"]);
      await at(MIDNIGHT + DAY + 2 * HOUR, ["f", "g"]);
      const usage = (from = 0, to = 2 * NOON) => store.usage({ ...stand.name, from, to });
      const rows = [
        { at: MIDNIGHT, draws: 3 },
        { at: MIDNIGHT + 3 * HOUR, draws: 1 },
        { at: MIDNIGHT + DAY, draws: 1 },
        { at: MIDNIGHT + DAY + 2 * HOUR, draws: 2 },
      ];
      same(await usage(), rows, "by hour");
      same(await usage(MIDNIGHT + 1, MIDNIGHT + DAY), rows.slice(1, 2), "`from` is inclusive, `to` is not");
      const { tenant } = stand.name;
      const request = { tenant, archived: false, cursor: null, limit: 1, usageFrom: MIDNIGHT + 1 };
      let listed = (await store.list(request)).rows[0]?.usage;
      for (let waits = 0; capabilities.listLags && listed?.length !== 3 && waits < 100; waits += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        listed = (await store.list(request)).rows[0]?.usage;
      }
      same(listed, rows.slice(1), "The list shows each pool's usage.");
      await stand.sweep(MIDNIGHT + DAY + 2 * HOUR + 1);
      same(await usage(), [{ at: MIDNIGHT, draws: 4 }, ...rows.slice(2)], "A day that has ended is rolled up.");
      await stand.sweep(MIDNIGHT + 2 * DAY);
      await stand.sweep(MIDNIGHT + 2 * DAY);
      same(
        await usage(),
        [
          { at: MIDNIGHT, draws: 4 },
          { at: MIDNIGHT + DAY, draws: 3 },
        ],
        "Then the next.",
      );
    },
  ],
  [
    "alert state is compare-and-swap, apart from the settings, and comes with every claim",
    async ({ store, pool }) => {
      const stand = await pool();
      const save = (expected: number | null, state: unknown) => store.saveAlerts({ ...stand.name, expected, state });
      same(await store.alerts(stand.name), null, "none yet");
      same(await save(1, {}), { saved: false, record: null }, "There is no revision 1 yet.");
      const first = { revision: 1, state: { pending: ["a"], text: "“ü” \\ ' \u2028" } };
      same(await save(null, first.state), { saved: true, record: first }, "first");
      same(await save(null, {}), { saved: false, record: first }, "The repeat finds its own work done.");
      same(await save(1, [1]), { saved: true, record: { revision: 2, state: [1] } }, "second");
      same(await save(1, [2]), { saved: false, record: { revision: 2, state: [1] } }, "stale");
      same((await stand.claim([])).alerts, { revision: 2, state: [1] }, "claim");
      same((await stand.claim([])).remaining, 0, "The settings' version has not changed.");
      same(await store.alerts(stand.name), { revision: 2, state: [1] }, "alerts");
    },
  ],
  [
    "journal entries are compare-and-swap: of two owners one goes on",
    async ({ store, pool, second }) => {
      const stand = await pool();
      const other = await second();
      const step = (through: typeof store, id: string, expected: number | null, entry: unknown) =>
        through.saveJournal({ ...stand.name, id, expected, entry });
      same(await store.journal(stand.name), [], "none yet");
      same(
        await step(store, "t1", null, { step: 1 }),
        { saved: true, record: { id: "t1", revision: 1, entry: { step: 1 } } },
        "first",
      );
      const both = await Promise.all([step(store, "t1", 1, { owner: "a" }), step(other, "t1", 1, { owner: "b" })]);
      same(both.filter(({ saved }) => saved).length, 1, "One owner wins.");
      same(both[0]?.record, both[1]?.record, "Both are told the winner's entry.");
      await step(other, "t0", null, [0]);
      same(
        (await store.journal(stand.name)).map(({ id, revision }) => [id, revision]),
        [
          ["t0", 1],
          ["t1", 2],
        ],
        "by id",
      );
      same((await step(store, "t1", 1, null)).saved, false, "A stale removal.");
      same(await step(store, "t1", 2, null), { saved: true, record: null }, "removal");
      same(await step(store, "t1", 2, { late: true }), { saved: false, record: null }, "A late step stops.");
      same(
        (await store.journal(stand.name)).map(({ id }) => id),
        ["t0"],
        "left",
      );
    },
  ],
  [
    "a sweep changes no count and no answer, whatever it cleans up",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("a", 30));
      await stand.upload("b2", series("b", 30), NOON + HOUR);
      const { outcomes } = await stand.claim(series("u", 40).map((use) => itemOf(use)));
      await store.voidCodes({ ...stand.name, keys: ["a20", "b3"] });
      await stand.undo("b2");
      await stand.undo("b1");
      await stand.release("u0", 1);
      await stand.stage("b3", series("s", 10));
      await store.dropBatch({ ...stand.name, batch: "b3" });
      const look = async () => [await stand.stock(), await stand.draws(), await stand.codes(), await stand.audit()];
      const before = await look();
      await stand.sweep(NOON);
      same(await look(), before, "After a sweep.");
      await stand.sweep(NOON);
      const again = (
        await stand.claim(
          series("u", 40)
            .slice(1)
            .map((use) => itemOf(use)),
        )
      ).outcomes;
      same(
        again.map(({ code }) => code),
        outcomes.slice(1).map(({ code }) => code),
        "Retries answer the same.",
      );
      same(
        await stand.upload("b4", ["b0", "a25", "s1", "a20", "a3"]),
        ["a20", "a3"],
        "Only what is held or void is there.",
      );
      await stand.audit();
    },
  ],
  [
    "a sweep drops a batch whose lease has run out, and leaves a live one alone",
    async ({ pool }) => {
      const stand = await pool();
      await stand.stage("b1", ["A"]);
      stand.now = NOON + LEASE - 1;
      await stand.sweep();
      same(await stand.add("b1", 1, blockOf(["B"])), { status: "added", duplicates: [] }, "alive");
      stand.now = NOON + 2 * LEASE - 1;
      await stand.sweep();
      same(await stand.commit("b1"), { status: "ended" }, "dead");
      same(await stand.upload("b2", ["A", "B"]), [], "Its codes may come again.");
    },
  ],
];
