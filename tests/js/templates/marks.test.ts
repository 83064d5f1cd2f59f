/** Marks: what another engine carries through, and what stays a text. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { type MarkOptions, TemplateError } from "coupon-pools";
import { Bench, codes, failure } from "../workbench.js";

const mail = { message: "m", contact: "c" };

describe("marks", () => {
  it("stand for tags: a render with them draws what they ask for, and nothing else is a tag", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", ["A-2", "A&1"]);
    await bench.pool("vip", ["VIP-1"]);
    const marks = bench.pools.marks();
    const html =
      `<p title='${marks.tag("coupon", "a", { slot: "2" })}'>{% coupon "vip" %} {% raw %} ${marks.tag("coupon", "a")}</p>` +
      `<a href="https://shop.example/?c=${marks.tag("coupon", "a")}">go</a>`;
    const { output, draws } = await bench.pools.render({ html, text: marks.tag("coupon", "a") }, { ...mail, marks });
    assert.deepEqual(output, {
      html:
        `<p title='A-2'>{% coupon "vip" %} {% raw %} A&amp;1</p>` + `<a href="https://shop.example/?c=A%261">go</a>`,
      text: "A&1",
    });
    assert.deepEqual(draws.map(({ slot, code }) => [slot, code]).sort(), [
      ["", "A&1"],
      ["2", "A-2"],
    ]);
    assert.equal((await bench.pools.get("vip")).assigned, 0);
  });

  it("of another run are text, so a contact who has seen one cannot use it", async () => {
    const bench = Bench.inMemory();
    await bench.pool("vip", ["VIP-1"]);
    const stolen = bench.pools.marks().tag("coupon", "vip");
    const { output, draws } = await bench.pools.render(`<p>${stolen}</p>`, { ...mail, marks: bench.pools.marks() });
    assert.deepEqual([output, draws], [`<p>${stolen}</p>`, []]);
    assert.equal((await bench.pools.render(`<p>${stolen}</p>`, mail)).output, `<p>${stolen}</p>`);
    assert.equal((await bench.pools.get("vip")).assigned, 0);
  });

  it("are kept from whoever prints them", () => {
    const marks = Bench.inMemory().pools.marks();
    const [, nonce = ""] = marks.tag("coupon", "a").split(":");
    assert.match(nonce, /^\d{40}$/);
    for (const shown of [String(marks), JSON.stringify(marks), inspect(marks, { showHidden: true, depth: 9 })])
      assert.ok(!shown.includes(nonce), shown);
    assert.notEqual(marks.tag("coupon", "a"), Bench.inMemory().pools.marks().tag("coupon", "a"));
  });

  it("write any value that fits between quotes, and refuse the others", () => {
    const marks = Bench.inMemory().pools.marks();
    const inside = (options: MarkOptions) => {
      const marker = marks.tag("coupon", "a", options);
      assert.match(marker, /^\[\[coupon:\d+:[A-Za-z0-9_-]+\]\]$/);
      return Buffer.from(marker.slice(marker.lastIndexOf(":") + 1, -2), "base64url").toString();
    };
    assert.equal(inside({}), 'coupon "a"');
    assert.equal(inside({ slot: undefined, fallback: null }), 'coupon "a"');
    assert.equal(inside({ slot: 2, fallback: '5" ß🎁 %}' }), `coupon "a", slot: "2", fallback: '5" ß🎁 %}'`);
    for (const value of [`5" and 6'`, {}, true, ["a"]]) {
      assert.throws(
        () => marks.tag("coupon", "a", { fallback: value as string }),
        (error) => error instanceof TemplateError && error.code === "TEMPLATE_SYNTAX",
        String(value),
      );
    }
    for (const handle of [undefined, null, {}, `a"'`])
      assert.throws(() => marks.tag("coupon", handle as string), TemplateError, String(handle));
  });

  it("that were damaged on the way are told, not mailed", async () => {
    const { pools } = Bench.inMemory();
    const marks = pools.marks();
    const marker = marks.tag("coupon", "a");
    for (const damaged of [
      marker.toUpperCase(),
      marker.toLowerCase(),
      encodeURIComponent(marker),
      marker.replace("[[", "&#91;["),
      marker.slice(0, -1),
      marker.slice(0, 40),
      marker.slice(0, 24),
    ]) {
      const error = await failure(pools.render(`<p>${damaged}</p>`, { ...mail, marks }), damaged);
      assert.ok(error instanceof TemplateError, `${damaged}: ${error}`);
      assert.deepEqual([error.code, error.details.line], ["TEMPLATE_SYNTAX", 1]);
    }
  });

  it("work in previews, in many mails, and in a template that is compiled", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 9));
    const marks = bench.pools.marks();
    const html = (name: string) => `<p>${name}: ${marks.tag("coupon", "a")}</p>`;
    const preview = await bench.pools.preview(html("you"), { marks });
    assert.match(preview.output, /^<p>you: \w-\d<\/p>$/);
    assert.equal((await bench.pools.get("a")).assigned, 0);
    const contacts = ["x", '{% coupon "a" %}', "z"].map((contact) => ({ contact, template: html(contact) }));
    const outputs: unknown[] = [];
    for await (const result of bench.pools.renderMany(contacts, { message: "m", marks }))
      outputs.push(result.error ?? result.output);
    assert.deepEqual(outputs, ["<p>x: A-1</p>", '<p>{% coupon "a" %}: A-2</p>', "<p>z: A-3</p>"]);
    const compiled = bench.pools.compile(`${html("w")}{% coupon "a" %}`);
    const contact = "w";
    assert.equal(
      (await bench.pools.render(compiled, { message: "m", contact, marks })).output,
      '<p>w: A-4</p>{% coupon "a" %}',
    );
    assert.equal((await bench.pools.render(compiled, { message: "m", contact })).output, `${html("w")}A-4`);
    const others = bench.pools.marks();
    assert.equal(
      (await bench.pools.render(compiled, { message: "m", contact, marks: others })).output,
      `${html("w")}{% coupon "a" %}`,
    );
    assert.equal((await bench.pools.render(compiled, { message: "m", contact, marks })).draws[0]?.repeat, true);
  });

  it("that are none are refused", async () => {
    const { pools } = Bench.inMemory();
    for (const marks of [{}, "0123456789abcdef", 1, null]) {
      const error = await failure(pools.render("x", { ...mail, marks: marks as never }), String(marks));
      assert.deepEqual([error.code, error.details], ["INVALID_ARGUMENT", { option: "marks" }]);
    }
  });
});
