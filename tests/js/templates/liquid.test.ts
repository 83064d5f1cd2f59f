/** The tags in LiquidJS itself: Liquid decides what is drawn, and nobody's data becomes a tag. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Marks } from "coupon-pools";
import { couponTags, withMarks } from "coupon-pools/templates/liquid";
import { Liquid, type LiquidOptions } from "liquidjs";
import { Bench, codes, failure } from "../workbench.js";

const ways = {
  "with await": (engine: Liquid, text: string, scope: object, marks: Marks) =>
    engine.parseAndRender(text, scope, withMarks(marks)) as Promise<string>,
  "at once": async (engine: Liquid, text: string, scope: object, marks: Marks) =>
    engine.parseAndRenderSync(text, scope, withMarks(marks)) as string,
};

function engineWith(options: LiquidOptions = {}): Liquid {
  const engine = new Liquid(options);
  engine.plugin(couponTags());
  return engine;
}

for (const [way, liquid] of Object.entries(ways)) {
  describe(`Liquid, ${way}`, () => {
    /** Liquid first, ours after, for one contact. */
    async function sent(bench: Bench, engine: Liquid, text: string, scope: object = {}, contact = "c") {
      const marks = bench.pools.marks();
      const html = await liquid(engine, text, scope, marks);
      return bench.pools.render(html, { message: "m", contact, marks });
    }

    it("decides by its own conditions and loops what is drawn", async () => {
      const bench = Bench.inMemory();
      await bench.pool("vip", codes("VIP", 3));
      await bench.pool("all", codes("ALL", 3));
      const text =
        '{% if contact.vip %}{% coupon "vip" %}{% else %}{% coupon "all" %}{% endif %}' +
        "{% for slot in contact.slots %} {% coupon 'all', slot: slot %}{% endfor %}";
      const one = await sent(bench, engineWith(), text, { contact: { vip: true, slots: [] } }, "1");
      const two = await sent(bench, engineWith(), text, { contact: { vip: false, slots: ["x", "y"] } }, "2");
      assert.deepEqual([one.output, two.output], ["VIP-1", "ALL-1 ALL-2 ALL-3"]);
      assert.equal((await bench.audit("vip")).assigned, 1);
    });

    it("takes values of its own as arguments", async () => {
      const bench = Bench.inMemory();
      await bench.pool("gold", ["G-1"], { expiresAt: "2026-12-31" });
      await bench.pool("none", []);
      const scope = { pool: { handle: "gold" }, spare: "none", words: `5" ß`, nothing: null, day: "%Y" };
      const text =
        "{% assign p = pool.handle %}{% coupon p %} {% coupon_expiry pool.handle, format: day %} " +
        "{% coupon spare, fallback: words, slot: nothing %}";
      assert.equal((await sent(bench, engineWith(), text, scope)).output, "G-1 2026 5&quot; ß");
    });

    it("shows an ifcoupon's branch by whether there is a code", async () => {
      const bench = Bench.inMemory();
      await bench.pool("a", ["A-1"]);
      await bench.pool("none", []);
      const text =
        '{% ifcoupon "a" %}yes {% coupon "a" %}{% if x %}!{% else %}?{% endif %}{% else %}no{% endifcoupon %}' +
        ' {% ifcoupon "none" %}yes{% else %}no {{ x }}{% endifcoupon %}{% ifcoupon "none" %}yes{% endifcoupon %}';
      assert.equal((await sent(bench, engineWith(), text, { x: "1" })).output, "yes A-1! no 1");
    });

    it("leaves a contact's text a text, whatever it looks like", async () => {
      const bench = Bench.inMemory();
      await bench.pool("vip", ["VIP-1"]);
      await bench.pool("a", codes("A", 9));
      const engine = engineWith();
      let contact = 0;
      for (const name of [
        '{% coupon "vip" %}',
        "{{ marks }}",
        bench.pools.marks().tag("coupon", "vip"),
        "{% endifcoupon %}",
        "[[coupon:",
      ]) {
        const { output, draws } = await sent(
          bench,
          engine,
          '<p>{{ name }}{% ifcoupon "a" %}{{ name }} {% coupon "a" %}{% endifcoupon %}</p>',
          { name },
          `${++contact}`,
        );
        assert.equal(output, `<p>${name}${name} A-${contact}</p>`);
        assert.deepEqual(
          draws.map(({ handle }) => handle),
          ["a"],
        );
      }
      assert.equal((await bench.audit("vip")).assigned, 0);
    });

    it("gives no template a way to name or print the marks", async () => {
      const bench = Bench.inMemory();
      const marks = bench.pools.marks();
      const [, nonce = ""] = marks.tag("coupon", "a").split(":");
      const text =
        "{{ globals }}{{ marks }}{{ 'coupon-pools marks' }}{{ ['coupon-pools marks'] }}{{ coupon }}{{ this | json }}" +
        "{{ nothing | inspect }}{% for key in globals %}{{ key }}{% endfor %}";
      for (const options of [{}, { ownPropertyOnly: false }]) {
        const shown = await liquid(engineWith(options), text, {}, marks);
        assert.ok(!shown.includes(nonce) && !shown.includes("object"), shown);
      }
    });

    it("carries marks into partials, layouts, captures and isolated renders", async () => {
      const bench = Bench.inMemory();
      await bench.pool("a", ["A-1"]);
      const templates = {
        part: '<b>{% coupon "a" %}</b>',
        layout: "<body>{% block main %}{% endblock %}</body>",
      };
      const text =
        '{% layout "layout" %}{% block main %}{% render "part" %}{% include "part" %}' +
        '{% capture c %}{% coupon "a" %}{% endcapture %}<i title="{{ c }}">{{ c | strip }}</i>{% endblock %}';
      const { output } = await sent(bench, engineWith({ templates }), text);
      assert.equal(output, '<body><b>A-1</b><b>A-1</b><i title="A-1">A-1</i></body>');
    });

    it("works with strict variables, escaped output and white space control", async () => {
      const bench = Bench.inMemory();
      await bench.pool("a", ["A&1"]);
      const engine = engineWith({
        strictVariables: true,
        strictFilters: true,
        ownPropertyOnly: true,
        outputEscape: "escape",
        jsTruthy: true,
      });
      const text =
        '<p>{{ name }} \n{%- coupon "a" -%}\n {% capture c %}{% coupon "a" %}{% endcapture %}{{ c }}{{ c | json | raw }}</p>';
      assert.equal(
        (await sent(bench, engine, text, { name: "<i>" })).output,
        '<p>&lt;i&gt;A&amp;1A&amp;1"A&amp;1"</p>',
      );
    });

    it("says what is wrong with a tag", async () => {
      const bench = Bench.inMemory();
      const engine = engineWith();
      for (const [text, said] of [
        ["{% coupon %}", /handle is missing/],
        ["{% coupon nothing %}", /handle is missing/],
        ['{% coupon "a", solt: "x" %}', /no option "solt"; it has: slot, fallback/],
        ['{% coupon "a", slot %}', /slot: has no value/],
        ['{% coupon "a" | upcase %}', /is no option/],
        ['{% ifcoupon "a" %}', /never closed/],
        ['{% ifcoupon "a" %}{% else %}{% else %}{% endifcoupon %}', /second/],
        ['{% for x in (1..2) %}{% ifcoupon "a" %}{% break %}{% endifcoupon %}{% endfor %}', /break/],
        ['{% for x in (1..2) %}{% ifcoupon "a" %}{% else %}{% continue %}{% endifcoupon %}{% endfor %}', /continue/],
        [`{% coupon "a", fallback: both %}`, /both kinds of quotes/],
      ] as const) {
        const scope = { both: `"'` };
        assert.match((await failure(liquid(engine, text, scope, bench.pools.marks()), text)).message, said);
      }
      const error = await failure(engine.parseAndRender('{% coupon "a" %}'));
      assert.match(error.message, /withMarks\(marks\)/);
    });

    it("says where in the output a tag stands that cannot be filled", async () => {
      const bench = Bench.inMemory();
      const error = await failure(sent(bench, engineWith(), '<p>\n{{ x }}<a href={% coupon "a" %}>', { x: "12" }));
      assert.deepEqual([error.code, error.details.line, error.details.column], ["TEMPLATE_PLACE", 2, 11]);
    });
  });
}

describe("withMarks of Liquid", () => {
  it("keeps what the render was given beside", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", ["A-1"]);
    const marks = bench.pools.marks();
    const engine = engineWith({ globals: { shop: "engine's" } });
    const options = withMarks(marks, { globals: { ...engine.options.globals, brand: "B" }, strictVariables: true });
    const html = await engine.parseAndRender('{{ shop }} {{ brand }} {% coupon "a" %}', {}, options);
    assert.equal((await bench.pools.render(html, { message: "m", contact: "c", marks })).output, "engine's B A-1");
  });

  it("lets templates be analysed", async () => {
    const engine = engineWith();
    const found = await engine.variables('{% ifcoupon "a" %}{{ x }}{% else %}{{ y }}{% endifcoupon %}');
    assert.deepEqual(found.sort(), ["x", "y"]);
  });
});
