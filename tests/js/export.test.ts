import assert from "node:assert/strict";
import { it } from "node:test";
import { codes, DAY, failure, NOON, overEveryStore, soon, textOf, watched } from "./workbench.js";

overEveryStore("an export", (open) => {
  it("of remaining codes can be uploaded into another pool unchanged", async () => {
    const bench = open();
    const shapes = [
      "000123",
      "1E5",
      "=1+1",
      "+49",
      "-5",
      "@x",
      "'quoted",
      "a,b",
      'say "hi"',
      "🎁-1",
      "Ä-1",
      '=HYPERLINK("x")',
    ];
    await bench.pool("a", [], { caseSensitive: true });
    const rows = shapes.map(
      (code, index) => `"${code.replaceAll('"', '""')}",${new Date(NOON + (index + 1) * DAY).toISOString()}`,
    );
    await bench.pools.upload("a", `code,expires\n${rows.join("\n")}\n`);
    await bench.pool("b", [], { caseSensitive: true });
    const report = await bench.pools.upload("b", bench.pools.export("a", "remaining"));
    assert.deepEqual([report.added, report.rejectedCount], [shapes.length, 0]);
    const uses = shapes.map((_, index) => ({ message: "m", contact: `${index}` }));
    const [from, to] = [await bench.pools.drawMany("a", uses), await bench.pools.drawMany("b", uses)];
    assert.deepEqual(to, from);
    assert.deepEqual(
      to.map(({ code }) => code),
      shapes,
    );
  });

  it("of remaining codes holds what nobody has, however many pages that is", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 4_500));
    await bench.pools.drawMany(
      "a",
      codes("c", 500).map((contact) => ({ message: "m", contact })),
    );
    const lines = (await textOf(bench.pools.export("a", "remaining"))).trim().split("\r\n");
    assert.deepEqual(
      lines.slice(1).map((line) => line.split(",")[0]),
      codes("A", 4_500).slice(500),
    );
  });

  it("of draws names every use, and no cell of it is a formula", async () => {
    const bench = open();
    await bench.pool("a", [], { caseSensitive: true });
    await bench.pools.upload("a", "code\n=A1\nB2\n");
    await bench.pools.draw("a", { message: "@SUM(1)", contact: "=cmd|' /C calc'!A0", slot: "-1" });
    await bench.pools.draw("a", { message: "m", contact: 'b,c"d' });
    await bench.pools.redeemed("a", ["B2"]);
    const lines = (await textOf(bench.pools.export("a", "draws"))).trim().split("\r\n");
    assert.equal(lines.length, 3);
    const at = new Date(NOON).toISOString().replace(".000", "");
    assert.equal(lines[1], `'=A1,'=cmd|' /C calc'!A0,'@SUM(1),'-1,1,${at},,`);
    assert.equal(lines[2], `B2,"b,c""d",m,,2,${at},,${at}`);
  });

  it("of an empty pool is a header", async () => {
    const bench = open();
    await bench.pool("a", []);
    assert.equal((await textOf(bench.pools.export("a", "remaining"))).trim().split("\r\n").length, 1);
    assert.throws(() => bench.pools.export("a", "all" as never), { code: "INVALID_ARGUMENT" });
  });

  it("that is cancelled stops reading", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 30_000));
    const { store, of } = watched(bench.store);
    const reader = bench.over(store).export("a", "remaining").getReader();
    await reader.read();
    await soon(reader.cancel(), "the cancel");
    const read = of("codes").length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(read < 8 && of("codes").length <= read + 1, `${read}, then ${of("codes").length} pages`);
    assert.equal((await bench.pools.get("a")).remaining, 30_000);
  });

  it("is read only as fast as it is taken", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 30_000));
    const { store, of } = watched(bench.store);
    const reader = bench.over(store).export("a", "remaining").getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(of("codes").length <= 5, `${of("codes").length} pages were read ahead`);
    await reader.cancel();
  });

  it("fails with the store's own error as the cause", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5_000));
    const broken = new Error("no connection");
    let pages = 0;
    const { store } = watched(bench.store, (call) => {
      if (call.method === "codes" && ++pages === 2) throw broken;
      return call.go();
    });
    const error = await failure(textOf(bench.over(store).export("a", "remaining")));
    assert.deepEqual([error.name, error.code, error.cause === broken], ["StoreError", "STORE_FAILED", true]);
  });
});
