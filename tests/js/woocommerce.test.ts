/** The worked example of docs/dynamic-pools.md: WooCommerce by one callback, over a shop that answers as its REST API does. */

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { CustomShop } from "coupon-pools/shops/custom";
import { Bench } from "./workbench.js";

type Json = Record<string, unknown>;
type Woo = (path: string, body?: Json) => Promise<unknown>;

const file = new URL(`./.woocommerce-${process.pid}.mjs`, import.meta.url);
after(() => rmSync(file, { force: true }));

/** The example as it is printed. */
async function example(): Promise<(woo: Woo) => CustomShop> {
  const docs = readFileSync(new URL("../../docs/dynamic-pools.md", import.meta.url), "utf8");
  const [, code] = docs.match(/### WooCommerce[\s\S]*?```js\n([\s\S]*?)```/) ?? [];
  assert.ok(code, "the docs show an example");
  writeFileSync(file, code);
  return (await import(pathToFileURL(file.pathname).href)).wooCommerce;
}

/** Coupons of a WooCommerce shop: codes in lower case and unique, a hundred to a batch, errors in the place of a coupon. */
class WooCommerce {
  readonly coupons = new Map<string, Json>();
  /** Loses the answers of so many batches. */
  lost = 0;

  readonly answer: Woo = async (path, body) => {
    if (path === "coupons/7")
      return { id: 7, code: "model", discount_type: "percent", amount: "10.00", date_expires_gmt: null };
    const [, code] = path.match(/^coupons\?code=(.+)$/) ?? [];
    if (code) return [this.coupons.get(decodeURIComponent(code).toLowerCase())].filter(Boolean);
    assert.equal(path, "coupons/batch");
    const wanted = body?.create as Json[];
    assert.ok(wanted.length <= 100);
    const create = wanted.map((coupon) => {
      const key = String(coupon.code).toLowerCase();
      const message = "The coupon code already exists";
      if (this.coupons.has(key))
        return { id: 0, error: { code: "woocommerce_rest_coupon_code_already_exists", message } };
      const made = { id: this.coupons.size + 8, ...coupon, code: key };
      this.coupons.set(key, made);
      return made;
    });
    if (this.lost > 0) {
      this.lost -= 1;
      throw new Error("the connection was reset");
    }
    return { create };
  };
}

it("WooCommerce fills a pool by one callback, whatever is lost, and nobody else's coupon is taken for ours", async () => {
  const woo = new WooCommerce();
  const shop = (await example())((path, body) => {
    const [first] = (body?.create ?? []) as Json[];
    // Somebody else makes the first code of all before us.
    if (first && woo.coupons.size === 0) woo.coupons.set(String(first.code).toLowerCase(), { id: 1, meta_data: [] });
    return woo.answer(path, body);
  });
  woo.lost = 2;
  const pools = Bench.inMemory().another({ clock: Date.now, shops: { shop } });
  const dynamic = { shop: "shop", rule: 7, pattern: { length: 12 }, buffer: 250 };
  await pools.create({ handle: "spring", kind: "dynamic", dynamic });
  assert.deepEqual((await pools.maintain()).failed, []);
  const draws = await pools.drawMany(
    "spring",
    Array.from({ length: 250 }, (_, at) => ({ message: "m1", contact: `contact-${at}` })),
  );
  assert.equal(new Set(draws.map(({ code }) => code)).size, 250);
  for (const { code } of draws) {
    const coupon = woo.coupons.get(String(code).toLowerCase());
    assert.deepEqual([coupon?.amount, coupon?.usage_limit], ["10.00", 1], String(code));
  }
  assert.equal(woo.coupons.size, 251, "nothing is left over");
});
