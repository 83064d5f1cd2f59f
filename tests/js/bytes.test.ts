/** Mails as bytes are the mails as text, encoded. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";

describe("a mail as bytes", () => {
  const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

  async function filled() {
    const pools = new CouponPools({ store: memory() });
    await pools.create({ handle: "a", kind: "static" });
    await pools.upload("a", "code\nA-1\nÄÖ-2\n割引3\n🎁4\n");
    return pools;
  }

  it("is its text in UTF-8, whatever stands in template and code", async () => {
    const pools = await filled();
    const template = '<p>Grüße 🎉 <b title="{% coupon "a" %}">{% coupon "a" %}</b> 終</p>';
    for (const contact of ["one", "two", "three", "four"]) {
      const use = { message: "m", contact };
      const text = await pools.render(template, use);
      const bytes = await pools.render(template, { ...use, as: "bytes" });
      assert.equal(decode(bytes.output), text.output);
      assert.deepEqual(bytes.draws, [{ ...text.draws[0], repeat: true }]);
    }
  });

  it("comes in the template's own shape, also from renderMany", async () => {
    const pools = await filled();
    const template = { subject: 'Ü {% coupon "a" %}', html: '<p>{% coupon "a" %}</p>' };
    const contacts = ["one", "two"];
    const mails: { subject: string; html: string }[] = [];
    for await (const mail of pools.renderMany(contacts, { template, message: "m", as: "bytes" })) {
      assert.ok(mail.output);
      mails.push({ subject: decode(mail.output.subject), html: decode(mail.output.html) });
    }
    assert.deepEqual(mails, [
      { subject: "Ü A-1", html: "<p>A-1</p>" },
      { subject: "Ü ÄÖ-2", html: "<p>ÄÖ-2</p>" },
    ]);
  });

  it("is asked for by name", async () => {
    const pools = await filled();
    const options = { message: "m", contact: "c", as: "latin1" as "bytes" };
    await assert.rejects(pools.render("x", options), { code: "INVALID_ARGUMENT", details: { option: "as" } });
  });
});
