/** Dynamic pools: filled from a shop ahead of need and at need, whatever the shop does. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { type CouponPools, type CouponPoolsError, OutOfCodesError, type Shop, type ShopOrder } from "coupon-pools";
import { custom } from "coupon-pools/shops/custom";
import { shopify } from "coupon-pools/shops/shopify";
import { type Bench, overEveryStore } from "./workbench.js";

/** A shop that takes over what is suggested, and keeps what it gave under the order's id. */
class Till {
  readonly orders = new Map<string, string[]>();
  readonly codes = new Set<string>();
  down = false;
  calls = 0;
  /** Loses the answers of so many calls from now on. */
  lost = 0;
  hold: Promise<void> | undefined;

  readonly shop: Shop = custom({ exact: true, codesPerCall: 10, generate: (order) => this.#generate(order) });

  async #generate({ id, suggested }: ShopOrder): Promise<string[]> {
    this.calls += 1;
    await this.hold;
    if (this.down) throw new Error("the till is down");
    const codes = this.orders.get(id) ?? suggested;
    this.orders.set(id, codes);
    for (const code of codes) this.codes.add(code);
    if (this.lost > 0) {
      this.lost -= 1;
      throw new Error("nobody heard");
    }
    return codes;
  }
}

const use = (contact: string) => ({ message: "m1", contact });

overEveryStore("Dynamic pools", (open) => {
  async function filled(settings: object = {}, dynamic: object = {}) {
    const bench: Bench = open();
    // Waits take real time.
    const clock = () => Date.now();
    const till = new Till();
    const pools: CouponPools = bench.another({ clock, shops: { till: till.shop } });
    const pattern = { length: 12, prefix: "SPR-" };
    await pools.create({
      handle: "spring",
      kind: "dynamic",
      dynamic: { shop: "till", rule: 7, pattern, buffer: 25, ...dynamic },
      ...settings,
    });
    return { bench, till, pools };
  }

  it("are filled to their buffer by maintain, and every code is the shop's", async () => {
    const { pools, till } = await filled();
    assert.deepEqual(await pools.maintain(), { pools: 1, unfinished: 0, generated: 25, failed: [] });
    assert.equal(till.codes.size, 25);
    const { remaining, buffered } = await pools.get("spring");
    assert.deepEqual([remaining, buffered], [null, 25]);
    const { code } = await pools.draw("spring", use("ada"));
    assert.match(code ?? "", /^SPR-[ACDEFGHJKLMNPQRTUVWXY34679]{12}$/);
    assert.ok(till.codes.has(code as string));
    const calls = till.calls;
    assert.equal((await pools.maintain()).generated, 1);
    assert.equal(till.calls, calls + 1);
  });

  it("are filled at need when a draw finds them empty, once for all who wait", async () => {
    const { pools, till } = await filled();
    const contacts = Array.from({ length: 20 }, (_, at) => `contact-${at}`);
    const draws = await Promise.all(contacts.map((contact) => pools.draw("spring", use(contact))));
    assert.equal(new Set(draws.map((draw) => draw.code)).size, 20);
    assert.ok(draws.every((draw) => till.codes.has(draw.code as string)));
    const retried = await pools.draw("spring", use("contact-3"));
    assert.deepEqual([retried.code, retried.repeat], [draws[3]?.code, true]);
    const { output } = await pools.render('{% coupon "spring" %}', use("another"));
    assert.ok(till.codes.has(output));
    assert.ok(till.calls <= 4, `${till.calls} calls`);
  });

  it("need no shop while the buffer holds a code, and say why when it does not", async () => {
    const { bench, pools, till } = await filled({ onEmpty: "stop" }, { buffer: 2 });
    await pools.maintain();
    till.down = true;
    const calls = till.calls;
    await pools.drawMany("spring", [use("ada"), use("bob")]);
    assert.equal(till.calls, calls);
    const { failed } = await pools.maintain();
    assert.deepEqual(
      failed.map(({ pool, code }) => [pool, code]),
      [["spring", "SHOP_UNREACHABLE"]],
    );
    const alert = bench.alerts.find(({ type }) => type === "top-up-failing");
    assert.match(alert?.words ?? "", /does not answer/);
    await assert.rejects(pools.draw("spring", use("eve")), (error: CouponPoolsError) => {
      assert.ok(error instanceof OutOfCodesError);
      assert.equal((error.cause as CouponPoolsError).code, "SHOP_UNREACHABLE");
      return true;
    });
    till.down = false;
    assert.equal((await pools.maintain()).generated, 2);
    assert.equal((await pools.draw("spring", use("eve"))).status, "drawn");
  });

  it("lose no code when answers are lost", async () => {
    const { pools, till } = await filled();
    till.lost = 2;
    assert.equal((await pools.maintain()).generated, 25);
    assert.equal(till.codes.size, 25);
    const rest = await new Response(pools.export("spring", "remaining")).text();
    for (const code of till.codes) assert.ok(rest.includes(code), code);
  });

  it("stop at their limit", async () => {
    const { pools, till } = await filled({ onEmpty: { fallback: "HELLO5" } }, { buffer: 5, limit: 5 });
    await pools.maintain();
    const uses = Array.from({ length: 6 }, (_, at) => use(`contact-${at}`));
    const draws = await pools.drawMany("spring", uses);
    assert.deepEqual(
      draws.map((draw) => draw.status),
      ["drawn", "drawn", "drawn", "drawn", "drawn", "fallback"],
    );
    assert.equal((await pools.get("spring")).fellBack, 1);
    assert.equal((await pools.maintain()).failed[0]?.code, "LIMIT_REACHED");
    assert.equal(till.codes.size, 5);
  });

  it("are filled by prepare to what a send needs", async () => {
    const { pools, till } = await filled();
    assert.deepEqual(await pools.prepare("spring", { count: 60 }), { enough: true, remaining: 60, short: 0 });
    assert.equal(till.codes.size, 60);
  });

  it("are refused with the reason when they cannot work", async () => {
    const { pools } = await filled();
    const refused = (dynamic: object, code: string) =>
      assert.rejects(
        pools.create({ handle: "other", kind: "dynamic", dynamic: dynamic as never }),
        (error: CouponPoolsError) => error.code === code,
      );
    await refused({ shop: "nobody", rule: 7, pattern: { length: 12 } }, "SHOP_UNKNOWN");
    await refused({ shop: "till", rule: 7, pattern: { length: 6 } }, "PATTERN_TOO_SMALL");
    await refused({ shop: "till", rule: 7, pattern: { length: 12 }, expiresAfterDays: 30 }, "INVALID_ARGUMENT");
  });

  it("speak Shopify's GraphQL through the host's fetch", async () => {
    const sent: { path: string; body: { query: string; variables: Record<string, unknown> } }[] = [];
    const codes: string[] = [];
    const answer = (query: string, variables: Record<string, unknown>) => {
      if (query.includes("discountNode(")) {
        const endsAt = "2099-01-01T00:00:00Z";
        return {
          discountNode: { discount: { __typename: "DiscountCodeBasic", title: "S", status: "ACTIVE", endsAt } },
        };
      }
      if (query.startsWith("mutation")) {
        codes.push(...(variables.codes as { code: string }[]).map(({ code }) => code));
        const bulkCreation = { id: "gid://shopify/DiscountRedeemCodeBulkCreation/1", done: true, failedCount: 0 };
        return { discountRedeemCodeBulkAdd: { bulkCreation, userErrors: [] } };
      }
      throw new Error(query);
    };
    const shop = shopify({
      fetch: async (path, init) => {
        const body = JSON.parse(init.body ?? "null");
        sent.push({ path, body });
        const throttleStatus = { maximumAvailable: 2000, currentlyAvailable: 1900, restoreRate: 100 };
        const data = answer(body.query, body.variables);
        return Response.json({ data, extensions: { cost: { requestedQueryCost: 10, throttleStatus } } });
      },
    });
    const pools = open().another({ clock: () => Date.now(), shops: { shop } });
    const dynamic = { shop: "shop", rule: "gid://shopify/DiscountCodeNode/42", pattern: { length: 12 }, buffer: 300 };
    await pools.create({ handle: "spring", kind: "dynamic", dynamic });
    assert.equal((await pools.maintain()).generated, 300);
    assert.deepEqual([...new Set(sent.map(({ path }) => path))], ["graphql.json"]);
    assert.equal(sent[0]?.body.variables.id, "gid://shopify/DiscountCodeNode/42");
    const draw = await pools.draw("spring", use("ada"));
    assert.ok(codes.includes(draw.code as string));
    assert.equal(draw.expiresAt, Date.UTC(2099, 0, 1), "codes end with their discount");
  });
});
