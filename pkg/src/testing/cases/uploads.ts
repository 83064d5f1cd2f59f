/** Uploads: staging, leases, blocks, duplicates. */
import type { Case } from "../contract.js";
import { ok, same } from "../expect.js";
import { blockOf, LEASE, NOON, series } from "../stand.js";

export const uploadCases: readonly Case[] = [
  [
    "staged codes are in no count, no list and no claim until the batch is committed",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.stage("b1", ["A", "B"]);
      same(await stand.draw("u1"), null, "A staged code was drawn.");
      same((await stand.stock()).expiries, [], "A staged code was counted.");
      same(await stand.find({ key: "A" }), [], "A staged code was found.");
      same(await stand.codes(), [], "A staged code was listed.");
      same([...(await store.contains({ ...stand.name, block: blockOf(["A", "C"]) }))], [0, 0], "contains");
      same(await store.voidCodes({ ...stand.name, keys: ["A"] }), { voided: 0 }, "A staged code was voided.");
      same(await stand.commit("b1"), { status: "committed", added: 2 }, "commit");
      same(await stand.draw("u1"), "A", "A committed code is drawn.");
      same([...(await store.contains({ ...stand.name, block: blockOf(["A", "C"]) }))], [1, 0], "contains");
      same((await stand.audit()).added, 2, "added");
    },
  ],
  [
    "the same block again changes nothing and answers the same duplicates",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b0", ["B", "D"]);
      await stand.begin("b1");
      const block = blockOf(["A", "B", "C", "D"]);
      const first = await stand.add("b1", 0, block);
      same(first, { status: "added", duplicates: [1, 3] }, "duplicates");
      same(await stand.begin("b1"), { status: "begun" }, "A repeated begin keeps the batch.");
      same(await stand.add("b1", 0, block), first, "The first block again.");
      same(await stand.add("b1", 1, blockOf(["E"])), { status: "added", duplicates: [] }, "The next block.");
      same(await stand.add("b1", 0, block), first, "The first block after the next.");
      same(await stand.commit("b1"), { status: "committed", added: 3 }, "commit");
      same(await stand.commit("b1"), { status: "committed", added: 3 }, "A repeated commit.");
      same((await stand.codes()).sort(), ["A", "B", "C", "D", "E"], "Every code is there once.");
    },
  ],
  [
    "a code comes only once into a pool: not twice in a block, a batch, or through another key's text",
    async ({ pool }) => {
      const stand = await pool({ caseSensitive: false });
      await stand.begin("b1");
      const block = blockOf(["Save10", "SAVE10", "other", "save10"], null, ["save10", "save10", "other", "save10"]);
      same(await stand.add("b1", 0, block), { status: "added", duplicates: [1, 3] }, "Within a block.");
      const next = blockOf(["new", "sAVE10"], null, ["new", "save10"]);
      same(await stand.add("b1", 1, next), { status: "added", duplicates: [1] }, "Within a batch.");
      await stand.commit("b1");
      same(
        (await stand.find({ key: "save10" })).map(({ code }) => code),
        ["Save10"],
        "The text kept is the first one.",
      );
      same(await stand.find({ key: "Save10" }), [], "Codes are found by key, not by text.");
      same((await stand.audit()).added, 3, "added");
    },
  ],
  [
    "duplicates are looked for among free, held, expired and void codes",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["held", "free", "void"]);
      same(await stand.draw("u1"), "held", "first code");
      await stand.upload("b2", ["expired"], NOON + 1);
      await store.voidCodes({ ...stand.name, keys: ["void"] });
      stand.now = NOON + 1;
      const all = ["held", "new", "free", "void", "expired"];
      same([...(await store.contains({ ...stand.name, block: blockOf(all) }))], [1, 0, 1, 1, 1], "contains");
      same(await stand.upload("b3", all), ["held", "free", "void", "expired"], "duplicates");
      same((await stand.audit()).added, 5, "added");
    },
  ],
  [
    "two codes with one fingerprint are still two codes",
    async ({ store, pool }) => {
      const stand = await pool();
      const collide = (codes: string[]) => ({ ...blockOf(codes), fingerprints: new Uint8Array(8 * codes.length) });
      await stand.begin("b1");
      same(await stand.add("b1", 0, collide(["A", "B", "A"])), { status: "added", duplicates: [2] }, "block 0");
      same(await stand.add("b1", 1, collide(["C", "B"])), { status: "added", duplicates: [1] }, "block 1");
      await stand.commit("b1");
      same([...(await store.contains({ ...stand.name, block: collide(["B", "D", "C"]) }))], [1, 0, 1], "contains");
      same(await stand.codes(), ["A", "B", "C"], "codes");
      same((await stand.find({ key: "B" })).length, 1, "find");
    },
  ],
  [
    "one batch is staged at a time: a second upload is refused while the lease holds, and blocks renew it",
    async ({ pool, second }) => {
      const stand = await pool();
      const other = stand.through(await second());
      await stand.begin("b1");
      same(await other.begin("b2"), { status: "busy", batch: "b1", until: NOON + LEASE }, "The lease holds.");
      stand.now = NOON + LEASE - 1;
      await stand.add("b1", 0, blockOf(["A"]));
      other.now = NOON + LEASE;
      const until = NOON + 2 * LEASE - 1;
      same(await other.begin("b2"), { status: "busy", batch: "b1", until }, "The block renewed the lease.");
      same(await other.add("b2", 0, blockOf(["B"])), { status: "ended" }, "A refused batch takes no block.");
      same(await other.commit("b2"), { status: "ended" }, "A refused batch is not committed.");
      stand.now = NOON + 2 * LEASE - 2;
      await stand.add("b1", 0, blockOf(["A"]));
      other.now = NOON + 2 * LEASE - 1;
      same((await other.begin("b2")).status, "busy", "A repeated block renews the lease too.");
      await stand.commit("b1");
      same(await other.begin("b2"), { status: "begun" }, "After the commit the next one may begin.");
    },
  ],
  [
    "an upload that takes over a dead lease drops the dead batch before it looks for duplicates",
    async ({ pool, second }) => {
      const stand = await pool();
      await stand.stage("dead", ["A", "B"]);
      const other = stand.through(await second());
      other.now = NOON + LEASE;
      same(await other.begin("b2"), { status: "begun" }, "An expiry is exclusive: the lease has run out.");
      same(await other.add("b2", 0, blockOf(["B", "C"])), { status: "added", duplicates: [] }, "Nobody holds B.");
      same(await stand.add("dead", 1, blockOf(["D"])), { status: "ended" }, "A late block of the dead batch.");
      same(await stand.add("dead", 0, blockOf(["A", "B"])), { status: "ended" }, "A repeated block of the dead batch.");
      same(await stand.commit("dead"), { status: "ended" }, "A late commit of the dead batch.");
      same(await stand.begin("dead"), { status: "ended" }, "A dead batch does not come back.");
      await other.commit("b2");
      await other.sweep();
      same(await other.codes(), ["B", "C"], "codes");
      same(await stand.begin("dead"), { status: "ended" }, "Not even after a sweep.");
      await other.audit();
    },
  ],
  [
    "an upload that drops the one in its way begins at once, and the other one comes to nothing, alive or not",
    async ({ store, pool, second }) => {
      const stand = await pool();
      await stand.upload("b0", ["A"]);
      await stand.stage("b1", ["A", "B", "C"]);
      const other = stand.through(await second());
      const busy = await other.begin("b2");
      same(busy, { status: "busy", batch: "b1", until: NOON + LEASE }, "The answer names the batch in the way.");
      await other.store.dropBatch({ ...other.name, batch: "b1" });
      same(await other.begin("b2"), { status: "begun" }, "Its lease has not run out, and it is gone.");
      same(await stand.add("b1", 1, blockOf(["D", "E"])), { status: "ended" }, "A late block of the dropped batch.");
      const duplicates = await other.add("b2", 0, blockOf(["A", "B", "D"]));
      same(duplicates, { status: "added", duplicates: [0] }, "Only what was committed is a duplicate.");
      same(await stand.commit("b1"), { status: "ended" }, "A late commit of the dropped batch.");
      same(await stand.begin("b1"), { status: "ended" }, "It does not come back.");
      await store.dropBatch({ ...stand.name, batch: "b1" });
      same(
        await other.add("b2", 1, blockOf(["F"])),
        { status: "added", duplicates: [] },
        "Dropping it again is nothing.",
      );
      same(await other.commit("b2"), { status: "committed", added: 3 }, "commit");
      await other.sweep();
      same(await other.codes(), ["A", "B", "D", "F"], "No code of both, and none of the dropped one.");
      await other.audit();
    },
  ],
  [
    "an upload that was only slow goes on after its lease, if nobody took over",
    async ({ pool }) => {
      const stand = await pool();
      await stand.stage("b1", ["A"]);
      stand.now = NOON + 10 * LEASE;
      same(await stand.begin("b1"), { status: "begun" }, "begin again");
      same(await stand.add("b1", 1, blockOf(["B"])), { status: "added", duplicates: [] }, "next block");
      same(await stand.commit("b1"), { status: "committed", added: 2 }, "commit");
    },
  ],
  [
    "a dropped batch leaves nothing behind, and blocks for ended or unknown batches are refused",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.stage("b1", ["A", "B"]);
      await store.dropBatch({ ...stand.name, batch: "b1" });
      await store.dropBatch({ ...stand.name, batch: "b1" });
      await store.dropBatch({ ...stand.name, batch: "never" });
      same(await stand.upload("b2", ["B", "A"]), [], "Dropped codes are no duplicates.");
      await store.dropBatch({ ...stand.name, batch: "b2" });
      await stand.sweep();
      same(await stand.codes(), ["B", "A"], "Dropping a committed batch does nothing.");
      for (const batch of ["b1", "b2", "never"]) {
        same(await stand.add(batch, 5, blockOf(["Z"])), { status: "ended" }, `A block for ${batch}.`);
      }
      same(await stand.begin("b2"), { status: "ended" }, "A committed batch does not begin again.");
      same(await stand.undo("b1"), null, "A dropped batch cannot be undone.");
      await stand.audit();
    },
  ],
  [
    "an upload derived from old settings is refused with the document",
    async ({ pool }) => {
      const stand = await pool();
      const old = stand.document;
      await stand.edit({ expiresAt: NOON });
      const { document } = stand;
      stand.document = old;
      same(await stand.begin("b1"), { status: "stale", document }, "begin");
    },
  ],
  [
    "codes with many expiries in many blocks are counted by expiry",
    async ({ pool }) => {
      const stand = await pool();
      await stand.begin("b1");
      const run = (expiresAt: number | null, count: number) => ({ expiresAt, count });
      const [soon, late] = [NOON + 1000, NOON + 2000];
      await stand.add("b1", 0, blockOf(series("a", 6), [run(soon, 2), run(late, 3), run(null, 1)]));
      await stand.add("b1", 1, blockOf([...series("b", 3), "a0"], [run(soon, 1), run(late, 2), run(null, 1)]));
      await stand.add("b1", 2, blockOf(["a1"], soon));
      same(await stand.commit("b1", { file: "März 🎉.csv" }), { status: "committed", added: 9 }, "commit");
      const sum = (expiresAt: number | null, added: number) => ({ expiresAt, added, undone: 0, assigned: 0, void: 0 });
      same((await stand.stock()).expiries, [sum(soon, 3), sum(late, 5), sum(null, 1)], "Sums, ascending, null last.");
      same(await stand.codes(2), ["a0", "a1", "b0", "a2", "a3", "a4", "b1", "b2", "a5"], "Order of codes.");
      stand.now = soon;
      const { remaining, expired } = await stand.figures();
      same([remaining, expired], [6, 3], "Expired is a matter of the caller's clock.");
      ok((await stand.audit()).added === 9, "added");
    },
  ],
  [
    "batches are listed newest first, with their notes and counts",
    async ({ store, pool }) => {
      const stand = await pool();
      for (const n of [1, 2, 3]) await stand.upload(`b${n}`, series(`c${n}-`, n));
      await stand.stage("b4", ["x"]);
      await store.dropBatch({ ...stand.name, batch: "b4" });
      await stand.begin("b5");
      await stand.add("b5", 0, blockOf(["y", "z"]));
      stand.now = NOON + 5;
      await stand.commit("b5", { rows: 2, name: 'q"uote' });
      await stand.stage("b6", ["s"]);
      await stand.draw("u1");
      await stand.undo("b2");
      const first = await store.batches({ ...stand.name, cursor: null, limit: 3 });
      const second = await store.batches({ ...stand.name, cursor: first.next, limit: 3 });
      const rows = [...first.rows, ...second.rows].map(({ batch, state, added, undone, assigned }) => [
        batch,
        state,
        added,
        undone,
        assigned,
      ]);
      same(
        rows,
        [
          ["b6", "staged", 1, 0, 0],
          ["b5", "committed", 2, 0, 0],
          ["b3", "committed", 3, 0, 0],
          ["b2", "undone", 2, 2, 0],
          ["b1", "committed", 1, 0, 1],
        ],
        "batches",
      );
      same(second.next, null, "The list ends.");
      same([first.rows[1]?.note, first.rows[1]?.at], [{ rows: 2, name: 'q"uote' }, NOON + 5], "note");
    },
  ],
];
