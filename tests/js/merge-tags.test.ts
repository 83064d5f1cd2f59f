/** Lists of merge tags in the documented formats of other editors; every tag in them is one that the core takes. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeTags, tagsOfMergeFields } from "coupon-pools/editors/merge-tags";
import { Bench, codes } from "./workbench.js";

const POOLS = [
  { handle: "spring-sale", name: "Spring “sale” & more", sample: "SAM-1" },
  { handle: "welcome", fixedCode: "HELLO10" },
];

/** The first code, its date, the second code, its date. */
const TAGS = [
  "{% coupon 'spring-sale' %}",
  "{% coupon_expiry 'spring-sale' %}",
  "{% coupon 'welcome' %}",
  "{% coupon_expiry 'welcome' %}",
];
const NAMES = ["Spring “sale” & more", "Spring “sale” & more: expiry date", "welcome", "welcome: expiry date"];
const SAMPLES = ["SAM-1", "December 31, 2099", "HELLO10", "December 31, 2099"];

describe("merge tags", () => {
  it("for Unlayer are an object of a group with an object of tags: name, value, sample", () => {
    const list = mergeTags("unlayer", POOLS, { group: "Codes" });
    assert.deepEqual(Object.keys(list), ["coupon-pools"]);
    const group = list["coupon-pools"]!;
    assert.equal(group.name, "Codes");
    assert.deepEqual(
      Object.values(group.mergeTags),
      TAGS.map((value, index) => ({ name: NAMES[index], value, sample: SAMPLES[index] })),
    );
  });

  it("for Beefree are an array: name, value, previewValue", () => {
    assert.deepEqual(
      mergeTags("beefree", POOLS),
      TAGS.map((value, index) => ({ name: NAMES[index], value, previewValue: SAMPLES[index] })),
    );
  });

  it("for TinyMCE are a menu of titles and values that stand between prefix and suffix", () => {
    const { mergetags_prefix, mergetags_suffix, mergetags_list, ...rest } = mergeTags("tinymce", POOLS);
    assert.deepEqual(rest, {});
    assert.deepEqual(
      mergetags_list.map(({ title, menu }) => [title, menu.map((entry) => entry.title)]),
      [["Coupons", NAMES]],
    );
    assert.deepEqual(
      mergetags_list[0]?.menu.map(({ value }) => mergetags_prefix + value + mergetags_suffix),
      TAGS,
    );
  });

  it("for CKEditor are definitions whose ids have only the characters that it allows", () => {
    const { definitions, ...rest } = mergeTags("ckeditor", [...POOLS, { handle: "a_b-9" }]);
    assert.deepEqual(rest, {});
    assert.deepEqual(
      definitions.map(({ groupId, groupLabel }) => [groupId, groupLabel]),
      [["coupon-pools", "Coupons"]],
    );
    const fields = definitions[0]!.definitions;
    for (const { id, type } of fields) {
      assert.match(id, /^[A-Za-z0-9_.-]+$/);
      assert.equal(type, "text");
    }
    assert.deepEqual(
      fields.slice(0, 4).map(({ label, defaultValue }) => [label, defaultValue]),
      NAMES.map((name, index) => [name, SAMPLES[index]]),
    );
    assert.deepEqual(
      fields.slice(0, 4).map(({ id }) => tagsOfMergeFields(`{{${id}}}`)),
      TAGS,
    );
  });

  it("of CKEditor become tags in texts and attributes, and others' fields stay", () => {
    assert.equal(
      tagsOfMergeFields('<a href="/d/{{coupon.a-1}}">{{coupon.a-1}}</a> {{name}} {{coupon.A}} {{xcoupon.a}}'),
      `<a href="/d/{% coupon 'a-1' %}">{% coupon 'a-1' %}</a> {{name}} {{coupon.A}} {{xcoupon.a}}`,
    );
    assert.equal(
      tagsOfMergeFields("$(coupon_expiry.a)$ {{coupon.a}}", {
        prefix: "$(",
        suffix: ")$",
        format: "short",
        locale: "de",
      }),
      "{% coupon_expiry 'a', format: 'short', locale: 'de' %} {{coupon.a}}",
    );
  });

  it("leave dates out and name things as they are told to", () => {
    const options = { expiry: false, nameCode: (pool: string) => `Code: ${pool}` };
    assert.deepEqual(mergeTags("beefree", [{ handle: "a" }], options), [
      { name: "Code: a", value: "{% coupon 'a' %}", previewValue: "SAMPLE" },
    ]);
    const [, date] = mergeTags("beefree", [{ handle: "a" }], { format: "short", locale: "de" });
    assert.equal(date?.value, "{% coupon_expiry 'a', format: 'short', locale: 'de' %}");
    assert.equal(date?.previewValue, "31.12.99");
  });

  it("of an unknown editor are refused", () => {
    for (const editor of ["mailchimp", "constructor"]) {
      assert.throws(() => mergeTags(editor as "beefree", POOLS), { code: "INVALID_ARGUMENT" });
    }
  });

  it("draw codes, in text and in links, from the rows that pools.list() gives", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 3));
    await bench.pools.create({ handle: "f", kind: "fixed", fixedCode: "HELLO10", expiresAt: "2026-12-31" });
    const values = mergeTags("beefree", await bench.pools.list()).map(({ value }) => value);
    const template = `<p>${values.join(" ")}</p><a href="https://shop.example/${values[0]}">x</a>`;
    const { output, draws } = await bench.pools.render(template, { message: "m", contact: "ada" });
    const code = draws.find(({ handle }) => handle === "a")?.code;
    assert.match(
      output,
      new RegExp(`^<p>${code}  HELLO10 December 31, 2026</p><a href="https://shop.example/${code}">`),
    );
  });
});
