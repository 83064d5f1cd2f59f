/** The helpers in Handlebars itself: Handlebars decides what is drawn, and nobody's data becomes a tag. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { couponHelpers, withMarks } from "coupon-pools/templates/handlebars";
import Handlebars from "handlebars";
import { Bench, codes, failure } from "../workbench.js";

function engine(): typeof Handlebars {
  const handlebars = Handlebars.create();
  handlebars.registerHelper(couponHelpers());
  return handlebars;
}

/** Handlebars first, ours after, for one contact. */
async function sent(
  bench: Bench,
  text: string,
  scope: object = {},
  { handlebars = engine(), contact = "c", options = {} as CompileOptions } = {},
) {
  const marks = bench.pools.marks();
  const html = handlebars.compile(text, options)(scope, withMarks(marks));
  return bench.pools.render(html, { message: "m", contact, marks });
}

describe("Handlebars", () => {
  it("decides by its own conditions and loops what is drawn", async () => {
    const bench = Bench.inMemory();
    await bench.pool("vip", codes("VIP", 3));
    await bench.pool("all", codes("ALL", 3));
    const text =
      '{{#if vip}}{{coupon "vip"}}{{else}}{{coupon "all"}}{{/if}}{{#each slots}} {{coupon "all" slot=this}}{{/each}}';
    const one = await sent(bench, text, { vip: true, slots: [] }, { contact: "1" });
    const two = await sent(bench, text, { vip: false, slots: ["x", "y"] }, { contact: "2" });
    assert.deepEqual([one.output, two.output], ["VIP-1", "ALL-1 ALL-2 ALL-3"]);
    assert.equal((await bench.audit("vip")).assigned, 1);
  });

  it("takes values of its own as arguments", async () => {
    const bench = Bench.inMemory();
    await bench.pool("gold", ["G-1"], { expiresAt: "2026-12-31" });
    await bench.pool("none", []);
    const scope = { pool: { handle: "gold" }, words: `5" ß`, safe: new Handlebars.SafeString("gold") };
    const text =
      '{{coupon pool.handle}} {{coupon_expiry safe format="%Y"}} {{coupon "none" fallback=words slot=nothing}}';
    assert.equal((await sent(bench, text, scope)).output, "G-1 2026 5&quot; ß");
  });

  it("shows an ifcoupon's branch by whether there is a code", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", ["A-1"]);
    await bench.pool("none", []);
    const text =
      '{{#ifcoupon "a"}}yes {{coupon "a"}}{{#if x}}!{{else}}?{{/if}}{{else}}no{{/ifcoupon}} ' +
      '{{#ifcoupon "none"}}yes{{else}}no {{x}}{{/ifcoupon}}{{#ifcoupon "none"}}yes{{/ifcoupon}}';
    assert.equal((await sent(bench, text, { x: "1" })).output, "yes A-1! no 1");
  });

  it("leaves a contact's text a text, whatever it looks like", async () => {
    const bench = Bench.inMemory();
    await bench.pool("vip", ["VIP-1"]);
    await bench.pool("a", codes("A", 9));
    let count = 0;
    for (const name of [
      '{% coupon "vip" %}',
      '{{coupon "vip"}}',
      bench.pools.marks().tag("coupon", "vip"),
      "[[coupon:",
    ]) {
      const contact = `${++count}`;
      const text = '<p>{{{name}}}{{#ifcoupon "a"}}{{{name}}} {{coupon "a"}}{{/ifcoupon}}</p>';
      const { output, draws } = await sent(bench, text, { name }, { contact });
      assert.equal(output, `<p>${name}${name} A-${count}</p>`);
      assert.deepEqual(
        draws.map(({ handle }) => handle),
        ["a"],
      );
    }
    assert.equal((await bench.audit("vip")).assigned, 0);
  });

  it("gives no template a way to name or print the marks", () => {
    const bench = Bench.inMemory();
    const marks = bench.pools.marks();
    const [, nonce = ""] = marks.tag("coupon", "a").split(":");
    const text =
      "{{@marks}}{{@[coupon-pools marks]}}{{@[Symbol(coupon-pools marks)]}}{{@_parent}}{{#each @_parent}}{{@key}}{{this}}{{/each}}" +
      "{{#with @root}}{{@_parent._parent}}{{/with}}{{#each @root}}{{@key}}{{/each}}";
    const shown = engine().compile(text)({ a: 1 }, { ...withMarks(marks), allowProtoPropertiesByDefault: true });
    assert.ok(!shown.includes(nonce), shown);
  });

  it("carries marks into partials, partial blocks, nested blocks and subexpressions", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", ["A&1"]);
    const handlebars = engine();
    handlebars.registerPartial("part", '<b>{{coupon "a"}}</b>');
    handlebars.registerPartial("layout", "<body>{{> @partial-block}}</body>");
    handlebars.registerHelper(
      "link",
      (code: string) => new Handlebars.SafeString(`<a href="https://s.example/?c=${code}">x</a>`),
    );
    const text =
      '{{#> layout}}{{> part}}{{#each list}}{{#with this}}{{> part x="1"}}{{/with}}{{/each}}{{link (coupon "a")}}' +
      '{{#*inline "own"}}{{coupon "a"}}{{/inline}}{{> own}}{{/layout}}';
    const { output } = await sent(bench, text, { list: [{ y: 1 }] }, { handlebars });
    assert.equal(output, '<body><b>A&amp;1</b><b>A&amp;1</b><a href="https://s.example/?c=A%261">x</a>A&amp;1</body>');
  });

  it("works escaped, unescaped, strict, and with known helpers only", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", ["A&1"]);
    const knownHelpers = { coupon: true, coupon_expiry: true, ifcoupon: true } as never;
    for (const options of [
      {},
      { noEscape: true },
      { strict: true },
      { knownHelpersOnly: true, knownHelpers },
      { compat: true },
    ]) {
      const text = '{{coupon "a"}}{{{coupon "a"}}}{{#ifcoupon "a"}}{{coupon "a"}}{{/ifcoupon}}';
      assert.equal((await sent(bench, text, {}, { options })).output, "A&amp;1A&amp;1A&amp;1", JSON.stringify(options));
    }
  });

  it("takes templates that were compiled ahead", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", ["A-1"]);
    const handlebars = engine();
    const specification = new Function(`return ${handlebars.precompile('{{coupon "a"}}')}`)();
    const marks = bench.pools.marks();
    const html = handlebars.template(specification)({}, withMarks(marks));
    assert.equal((await bench.pools.render(html, { message: "m", contact: "c", marks })).output, "A-1");
  });

  it("says what is wrong with a tag", async () => {
    const bench = Bench.inMemory();
    for (const [text, said] of [
      ["{{coupon}}", /one pool's handle/],
      ['{{coupon "a" "b"}}', /one pool's handle/],
      ["{{coupon nothing}}", /handle is missing/],
      ['{{coupon "a" solt="x"}}', /no option "solt"; it has: slot, fallback/],
      ['{{ifcoupon "a"}}', /it is a block/],
      ['{{coupon "a" fallback=both}}', /both kinds of quotes/],
    ] as const) {
      const error = await failure(sent(bench, text, { both: `"'` }), text);
      assert.deepEqual([error.code, said.test(error.message)], ["TEMPLATE_SYNTAX", true], error.message);
    }
    assert.throws(() => engine().compile('{{coupon "a"}}')({}), /withMarks\(marks\)/);
  });

  it("keeps what the render was given beside the marks", () => {
    const { pools } = Bench.inMemory();
    const helpers = { loud: (text: string) => text.toUpperCase() };
    const options = withMarks(pools.marks(), { helpers, data: { brand: "b" } });
    assert.equal(engine().compile("{{loud @brand}}")({}, options), "B");
  });
});
