/** Pool documents: compare-and-swap, tenants, lists. */
import type { Case } from "../contract.js";
import { ok, same } from "../expect.js";
import { documentOf, everyRow, figuresOf, NOON, Stand } from "../stand.js";

export const documentCases: readonly Case[] = [
  [
    "a document is loaded as it was saved, in the order asked for",
    async ({ store, tenant, pool }) => {
      const a = await pool({ name: "“A” 🎁", lowStock: [100, "10%"], onEmpty: { fallback: "X'\"--" } }, "a");
      const b = await pool({ archived: true, expiresAt: NOON, sample: null }, "b");
      const documents = await store.load({ tenant, pools: ["b", "none", "a"] });
      same(documents, [b.document, null, a.document], "Documents are not what was saved.");
      same(await store.load({ tenant, pools: [] }), [], "Loading nothing answers nothing.");
    },
  ],
  [
    "of two saves of one revision, one wins and the other is told the current document",
    async ({ store, tenant, pool, second }) => {
      const stand = await pool();
      const other = await second();
      const saves = await Promise.all(
        [store, other, store, other].map((through, i) =>
          through.save({
            tenant,
            document: { ...stand.document, name: `writer ${i}`, revision: 2 },
            expected: 1,
            untouched: false,
          }),
        ),
      );
      const winners = saves.flatMap(({ saved }, i) => (saved ? [`writer ${i}`] : []));
      same(winners.length, 1, "Exactly one save may win.");
      const [current] = await store.load({ tenant, pools: [stand.pool] });
      same(current?.name, winners[0], "The winner's document is not the stored one.");
      for (const save of saves) {
        if (!save.saved) same([save.reason, save.document?.revision], ["conflict", 2], "A loser is told wrongly.");
      }
      const again = await store.save({ tenant, document: stand.document, expected: null, untouched: false });
      ok(!again.saved && again.reason === "conflict", "A pool was created twice.");
      const gone = await store.save({ tenant, document: documentOf("none"), expected: 3, untouched: false });
      same(gone, { saved: false, reason: "conflict", document: null }, "A missing pool was updated.");
    },
  ],
  [
    "`kind`, `reuse` and `caseSensitive` are kept: an `untouched` save is refused once there is a batch",
    async ({ store, tenant, pool }) => {
      const stand = await pool();
      const next = () => ({ ...stand.document, revision: stand.document.revision + 1 });
      const save = () => store.save({ tenant, document: next(), expected: stand.document.revision, untouched: true });
      same(await save(), { saved: true }, "A pool without batches is untouched.");
      stand.document = next();
      await stand.stage("b1", ["A"]);
      same((await save()) as unknown, { saved: false, reason: "touched", document: stand.document }, "Staged batch.");
      await store.dropBatch({ ...stand.name, batch: "b1" });
      same(await save(), { saved: true }, "A dropped batch leaves no trace.");
      stand.document = next();
      await stand.upload("b2", ["A"]);
      ok(!(await save()).saved, "A pool with codes is touched.");
      await stand.undo("b2");
      ok(!(await save()).saved, "An undone batch still touches the pool.");
      const plain = await store.save({ tenant, document: next(), expected: stand.document.revision, untouched: false });
      same(plain, { saved: true }, "Other saves go through.");
    },
  ],
  [
    "no call reaches another tenant's pool",
    async ({ store, tenant, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B"]);
      const drawn = await stand.drawn("u1", { contact: "ann" });
      const stranger = new Stand(store, `${tenant}-other`);
      const name = stranger.name;
      same(await store.load({ tenant: stranger.tenant, pools: [stand.pool] }), [null], "load");
      same(await stranger.ask([]), { status: "stale", document: null }, "claim");
      same(await stranger.release("u1", drawn.number), { released: false, reason: "unknown-use" }, "release");
      same(await stranger.find({ key: "A" }), [], "find by key");
      same(await stranger.find({ contact: "ann" }), [], "find by contact");
      same(await store.forget({ ...name, contact: "ann" }), { forgotten: 0 }, "forget");
      same(await store.counts(name), null, "counts");
      same(await store.voidCodes({ ...name, keys: ["B"] }), { voided: 0 }, "void");
      same(await store.markRedeemed({ ...name, keys: ["A"], now: NOON }), { marked: 0, unknown: 1 }, "redeemed");
      same(await stranger.undo("b1"), null, "undo");
      same(await stranger.begin("b9"), { status: "stale", document: null }, "begin");
      same(await stranger.draws(), [], "draws");
      same(await stranger.codes(), [], "codes");
      await stranger.create();
      same(await stranger.upload("b1", ["A", "B"]), [], "The same batch id and codes are free in another tenant.");
      same(await stranger.draw("u1"), "A", "The same use draws in another tenant.");
      same(await stand.audit(), await stranger.audit(), "Each tenant has its own two codes.");
    },
  ],
  [
    "pools of one tenant share nothing, not even a code's text",
    async ({ pool }) => {
      const [a, b] = [await pool({}, "a"), await pool({}, "b")];
      same(await a.upload("b1", ["X", "Y"]), [], "pool a");
      same(await b.upload("b1", ["X", "Y"]), [], "pool b");
      same([await a.draw("u1"), await b.draw("u1")], ["X", "X"], "One use draws from each pool.");
      same((await a.drawn("u2")).number, 2, "Numbers are counted in each pool.");
      await a.undo("b1");
      same((await b.figures()).remaining, 1, "An undo in one pool leaves the other alone.");
    },
  ],
  [
    "pools are listed by handle in pages, with their stock",
    async ({ store, tenant, pool, capabilities }) => {
      for (const handle of ["delta", "alpha", "echo", "bravo", "charlie"]) {
        const stand = await pool({ archived: handle === "charlie" }, handle);
        await stand.upload("b1", [`${handle}-1`, `${handle}-2`]);
      }
      const list = (archived: boolean) =>
        everyRow((page) => store.list({ tenant, archived, usageFrom: 0, ...page }), 2);
      const settled = (rows: Awaited<ReturnType<typeof list>>) =>
        rows.length === 4 && rows.every(({ stock }) => figuresOf(stock, null, NOON).remaining === 2);
      let rows = await list(false);
      for (let waits = 0; capabilities.listLags && !settled(rows) && waits < 100; waits += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        rows = await list(false);
      }
      same(
        rows.map(({ document }) => document.handle),
        ["alpha", "bravo", "delta", "echo"],
        "Order or paging.",
      );
      ok(settled(rows), "Each pool is listed with its stock.");
      ok(capabilities.listLags || rows.every(({ asOf }) => asOf === null), "This store's list does not lag.");
      same(
        (await list(true)).map(({ document }) => document.handle),
        ["charlie"],
        "Archived pools are apart.",
      );
    },
  ],
];
