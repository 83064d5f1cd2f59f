/** migrateTags: other vendors' templates, in the public face. What is rewritten is in tests/template_migrate.rs. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Vendor } from "coupon-pools";
import { Bench, failure } from "../workbench.js";

describe("migrateTags", () => {
  it("gives a template that draws, and the pools to create for it", async () => {
    const bench = Bench.inMemory();
    const { pools } = bench;
    for (const [vendor, code] of [
      ["klaviyo", "{% coupon_code 'Spring Sale' %}"],
      ["braze", "{% promotion('Spring Sale') %}"],
      ["emarsys", "$voucher$"],
      ["salesforce", "%%=ClaimRowValue('Spring Sale','Code','IsClaimed','','Email',emailaddr)=%%"],
    ] as const) {
      const template = { subject: `ß ${code}`, html: `<p>🎁\n<a href="https://s.example/?c=${code}">${code}</a></p>` };
      // Emarsys' placeholder names no pool, so the caller does.
      const handles: Record<string, string> = vendor === "emarsys" ? { voucher: "spring-sale" } : {};
      const done = await pools.migrateTags(template, vendor, { handles });
      const tag = "{% coupon 'spring-sale' %}";
      assert.deepEqual(done.template, {
        subject: `ß ${tag}`,
        html: `<p>🎁\n<a href="https://s.example/?c=${tag}">${tag}</a></p>`,
      });
      assert.deepEqual(done.left, []);
      assert.deepEqual(done.changes[0], { part: "subject", line: 1, column: 3, from: code, to: tag });
      assert.deepEqual([done.changes[1]?.part, done.changes[1]?.line, done.changes[1]?.column], ["html", 2, 31]);
      const handle = "spring-sale";
      assert.deepEqual(done.pools, [{ name: vendor === "emarsys" ? "voucher" : "Spring Sale", handle }]);
      if (vendor === "klaviyo") await bench.pool(handle, ["S-1"]);
      const { output } = await pools.render(done.template, { message: "m", contact: "c" });
      assert.deepEqual(output, { subject: "ß S-1", html: '<p>🎁\n<a href="https://s.example/?c=S-1">S-1</a></p>' });
    }
  });

  it("leaves what it cannot rewrite, and says where and what to do", async () => {
    const { pools } = Bench.inMemory();
    const template = "<p>\n  {% coupon_code name %}</p>";
    const done = await pools.migrateTags(template, "klaviyo");
    assert.deepEqual([done.template, done.changes, done.pools], [template, [], []]);
    const [{ advice, ...left } = { advice: "" }] = done.left;
    assert.deepEqual(left, { part: "template", line: 2, column: 3, text: "{% coupon_code name %}" });
    assert.match(advice, /in quotes/);
  });

  it("refuses what is no vendor, no handle, no template", async () => {
    const { pools } = Bench.inMemory();
    for (const call of [
      () => pools.migrateTags("x", "mailchimp" as Vendor),
      () => pools.migrateTags("x", "klaviyo", { handles: { a: "No Handle" } }),
      () => pools.migrateTags("x", "klaviyo", { handles: { a: 1 as never } }),
      () => pools.migrateTags(1 as never, "klaviyo"),
    ]) {
      assert.equal((await failure(call())).code, "INVALID_ARGUMENT");
    }
  });
});
