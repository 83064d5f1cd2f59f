import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OutOfCodesError, TemplateError } from "coupon-pools";
import { Bench, codes, DAY, failure, NOON, overEveryStore, watched } from "./workbench.js";

const mail = { message: "m", contact: "c" };

overEveryStore("a render", (open) => {
  it("fills every part of a mail, in the template's own shape", async () => {
    const bench = open();
    await bench.pool("a", ["A&1"]);
    const template = {
      subject: 'Your {% coupon "a" %}',
      preheader: 'Use {% coupon "a" %}',
      html: '<p title="{% coupon "a" %}">{% coupon "a" %}</p>',
      text: 'Code: {% coupon "a" %}',
      amp: '<html amp4email><body>{% coupon "a" %}</body></html>',
    };
    const { output, draws } = await bench.pools.render(template, mail);
    assert.deepEqual(output, {
      subject: "Your A&1",
      preheader: "Use A&1",
      html: '<p title="A&amp;1">A&amp;1</p>',
      text: "Code: A&1",
      amp: "<html amp4email><body>A&amp;1</body></html>",
    });
    assert.deepEqual(Object.keys(output), Object.keys(template));
    assert.deepEqual(draws, [
      { handle: "a", slot: "", code: "A&1", expiresAt: null, repeat: false, expired: false, number: 1 },
    ]);
    const one = await bench.pools.render({ html: '<p>{% coupon "a" %}</p>' }, mail);
    assert.deepEqual([one.output, one.draws[0]?.repeat], [{ html: "<p>A&amp;1</p>" }, true]);
  });

  it("retried is the same mail, in any process", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    const template = '<p>{% coupon "a" %} {% coupon "a", slot: "second" %} {% coupon "a" %}</p>';
    const first = await bench.pools.render(template, mail);
    assert.equal(first.output, "<p>A-1 A-2 A-1</p>");
    const again = await bench.another().render(template, mail);
    assert.deepEqual([again.output, again.draws.map(({ repeat }) => repeat)], [first.output, [true, true]]);
    assert.equal((await bench.pools.draw("a", { ...mail, slot: "second" })).code, "A-2");
    assert.equal((await bench.audit("a")).assigned, 2);
  });

  it("draws only what is shown", async () => {
    const bench = open();
    for (const handle of ["a", "b", "c", "d"]) await bench.pool(handle, [`${handle.toUpperCase()}-1`]);
    await bench.pool("none", []);
    const template =
      '{% ifcoupon "a" %}[{% coupon "b" %}{% ifcoupon "none" %}{% coupon "c" %}{% else %}x{% endifcoupon %}]' +
      '{% else %}{% coupon "d" %}{% endifcoupon %}<!-- {% coupon "d" %} -->{% raw %}{% coupon "d" %}{% endraw %}';
    const { output, draws } = await bench.pools.render(template, mail);
    assert.equal(output, '[B-1x]<!-- {% coupon "d" %} -->{% coupon "d" %}');
    for (const [handle, assigned] of [
      ["b", 1],
      ["c", 0],
      ["d", 0],
    ] as const) {
      assert.equal((await bench.audit(handle)).assigned, assigned, handle);
    }
    assert.ok(draws.every(({ handle }) => handle === "a" || handle === "b"));
  });

  it("claims once a pool and round", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 9));
    await bench.pool("b", codes("B", 9));
    const { store, of } = watched(bench.store);
    const pools = bench.over(store);
    const template =
      '{% coupon "b" %}{% coupon "a", slot: "2" %}{% ifcoupon "a" %}{% coupon "a" %}{% coupon "b", slot: "2" %}{% endifcoupon %}';
    await pools.render(template, mail);
    assert.deepEqual(
      of("claim").map(({ pool, items }) => `${pool}${items.length}`),
      ["a2", "b1", "b1"],
    );
  });

  it("under stop fails as a whole and leaves nothing newly held", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3));
    await bench.pool("b", codes("B", 3));
    await bench.pool("z", []);
    const kept = await bench.pools.draw("b", mail);
    const error = await failure(bench.pools.render('{% coupon "a" %}{% coupon "b" %}{% coupon "z" %}', mail));
    assert.ok(error instanceof OutOfCodesError);
    assert.deepEqual([error.code, error.details], ["OUT_OF_CODES", { pool: "z", reason: "empty" }]);
    assert.deepEqual(await bench.audit("a"), { remaining: 3, assigned: 0, expired: 0, added: 3 });
    assert.deepEqual([(await bench.audit("b")).assigned, (await bench.pools.draw("b", mail)).number], [1, kept.number]);
    await bench.pools.upload("z", "Z-1\n");
    const { output, draws } = await bench.pools.render('{% coupon "a" %}{% coupon "b" %}{% coupon "z" %}', mail);
    assert.equal(output, "A-1B-1Z-1");
    assert.deepEqual(
      draws.map(({ repeat }) => repeat),
      [false, true, false],
    );
  });

  it("that fails keeps what another process was answered meanwhile", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 3));
    await bench.pool("z", []);
    const rival = bench.another();
    let answer: string | null | undefined;
    const { store } = watched(bench.store, async (call) => {
      if (call.method === "release") answer = (await rival.draw("a", mail)).code;
      return call.go();
    });
    await failure(bench.over(store).render('{% coupon "a" %}{% coupon "z" %}', mail));
    assert.equal(answer, "A-1");
    assert.deepEqual([(await rival.draw("a", mail)).code, (await bench.audit("a")).assigned], ["A-1", 1]);
  });

  it("omits, falls back, and chooses the else of an ifcoupon", async () => {
    const bench = open();
    await bench.pool("stop", []);
    await bench.pool("omit", [], { onEmpty: "omit" });
    await bench.pool("fall", [], { onEmpty: { fallback: "HELLO<5" } });
    await bench.pools.create({ handle: "fix", kind: "fixed", fixedCode: "FIXED" });
    const of = async (template: string) => (await bench.pools.render(template, mail)).output;
    assert.equal(await of('[{% coupon "omit" %}]'), "[]");
    assert.equal(await of('[{% coupon "fall" %}]'), "[HELLO&lt;5]");
    assert.equal(await of('[{% coupon "stop", fallback: "OWN&1" %}]'), "[OWN&amp;1]");
    assert.equal(await of('[{% coupon "fall", fallback: "OWN" %}]'), "[OWN]");
    for (const handle of ["stop", "omit", "fall"]) {
      assert.equal(await of(`{% ifcoupon "${handle}" %}yes{% else %}no{% endifcoupon %}`), "no", handle);
      assert.equal(await of(`[{% ifcoupon "${handle}" %}yes{% endifcoupon %}]`), "[]", handle);
    }
    assert.equal(await of('{% ifcoupon "fix" %}{% coupon "fix" %}{% else %}no{% endifcoupon %}'), "FIXED");
    assert.equal(await of('{% ifcoupon "fix" %}a {% coupon "stop" %} b{% else %}no{% endifcoupon %}'), "no");
  });

  it("escapes for the place: text, attribute, address, JSON", async () => {
    const bench = open();
    const nasty = `"><script>&'\\ 100%`;
    await bench.pool("a", [], { caseSensitive: true });
    await bench.pools.upload("a", `code\n"${nasty.replaceAll('"', '""')}"\n`);
    const of = async (template: string) => (await bench.pools.render(template, mail)).output;
    const entities = "&quot;&gt;&lt;script&gt;&amp;&#39;\\ 100%";
    assert.equal(await of('<p>{% coupon "a" %}</p>'), `<p>${entities}</p>`);
    assert.equal(await of('<img alt="{% coupon "a" %}">'), `<img alt="${entities}">`);
    const address = encodeURIComponent(nasty).replaceAll("'", "%27");
    assert.equal(
      await of('<a href="https://shop.example/?c={% coupon "a" %}&x=1">go</a>'),
      `<a href="https://shop.example/?c=${address}&x=1">go</a>`,
    );
    assert.equal(
      await of("<a href='https://shop.example/c/{% coupon \"a\" %}#x'>go</a>"),
      `<a href='https://shop.example/c/${address}#x'>go</a>`,
    );
    const json = await of('<script type="application/ld+json">{"code": "{% coupon "a" %}"}</script>');
    const inside = json.slice(json.indexOf("{"), json.lastIndexOf("}") + 1);
    assert.equal(JSON.parse(inside).code, nasty);
    assert.ok(!inside.includes("<"));
    assert.equal((await bench.pools.render('{% coupon "a" %}', { ...mail, mode: "text" })).output, nasty);
  });

  it("leaves a code that looks like a tag a code", async () => {
    const bench = open();
    await bench.pool("vip", ["VIP-1"]);
    await bench.pool("a", [], { caseSensitive: true });
    await bench.pools.upload("a", `code\n"{% coupon ""vip"" %}"\n`);
    const { output } = await bench.pools.render('{% coupon "a" %}', { ...mail, mode: "text" });
    assert.equal(output, '{% coupon "vip" %}');
    assert.equal((await bench.pools.get("vip")).assigned, 0);
  });

  it("leaves every other byte of a 30 kB template as it was", async () => {
    const bench = open();
    await bench.pool("a", ["CODE"]);
    const row =
      '<tr><td style="color:#f00">Ünïcödé 🎁👩‍👩‍👧 {{ name }} {%- if x %}&nbsp;{% endif %} \ud83d half</td></tr>\r\n\t\u00a0';
    const filler = row.repeat(Math.ceil(15_000 / row.length));
    const { output } = await bench.pools.render(`\uFEFF${filler}<b>{% coupon "a" %}</b>${filler}`, mail);
    assert.equal(output, `\uFEFF${filler}<b>CODE</b>${filler}`);
    const none = await bench.pools.render(filler, mail);
    assert.deepEqual(none, { output: filler, draws: [] });
  });

  it("writes when a code runs out, in the pool's time zone and any locale", async () => {
    const bench = open();
    await bench.pool("a", ["A-1"], { expiresAt: "2026-12-31", timeZone: "America/New_York" });
    const of = async (options: string) => (await bench.pools.render(`{% coupon_expiry "a"${options} %}`, mail)).output;
    assert.equal(await of(""), "December 31, 2026", "the last day it is good for, not the instant after");
    assert.equal(await of(', locale: "en-GB"'), "31 December 2026");
    assert.equal(await of(', format: "medium", locale: "de"'), "31.12.2026");
    assert.equal(await of(', format: "short", locale: "en-GB"'), "31/12/2026");
    assert.equal(await of(', format: "%-d %B %Y", locale: "de"'), "31 Dezember 2026");
    assert.equal(await of(', format: "%d.%m.%y %H:%M %%"'), "31.12.26 23:59 %");
    assert.equal(await of(', format: "%Y年%B%-d日", locale: "ja"'), "2026年12月31日");
  });

  it("writes an instant that was given with its time as that time", async () => {
    const bench = open();
    await bench.pool("a", ["A-1"], { expiresAt: "2026-12-31T18:00:00Z" });
    const { output } = await bench.pools.render('{% coupon_expiry "a", format: "%-d %B %Y %H:%M" %}', mail);
    assert.equal(output, "31 December 2026 18:00");
  });

  it("writes no date where a code does not run out", async () => {
    const bench = open();
    await bench.pool("a", ["A-1"]);
    assert.equal((await bench.pools.render('[{% coupon_expiry "a" %}]', mail)).output, "[]");
  });

  it("says that a repeated code has expired", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 2), { expiresAt: NOON + DAY });
    await bench.pools.render('{% coupon "a" %}', mail);
    bench.now += DAY;
    const { output, draws } = await bench.pools.render('{% coupon "a" %}', mail);
    assert.deepEqual([output, draws[0]?.expired, draws[0]?.repeat], ["A-1", true, true]);
  });
});

overEveryStore("renderMany", (open) => {
  const collect = async <T>(results: AsyncIterable<T>) => {
    const all: T[] = [];
    for await (const result of results) all.push(result);
    return all;
  };

  it("gives each mail in order, batch by batch, a claim for each", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 25));
    const { store, of } = watched(bench.store);
    const contacts = codes("c", 25);
    const results = await collect(
      bench.over(store).renderMany(contacts, { template: '{% coupon "a" %}', message: "m", batchSize: 10 }),
    );
    assert.deepEqual(
      results.map(({ contact }) => contact),
      contacts,
    );
    assert.deepEqual(
      results.map(({ output }) => output),
      codes("A", 25),
    );
    assert.deepEqual(
      of("claim").map(({ items }) => items.length),
      [10, 10, 5],
    );
    assert.deepEqual(await collect(bench.pools.renderMany([], { template: "x", message: "m" })), []);
  });

  it("takes async iterables, and messages and templates of a contact's own", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    const contacts = async function* () {
      yield "1";
      yield { contact: "2", message: "own" };
      yield { contact: "3", template: '<{% coupon "a" %}'.replace("<", "[") };
      yield { contact: "4", template: bench.pools.compile('({% coupon "a" %})') };
    };
    const results = await collect(bench.pools.renderMany(contacts(), { template: '{% coupon "a" %}', message: "m" }));
    assert.deepEqual(
      results.map(({ output }) => output),
      ["A-1", "A-2", "[A-3", "(A-4)"],
    );
    assert.equal((await bench.pools.draw("a", { message: "own", contact: "2" })).code, "A-2");
  });

  it("ends early without losing anything: drawn codes stay with their uses and a later run repeats them", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 10));
    const contacts = codes("c", 10);
    let closed = false;
    const source = function* () {
      try {
        yield* contacts;
      } finally {
        closed = true;
      }
    };
    const options = { template: '{% coupon "a" %}', message: "m", batchSize: 5 };
    for await (const { output } of bench.pools.renderMany(source(), options)) if (output === "A-2") break;
    assert.equal(closed, true);
    assert.equal((await bench.pools.get("a")).assigned, 5);
    const again = await collect(bench.another().renderMany(contacts, options));
    assert.deepEqual(
      again.map(({ output }) => output),
      codes("A", 10),
    );
    assert.deepEqual(
      again.map(({ draws }) => draws?.[0]?.repeat),
      [...Array(5).fill(true), ...Array(5).fill(false)],
    );
    await bench.audit("a");
  });

  it("runs dry in the middle: the first contacts are served, the others told, each by itself", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 7));
    await bench.pool("b", codes("B", 5));
    const results = await collect(
      bench.pools.renderMany(codes("c", 8), {
        template: '{% coupon "a" %}/{% coupon "b" %}',
        message: "m",
        batchSize: 3,
      }),
    );
    assert.deepEqual(
      results.map(({ output, error }) => output ?? `${error?.code} ${error?.details.pool}`),
      ["A-1/B-1", "A-2/B-2", "A-3/B-3", "A-4/B-4", "A-5/B-5", "OUT_OF_CODES b", "OUT_OF_CODES b", "OUT_OF_CODES b"],
    );
    assert.ok(results[5]?.error instanceof OutOfCodesError);
    assert.deepEqual(await bench.audit("a"), { remaining: 2, assigned: 5, expired: 0, added: 7 });
  });

  it("gives a contact that comes twice the same code, and says that it repeats", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    for (const [batchSize, message] of [
      [10, "one batch"],
      [1, "two batches"],
    ] as const) {
      const results = await collect(
        bench.pools.renderMany(["x", "y", "x"], { template: '{% coupon "a" %}', message, batchSize }),
      );
      assert.equal(results[0]?.output, results[2]?.output, message);
      assert.deepEqual(
        results.map(({ draws }) => draws?.[0]?.repeat),
        [false, false, true],
        message,
      );
    }
    assert.equal((await bench.audit("a")).assigned, 4);
  });

  it("tells of a contact that is no contact in its own result, and serves the others", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    const contacts = ["1", "", "x".repeat(513), { contact: "2", template: "{% coupon a %}" }, "3"];
    const results = await collect(bench.pools.renderMany(contacts, { template: '{% coupon "a" %}', message: "m" }));
    assert.deepEqual(
      results.map(({ output, error }) => output ?? error?.code),
      ["A-1", "INVALID_ARGUMENT", "INVALID_ARGUMENT", "TEMPLATE_SYNTAX", "A-2"],
    );
  });

  it("tells each mail of a batch that the store failed, and goes on with the next", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 9));
    const broken = new Error("no connection");
    let claims = 0;
    const { store } = watched(bench.store, (call) => {
      if (call.method === "claim" && ++claims === 2) throw broken;
      return call.go();
    });
    const results = await collect(
      bench.over(store).renderMany(codes("c", 6), { template: '{% coupon "a" %}', message: "m", batchSize: 2 }),
    );
    assert.deepEqual(
      results.map(({ output, error }) => output ?? error?.code),
      ["A-1", "A-2", "STORE_FAILED", "STORE_FAILED", "A-3", "A-4"],
    );
    assert.equal(results[2]?.error?.cause, broken);
  });

  it("refuses a batch size that is none", async () => {
    const bench = open();
    await bench.pool("a", codes("A", 5));
    for (const batchSize of [0, -1, 1.5, Number.NaN]) {
      const run = collect(
        bench.pools.renderMany(["1"], { template: '{% coupon "a" %}', message: `${batchSize}`, batchSize }),
      );
      assert.equal((await failure(run, `batchSize ${batchSize}`)).code, "INVALID_ARGUMENT");
    }
  });
});

describe("a compiled template", () => {
  it("is parsed once and used by many instances, in any mode", async () => {
    const [one, two] = [Bench.inMemory(), Bench.inMemory()];
    await one.pool("a", ["A&1"]);
    await two.pool("a", ["B&1"]);
    const compiled = one.pools.compile('<p>{% coupon "a" %}</p>');
    assert.equal((await one.pools.render(compiled, mail)).output, "<p>A&amp;1</p>");
    assert.equal((await two.pools.render(compiled, mail)).output, "<p>B&amp;1</p>");
    assert.equal((await one.pools.render(compiled, { ...mail, mode: "text" })).output, "<p>A&1</p>");
    const texts = one.pools.compile('<p>{% coupon "a" %}</p>', { mode: "text" });
    assert.equal((await one.pools.render(texts, mail)).output, "<p>A&1</p>");
    assert.equal((await one.pools.preview(compiled)).output.startsWith("<p>"), true);
  });

  it("tells of its errors when it is ready, with part, line and column", async () => {
    const { pools } = Bench.inMemory();
    const good = pools.compile('{% coupon "a" %}');
    assert.equal(await good.ready, good);
    const bad = pools.compile({ subject: "fine", html: '<p>\n  {% coupon "a", solt: "x" %}' });
    for (const call of [bad.ready, pools.render(bad, mail), pools.preview(bad)]) {
      const error = await failure(call);
      assert.ok(error instanceof TemplateError);
      assert.deepEqual([error.code, error.details.part, error.details.line], ["TEMPLATE_SYNTAX", "html", 2]);
    }
  });

  it("is refused where no escaping makes a code safe", async () => {
    const { pools } = Bench.inMemory();
    for (const template of [
      '<style>{% coupon "a" %}</style>',
      '<script>var x = "{% coupon "a" %}"</script>',
      '<a onclick="{% coupon "a" %}">',
      '<p style="{% coupon "a" %}">',
      '<a href="{% coupon "a" %}">',
      '<a href=https://x.example/{% coupon "a" %}>',
      '<{% coupon "a" %}>',
      '<p {% coupon "a" %}>',
      '<a href="javascript:x{% coupon "a" %}">',
    ]) {
      const error = await failure(pools.compile(template).ready, template);
      assert.deepEqual([error.name, error.code], ["TemplateError", "TEMPLATE_PLACE"], template);
    }
  });

  it("that is too large, too deep or none is refused", async () => {
    const { pools } = Bench.inMemory();
    const deep = '{% ifcoupon "a" %}'.repeat(5_000) + "{% endifcoupon %}".repeat(5_000);
    for (const template of [deep, '{% coupon "a" %}'.repeat(10_001), "x".repeat((8 << 20) + 1)]) {
      assert.equal((await failure(pools.compile(template).ready)).code, "TEMPLATE_TOO_LARGE");
    }
    for (const template of [undefined, null, 5]) {
      assert.equal((await failure(pools.render(template as never, mail))).code, "INVALID_ARGUMENT");
    }
    for (const template of [{ html: 5 }, { HTML: "x" }, []]) {
      const error = await failure(pools.render(template as never, mail), JSON.stringify(template));
      assert.equal(error.code, "INVALID_ARGUMENT", "a part that is none is not dropped in silence");
    }
  });
});

it("a contact that is none is told from the others, and stops none of them", async () => {
  const bench = Bench.inMemory();
  const contacts = [null, "a", 5, undefined, {}] as unknown as string[];
  const told: unknown[] = [];
  for await (const { output, error } of bench.pools.renderMany(contacts, { template: "Hi", message: "m" }))
    told.push(output ?? error?.code);
  const none = "INVALID_ARGUMENT";
  assert.deepEqual(told, [none, "Hi", none, none, none]);
});
