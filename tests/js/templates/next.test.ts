/** `next`: ours first, another engine after it. A code stays what it is for that engine too. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CouponPoolsError, type NextEngine, TemplateError } from "coupon-pools";
import { parseFragment } from "parse5";
import { Bench, failure } from "../workbench.js";
import { dialects, engines } from "./engines.js";

const scope = { x: "X", secret: "SECRET" };
const names = Object.keys(engines) as (keyof typeof engines)[];

/** A pool of these codes, drawn in this order. */
async function poolOf(bench: Bench, handle: string, codes: readonly string[], settings: object = {}) {
  await bench.pool(handle, [], { caseSensitive: true, ...settings });
  const rows = codes.map((code) => `"${code.replaceAll('"', '""')}"`);
  if (codes.length > 0) await bench.pools.upload(handle, `code\n${rows.join("\n")}\n`);
}

for (const name of names) {
  const { print, attacks } = dialects[name];
  describe(`before ${name}`, () => {
    it("no code is syntax in HTML, attributes, addresses or JSON, and the reader sees it unchanged", async () => {
      const bench = Bench.inMemory();
      const codes = [...attacks, ...attacks.map((attack) => `a${attack}b`), `"><b>&'`, "50%#1"];
      await poolOf(bench, "a", codes);
      const template =
        `<p title="${print}{% coupon "a" %}${print}">${print}{% coupon "a" %}${print}</p>` +
        `<a href="https://s.example/{% coupon "a" %}?c={% coupon "a" %}${print}">y</a>` +
        `<script type="application/ld+json">{"c": "{% coupon "a" %}${print}{% coupon "a" %}"}</script>`;
      for (const [index, code] of codes.entries()) {
        const { output } = await bench.pools.render(template, { message: "m", contact: `${index}`, next: name });
        const html = engines[name](output, scope);
        // biome-ignore lint/suspicious/noExplicitAny: parse5's tree, looked into as it is.
        const [p, a, script] = (parseFragment(html) as any).childNodes;
        assert.equal(p.attrs[0].value, `X${code}X`, code);
        assert.equal(p.childNodes[0].value, `X${code}X`, code);
        const address = new URL(a.attrs[0].value);
        assert.equal(decodeURIComponent(address.pathname.slice(1)), code, code);
        assert.equal(address.searchParams.get("c"), `${code}X`, code);
        assert.equal(JSON.parse(script.childNodes[0].value).c, `${code}X${code}`, code);
        assert.equal(a.childNodes[0].value, "y");
      }
    });

    it("refuses in plain text what nothing can hide, and keeps the draw so that a retry meets the same", async () => {
      const bench = Bench.inMemory();
      const fine = ["SAVE-10", "#1", "it's"];
      await poolOf(bench, "a", [...attacks, ...fine]);
      const template = { subject: `${print} {% coupon "a" %} ${print}`, html: '<p>{% coupon "a" %}</p>' };
      for (const [index, code] of attacks.entries()) {
        const mail = { message: "m", contact: `${index}`, next: name };
        const error = await failure(bench.pools.render(template, mail), code);
        assert.ok(error instanceof CouponPoolsError && error.code === "CODE_IS_SYNTAX", `${code}: ${error}`);
        const { part, line, pool, number, slot } = error.details;
        assert.deepEqual([part, line, pool, slot, number], ["subject", 1, "a", "", index + 1]);
        const again = await failure(bench.another().render(template, mail));
        assert.deepEqual([again.code, again.details], [error.code, error.details]);
        assert.equal((await bench.pools.draw("a", mail)).code, code);
      }
      for (const code of fine) {
        const { output } = await bench.pools.render(template, { message: "m", contact: code, next: name });
        assert.equal(engines[name](output.subject, scope), `X ${code} X`);
      }
      assert.equal((await bench.audit("a")).assigned, attacks.length + fine.length);
      const release = { message: "m", contact: "0", number: 1 };
      assert.deepEqual(await bench.pools.release("a", release), { released: true });
    });

    it("treats fallbacks and dates as it treats codes", async () => {
      const bench = Bench.inMemory();
      const attack = attacks[0] as string;
      await poolOf(bench, "none", [], { onEmpty: { fallback: attack } });
      await poolOf(bench, "dated", ["D-1"], { expiresAt: "2026-12-31" });
      const mail = { message: "m", contact: "c", next: name };
      const { output } = await bench.pools.render(`<p>{% coupon "none" %}</p>`, mail);
      // biome-ignore lint/suspicious/noExplicitAny: as above.
      assert.equal((parseFragment(engines[name](output, scope)) as any).childNodes[0].childNodes[0].value, attack);
      const error = await failure(bench.pools.render({ text: '{% coupon "none" %}' }, mail));
      assert.deepEqual([error.code, error.details.number], ["CODE_IS_SYNTAX", undefined]);
      const format = `${name === "ejs" ? "<%%" : "{"} %Y`;
      const dated = await failure(
        bench.pools.render({ text: `{% coupon_expiry "dated", format: "${format}" %}` }, mail),
      );
      assert.equal(dated.code, "CODE_IS_SYNTAX");
      assert.equal((await bench.pools.draw("dated", mail)).repeat, true);
    });

    it("refuses a tag inside an expression of that engine, or where a code could begin one", async () => {
      const bench = Bench.inMemory();
      await poolOf(bench, "a", ["A-1"]);
      const [open, close] = name === "ejs" ? ["<%=", "%>"] : ["{{", "}}"];
      const first = open[0];
      for (const template of [
        `${open} '{% coupon "a" %}' ${close}`,
        `${open} "{% ifcoupon "a" %}" ${close}{% endifcoupon %}`,
        `x ${first}{% coupon "a" %}`,
        `{% ifcoupon "a" %}${open} {% else %}x ${close}{% endifcoupon %}{% coupon "a" %}`,
        ...(name === "mustache" ? [`{{=<% %>=}} {% coupon "a" %}`] : []),
        ...(name === "liquid" || name === "nunjucks"
          ? [`{% if x == '{% coupon "a" %}' %}`, `{{ "}}" + '{% coupon "a" %}' }}`]
          : []),
      ]) {
        for (const mode of ["text", "html"] as const) {
          const mail = { message: "m", contact: "c", mode, next: name };
          const error = await failure(bench.pools.render(template, mail), template);
          assert.ok(error instanceof TemplateError, `${template}: ${error}`);
        }
      }
      assert.equal((await bench.audit("a")).assigned, 0);
    });
  });
}

describe("next", () => {
  it("is one of the known engines", async () => {
    const { pools } = Bench.inMemory();
    const error = await failure(pools.render("x", { message: "m", contact: "c", next: "pug" as NextEngine }));
    assert.deepEqual([error.code, error.details], ["INVALID_ARGUMENT", { option: "next" }]);
  });

  it("works for Jinja and Twig as for Nunjucks", async () => {
    const bench = Bench.inMemory();
    await poolOf(bench, "a", ["{{x}}{%#"]);
    for (const next of ["nunjucks", "jinja", "twig"] as const) {
      const { output } = await bench.pools.render('<p>{% coupon "a" %}</p>', { message: "m", contact: "c", next });
      assert.equal(output, "<p>&#123;&#123;x&#125;&#125;&#123;&#37;&#35;</p>");
    }
  });

  it("fails one mail of many, and gives nobody else its code", async () => {
    const bench = Bench.inMemory();
    await poolOf(bench, "a", ["A-1", "{{x}}", "A-3"]);
    const results: unknown[] = [];
    const template = { text: '{% coupon "a" %}' };
    for await (const { output, error } of bench.pools.renderMany(["1", "2", "3"], {
      template,
      message: "m",
      next: "liquid",
    }))
      results.push(error?.code ?? output?.text);
    assert.deepEqual(results, ["A-1", "CODE_IS_SYNTAX", "A-3"]);
    assert.equal((await bench.audit("a")).assigned, 3);
  });

  it("tells in a preview that codes like the pool's are refused", async () => {
    const bench = Bench.inMemory();
    await poolOf(bench, "a", ["{A1}"]);
    const { output, warnings } = await bench.pools.preview({ text: 'x {% coupon "a" %}' }, { next: "liquid" });
    assert.deepEqual([output.text, warnings.length], ["x ", 1]);
    assert.match(warnings[0]?.message ?? "", /next engine/);
    assert.equal((await bench.pools.preview({ text: 'x {% coupon "a" %}' })).warnings.length, 0);
  });

  it("goes with marks: one engine before, one after", async () => {
    const bench = Bench.inMemory();
    await poolOf(bench, "a", ["{{x}}"]);
    const marks = bench.pools.marks();
    const html = `<p>${marks.tag("coupon", "a")} {{x}}</p>`;
    const { output } = await bench.pools.render(html, { message: "m", contact: "c", marks, next: "handlebars" });
    assert.equal(engines.handlebars(output, scope), "<p>&#123;&#123;x&#125;&#125; X</p>");
  });
});
