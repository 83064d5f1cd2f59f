import assert from "node:assert/strict";
import { it } from "node:test";
import { Bench, codes, DAY, failure, NOON, overEveryStore, watched } from "./workbench.js";

overEveryStore("a preview", (open) => {
  it("draws nothing and writes nothing", async () => {
    const bench = open();
    await bench.pool("a", codes("SPR-7K", 3));
    const before = await bench.pools.get("a");
    const { store, calls } = watched(bench.store);
    const pools = bench.over(store);
    for (let turn = 0; turn < 5; turn++)
      await pools.preview('<p>{% coupon "a" %}{% ifcoupon "a" %}{% coupon "a", slot: "2" %}{% endifcoupon %}</p>');
    for (const { method } of calls) assert.ok(["load", "counts", "find"].includes(method), method);
    assert.deepEqual(await bench.pools.get("a"), before);
  });

  it("shows a sample in the shape of the codes that says what it is and is none of them", async () => {
    const bench = open();
    await bench.pool("a", ["SPR-7K2Q-99", "SPR-8K2Q-99"]);
    const { output } = await bench.pools.preview('<p>{% coupon "a" %}</p>');
    assert.match(output, /^<p>SAM-\dP\dL-\d\d<\/p>$/);
    const sample = output.slice(3, -4);
    assert.deepEqual([...(await bench.pools.find("a", { code: sample }))], []);
  });

  it("shows no sample that has become a real code", async () => {
    const bench = open();
    await bench.pool("a", ["ABC-1"]);
    const shown = async () => (await bench.pools.preview('{% coupon "a" %}', { mode: "text" })).output;
    const sample = await shown();
    await bench.pools.upload("a", `${sample.toLowerCase()}\n`, { header: false });
    assert.notEqual((await shown()).toLowerCase(), sample.toLowerCase());
  });

  it("shows no real code even in a pool whose codes are samples", async () => {
    const bench = open();
    for (const [index, held] of [["SAMPLE"], ["SAMPLE", "SAMP-LE"], ["SAMPLES", "SAMPLE"]].entries()) {
      await bench.pool(`a${index}`, held);
      const { output } = await bench.pools.preview(`{% coupon "a${index}" %}`, { mode: "text" });
      assert.ok(!held.includes(output), `${output} is a real code`);
    }
  });

  it("shows fixed codes and dates as they will be", async () => {
    const bench = open();
    await bench.pools.create({ handle: "f", kind: "fixed", fixedCode: "HELLO10", expiresAt: "2026-12-31" });
    const { output, warnings } = await bench.pools.preview(
      '{% coupon "f" %} until {% coupon_expiry "f", locale: "en-GB" %}',
    );
    assert.deepEqual([output, warnings], ["HELLO10 until 31 December 2026", []]);
  });

  it("shows the date of the code that the next draw would give", async () => {
    const bench = open();
    await bench.pool("a", []);
    await bench.pools.upload("a", "code,expires\nA-1,2027-01-31\nA-2,2026-06-30\n");
    const { output } = await bench.pools.preview('{% coupon_expiry "a", locale: "en-GB" %}');
    assert.equal(output, "30 June 2026");
  });

  it("works before any pool is there, and says that no mail can be made", async () => {
    const bench = open();
    const { output, warnings } = await bench.pools.preview({ subject: "Hi", html: '<p>\n{% coupon "nope" %}</p>' });
    assert.deepEqual(output, { subject: "Hi", html: "<p>\nSAMPLE</p>" });
    assert.equal(warnings.length, 1);
    assert.deepEqual([warnings[0]?.part, warnings[0]?.line, warnings[0]?.column], ["html", 2, 1]);
    assert.match(warnings[0]?.message ?? "", /no pool "nope"/);
  });

  it("warns of what will print nothing, and of empty and archived pools", async () => {
    const bench = open();
    await bench.pool("omits", codes("A", 2), { onEmpty: "omit" });
    await bench.pool("empty", []);
    await bench.pool("old", codes("C", 2));
    await bench.pools.archive("old");
    const warned = async (template: string) =>
      (await bench.pools.preview(template)).warnings.map(({ message }) => message);
    assert.match((await warned('{% coupon "omits" %}')).join(), /nothing is printed here/);
    assert.deepEqual(await warned('{% ifcoupon "omits" %}{% coupon "omits" %}{% endifcoupon %}'), []);
    assert.deepEqual(await warned('{% coupon "omits", fallback: "X" %}'), []);
    assert.match((await warned('{% coupon "empty" %}')).join(), /no code left/);
    assert.match((await warned('{% coupon "old" %}')).join(), /archived/);
    assert.match(
      (await warned('{% coupon "omits", fallback: "X" %}{% coupon_expiry "omits" %}')).join(),
      /do not expire/,
    );
  });

  it("does not say that codes do not expire where there are none left", async () => {
    const bench = open();
    await bench.pool("a", []);
    await bench.pools.upload("a", `code,expires\nA-1,${new Date(NOON + DAY).toISOString()}\n`);
    await bench.pools.draw("a", { message: "m", contact: "c" });
    const { warnings } = await bench.pools.preview('{% coupon_expiry "a" %}');
    assert.ok(!warnings.some(({ message }) => /do not expire/.test(message)), JSON.stringify(warnings));
  });
});

it("a preview escapes samples as it would escape codes", async () => {
  const bench = Bench.inMemory();
  await bench.pool("a", ["A&1"]);
  const { output } = await bench.pools.preview('<p>{% coupon "a" %}</p>');
  assert.match(output, /^<p>S&amp;\d<\/p>$/);
});

it("a way of reading that is none is refused by its name, and crashes no engine", async () => {
  const bench = Bench.inMemory();
  await bench.pool("a", codes("A", 2));
  const none: unknown[] = [{}, [], 5, true, "", "HTML", "xml", Symbol("html"), () => "html"];
  for (const mode of none as "html"[]) {
    const error = await failure(bench.pools.preview("hi", { mode }), String(mode));
    assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", "mode"], String(mode));
    assert.equal((await failure(bench.pools.compile("hi", { mode }).ready)).code, "INVALID_ARGUMENT");
  }
  for (const next of none as "liquid"[]) {
    const error = await failure(bench.pools.render("hi", { message: "m", contact: "c", next }), String(next));
    assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", "next"], String(next));
  }
  for (const mode of ["html", "mjml", "text"] as const) assert.ok(await bench.pools.preview("<mjml></mjml>", { mode }));
});
