/** Dynamic pools over strict stand-ins: Shopify's own schema, Magento's routes, and a line that goes wrong. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, describe, it } from "node:test";
import type { CouponPools } from "coupon-pools";
import { magento } from "coupon-pools/shops/magento";
import { shopify } from "coupon-pools/shops/shopify";
import { type Fate, Line, type ShopRequest } from "../shops/line.js";
import { MagentoStandIn } from "../shops/magento.js";
import { shopifySchemas, VERSIONS } from "../shops/schemas.js";
import { serve } from "../shops/server.js";
import { ShopifyStandIn } from "../shops/shopify.js";
import { Bench } from "./workbench.js";

const schemas = shopifySchemas();
const stands: { complaints: string[] }[] = [];

afterEach(() => {
  for (const { complaints } of stands.splice(0)) assert.deepEqual(complaints, []);
});

/** Codes that a pool can still give. */
async function stock(pools: CouponPools, handle = "spring"): Promise<string[]> {
  const text = await new Response(pools.export(handle, "remaining")).text();
  return text
    .split(/\r?\n/)
    .slice(1)
    .map((row) => row.split(",")[0]?.replaceAll('"', "") ?? "")
    .filter((code) => code !== "");
}

const sorted = (codes: Iterable<string>): string[] => [...codes].sort();

/** Every third request goes wrong, in turn in each way. */
function troubled(): (request: ShopRequest, number: number) => Fate {
  const fates: Fate[] = ["lost", "unheard", "twice", { late: 30 }];
  return (_, number) => (number % 3 === 0 ? (fates[(number / 3) % fates.length] as Fate) : "well");
}

async function shopifyPool(dynamic: object = {}, discount: object = {}) {
  const shop = new ShopifyStandIn({ schemas, restoreRate: 2_000 });
  shop.jobMs = 20;
  stands.push(shop);
  const line = new Line(shop);
  const rule = shop.discount(discount);
  const bench = Bench.inMemory();
  const pools = bench.another({ clock: Date.now, shops: { shop: shopify({ fetch: line.fetch, codesPerCall: 20 }) } });
  const pattern = { length: 12, prefix: "SPR-" };
  await pools.create({
    handle: "spring",
    kind: "dynamic",
    dynamic: { shop: "shop", rule, pattern, buffer: 90, ...dynamic },
  });
  return { bench, shop, line, rule, pools };
}

async function magentoPool() {
  const shop = new MagentoStandIn();
  stands.push(shop);
  const line = new Line(shop);
  const rule = shop.rule();
  const bench = Bench.inMemory();
  const pools = bench.another({ clock: Date.now, shops: { shop: magento({ fetch: line.fetch }) } });
  const pattern = { length: 12, prefix: "SPR-" };
  await pools.create({ handle: "spring", kind: "dynamic", dynamic: { shop: "shop", rule, pattern, buffer: 40 } });
  return { bench, shop, line, rule, pools };
}

/** Lets `maintain` run until it has nothing to complain of. */
async function settle(pools: CouponPools): Promise<void> {
  for (let run = 0; run < 5; run += 1) if ((await pools.maintain()).failed.length === 0) return;
  assert.fail("maintain does not come to an end");
}

describe("A pool filled from Shopify", () => {
  it("has the codes that the shop has, and they end with the discount", async () => {
    const { shop, line, rule, pools } = await shopifyPool({}, { endsAt: "2099-01-01T00:00:00Z" });
    assert.equal((await pools.maintain()).generated, 90);
    assert.deepEqual(sorted(await stock(pools)), sorted(shop.of(rule)));
    const draw = await pools.draw("spring", { message: "m1", contact: "ada" });
    assert.equal(draw.expiresAt, Date.UTC(2099, 0, 1));
    assert.deepEqual([...new Set(line.sent.map(({ path }) => path))], ["graphql.json"]);
    assert.equal(shop.throttle.turnedAway, 0);
  });

  it("has them all the same when the line loses, repeats and delays", async () => {
    const { shop, line, rule, pools } = await shopifyPool();
    line.goes(troubled());
    await settle(pools);
    assert.equal(shop.of(rule).length, 90);
    assert.deepEqual(sorted(await stock(pools)), sorted(shop.of(rule)));
  });

  it("leaves out what somebody else made first", async () => {
    const { shop, line, rule, pools } = await shopifyPool();
    const other = `gid://shopify/DiscountCodeNode/${shop.discount()}`;
    let taken = "";
    line.goes((request) => {
      const { variables } = JSON.parse(request.body) as { variables: { codes?: { code: string }[] } };
      if (taken === "" && variables.codes) {
        taken = variables.codes[3]?.code ?? "";
        shop.put(taken.toLowerCase(), other);
      }
      return "well";
    });
    await settle(pools);
    const codes = await stock(pools);
    assert.notEqual(taken, "");
    assert.ok(!codes.includes(taken));
    assert.deepEqual(sorted(codes), sorted(shop.of(rule)));
  });

  it("goes on from the buffer while the shop is dead, and says so", async () => {
    const { bench, line, pools } = await shopifyPool();
    await pools.maintain();
    line.die();
    const draws = await pools.drawMany(
      "spring",
      Array.from({ length: 50 }, (_, at) => ({ message: "m1", contact: `contact-${at}` })),
    );
    assert.ok(draws.every(({ status }) => status === "drawn"));
    const { failed } = await pools.maintain();
    assert.equal(failed[0]?.code, "SHOP_UNREACHABLE");
    assert.ok(bench.alerts.some(({ type }) => type === "top-up-failing"));
    line.down = false;
    assert.equal((await pools.maintain()).generated, 50);
  });

  it("waits as long as the throttle asks, whichever status it is told with", async () => {
    for (const throttledStatus of [200, 429] as const) {
      const shop = new ShopifyStandIn({ schemas, restoreRate: 1_000, throttledStatus });
      stands.push(shop);
      shop.jobMs = 20;
      const rule = shop.discount();
      // Somebody else has just used the bucket up.
      assert.ok(shop.throttle.take(20_000));
      const { fetch } = new Line(shop);
      const pools = Bench.inMemory().another({ clock: Date.now, shops: { shop: shopify({ fetch }) } });
      const dynamic = { shop: "shop", rule, pattern: { length: 12 }, buffer: 500 };
      await pools.create({ handle: "spring", kind: "dynamic", dynamic });
      assert.deepEqual([(await pools.maintain()).generated, shop.of(rule).length], [500, 500]);
    }
  });

  it("is told in the shop's words when its rule is gone, has ended or has no codes", async () => {
    const words = async (discount: object, rule?: number) => {
      const { bench, pools } = await shopifyPool(rule === undefined ? {} : { rule }, discount);
      assert.equal((await pools.maintain()).failed[0]?.code, "RULE_UNUSABLE");
      return bench.alerts.find(({ type }) => type === "rule-unusable")?.words ?? "";
    };
    assert.match(await words({}, 404), /no such discount/);
    assert.match(await words({ endsAt: "2020-01-01T00:00:00Z" }), /has ended/);
  });

  it("gives its codes back to nobody when their top-up is undone: the shop deletes what nobody holds", async () => {
    const { shop, line, rule, pools } = await shopifyPool();
    await pools.maintain();
    const before = shop.of(rule);
    const other = `gid://shopify/DiscountCodeNode/${shop.discount()}`;
    // A search for one code finds this, too.
    shop.put(`${before[0]}-B`, `gid://shopify/DiscountCodeNode/${rule}`);
    shop.put("SOMEBODY-ELSE", other);
    const uses = Array.from({ length: 7 }, (_, at) => ({ message: "m1", contact: `contact-${at}` }));
    const held = (await pools.drawMany("spring", uses)).map(({ code }) => code as string);
    const batches = await pools.batches("spring");
    assert.ok(!JSON.stringify(batches).includes("seed"), "nobody sees from what codes are made");
    line.goes(troubled());
    let [removed, kept] = [0, 0];
    for (const { batch } of batches) {
      const undone = await pools.undo("spring", batch);
      [removed, kept] = [removed + undone.removed, kept + undone.kept];
      assert.ok(undone.atShop === "deleted" || undone.atShop === "later", undone.atShop);
    }
    assert.deepEqual([removed, kept], [83, 7]);
    line.goes(() => "well");
    await pools.edit("spring", { dynamic: { shop: "shop", rule, pattern: { length: 12 }, buffer: 0 } });
    await settle(pools);
    assert.deepEqual(sorted(shop.of(rule)), sorted([...held, `${before[0]}-B`]));
    assert.ok(shop.codes.has("somebody-else"));
    assert.equal((await pools.draw("spring", uses[3] as never)).code, held[3], "a retry is the same draw");
    const { void: taken, assigned, added } = await pools.get("spring");
    assert.deepEqual([taken, assigned, added], [83, 7, 90]);
  });

  it("has its withdrawn codes deleted later, when the shop cannot be reached at once", async () => {
    const { shop, line, rule, pools } = await shopifyPool({ buffer: 20 });
    await pools.maintain();
    await pools.edit("spring", { dynamic: { shop: "shop", rule, pattern: { length: 12 }, buffer: 0 } });
    const [batch] = await pools.batches("spring");
    line.die();
    const { atShop, removed } = await pools.undo("spring", batch?.batch as string);
    assert.deepEqual([atShop, removed, shop.of(rule).length], ["later", 20, 20]);
    line.down = false;
    assert.deepEqual((await pools.maintain()).failed, []);
    assert.equal(shop.of(rule).length, 0);
  });

  it("can be reached by address", async () => {
    const { shop, line, rule } = await shopifyPool();
    shop.token = "shpat_secret";
    const served = await serve(line);
    try {
      const over = (token: string) =>
        shopify({
          fetch: (path, init) =>
            fetch(served.url + path, { ...init, headers: { ...init.headers, "X-Shopify-Access-Token": token } }),
        });
      const pools = Bench.inMemory().another({
        clock: Date.now,
        shops: { shop: over("shpat_secret"), stranger: over("shpat_other") },
      });
      const dynamic = { shop: "shop", rule, pattern: { length: 12 }, buffer: 30 };
      await pools.create({ handle: "spring", kind: "dynamic", dynamic });
      await pools.create({ handle: "stranger", kind: "dynamic", dynamic: { ...dynamic, shop: "stranger" } });
      // The first answer is cut off on its way.
      line.goes((_, number) => (number === 1 ? "unheard" : "well"));
      const { generated, failed } = await pools.maintain();
      assert.equal(generated, 30);
      assert.match(failed[0]?.message ?? "", /401/);
    } finally {
      await served.close();
    }
  });
});

describe("A pool filled from Magento", () => {
  it("has the codes that the shop has, whatever the line does", async () => {
    const { shop, line, rule, pools } = await magentoPool();
    shop.busy = 2;
    line.goes(troubled());
    await settle(pools);
    assert.equal(shop.of(rule).length, 40);
    assert.deepEqual(sorted(await stock(pools)), sorted(shop.of(rule)));
  });

  it("adopts a code that two requests save at the same time, and leaves out somebody else's", async () => {
    const { shop, line, rule, pools } = await magentoPool();
    const other = shop.rule();
    shop.races = 1;
    let seen = 0;
    line.goes((request) => {
      if (request.method !== "POST") return "well";
      seen += 1;
      const { code } = (JSON.parse(request.body) as { coupon: { code: string } }).coupon;
      // Once by a request of ours that was held up, once by another rule.
      if (seen === 1) shop.put(code, rule);
      if (seen === 2) shop.put(code, other);
      return "well";
    });
    assert.deepEqual((await pools.maintain()).failed, [], "neither is a failure");
    assert.equal(shop.of(other).length, 1);
    assert.deepEqual(sorted(await stock(pools)), sorted(shop.of(rule)));
  });

  it("has its withdrawn codes deleted, and says which cannot be", async () => {
    const { shop, rule, pools } = await magentoPool();
    await pools.maintain();
    const { code } = await pools.draw("spring", { message: "m1", contact: "ada" });
    const [batch] = await pools.batches("spring");
    const stubborn = shop.of(rule).find((one) => one !== code) as string;
    shop.undeletable.add(stubborn);
    const undone = await pools.undo("spring", batch?.batch as string);
    assert.deepEqual(undone, { removed: 39, kept: 1, atShop: "later" });
    await pools.edit("spring", { dynamic: { shop: "shop", rule, pattern: { length: 12 }, buffer: 0 } });
    assert.match((await pools.maintain()).failed[0]?.message ?? "", new RegExp(`1 codes .*${stubborn}`));
    shop.undeletable.clear();
    assert.deepEqual((await pools.maintain()).failed, []);
    assert.deepEqual(shop.of(rule), [code]);
  });

  it("loses no code of the merchant's to a search that answers what it was not asked for", async () => {
    const { shop, line, rule, bench } = await magentoPool();
    shop.put("MERCHANTS-OWN", rule);
    const careless = magento({
      fetch: (path, init) => line.fetch(path.replace(/searchCriteria\[filter_groups\]\[1\][^&]*&/g, ""), init),
    });
    const pools = bench.another({ clock: Date.now, shops: { shop: careless } });
    await pools.maintain();
    const [batch] = await pools.batches("spring");
    const undone = await pools.undo("spring", batch?.batch as string);
    assert.deepEqual(undone, { removed: 40, kept: 0, atShop: "later" });
    await pools.edit("spring", { dynamic: { shop: "shop", rule, pattern: { length: 12 }, buffer: 0 } });
    assert.match((await pools.maintain()).failed[0]?.message ?? "", /nothing is deleted/);
    assert.ok(shop.of(rule).includes("MERCHANTS-OWN"));
  });

  it("keeps a code out of stock that is released after its top-up was undone", async () => {
    const { shop, rule, pools } = await magentoPool();
    await pools.maintain();
    const use = { message: "m1", contact: "ada" };
    const { code, number } = await pools.draw("spring", use);
    await pools.edit("spring", { dynamic: { shop: "shop", rule, pattern: { length: 12 }, buffer: 0 } });
    const [batch] = await pools.batches("spring");
    const undone = { removed: 39, kept: 1, atShop: "deleted" };
    assert.deepEqual(await pools.undo("spring", batch?.batch as string), undone);
    assert.deepEqual(await pools.undo("spring", batch?.batch as string), undone, "undone again it is the same");
    assert.equal((await pools.batches("spring"))[0]?.state, "undone");
    await pools.release("spring", { ...use, number: number as number });
    assert.deepEqual(await stock(pools), []);
    assert.deepEqual(shop.of(rule), [code]);
  });

  it("is told in the shop's words why codes cannot be added", async () => {
    const { bench, shop, pools } = await magentoPool();
    const failure = async () => (await pools.maintain()).failed[0];
    shop.authorized = false;
    const refused = await failure();
    assert.equal(refused?.code, "SHOP_REFUSED");
    assert.match(refused?.message ?? "", /isn't authorized to access Magento_SalesRule::quote/);
    shop.authorized = true;
    for (const change of [{ use_auto_generation: false }, { is_active: false }]) {
      shop.rules.set(1, { ...shop.rules.get(1), use_auto_generation: true, is_active: true, ...change } as never);
      assert.equal((await failure())?.code, "RULE_UNUSABLE");
    }
    assert.ok(bench.alerts.some(({ type }) => type === "rule-unusable"));
  });
});

describe("The stand-in for Shopify", () => {
  const operations = readFileSync(new URL("../shops/operations.graphql", import.meta.url), "utf8");
  /** Sends one of the operations on file; answers the body. */
  async function ask(shop: ShopifyStandIn, query: string, variables: object) {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ query, variables });
    const answer = await shop.answer({ method: "POST", path: "graphql.json", headers, body });
    // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape are looked into.
    return JSON.parse(answer.body) as any;
  }
  const operation = (name: string): string => {
    const at = operations.search(new RegExp(`^(query|mutation) ${name}\\b`, "m"));
    const end = operations.slice(at + 1).search(/^(query|mutation) /m);
    return operations.slice(at, end < 0 ? undefined : at + 1 + end);
  };
  const add = `mutation Add($id: ID!, $codes: [DiscountRedeemCodeInput!]!) {
    discountRedeemCodeBulkAdd(discountId: $id, codes: $codes) {
      bulkCreation { id done failedCount } userErrors { field code message } } }`;
  const as = (codes: string[]) => codes.map((code) => ({ code }));

  it("takes every request of the module in every version of the schema", async () => {
    const sent = readFileSync(new URL("../shops/shopify-queries.txt", import.meta.url), "utf8")
      .trim()
      .split("\n");
    assert.ok(sent.length >= 5);
    for (const version of VERSIONS) {
      const shop = new ShopifyStandIn({ schemas: { [version]: schemas[version] as string } });
      for (const query of sent) {
        const names = [...query.matchAll(/\$(\w+): (\[?)(\w+)/g)];
        const variables = Object.fromEntries(names.map(([, name, list]) => [name, list ? [] : "x"]));
        assert.equal((await ask(shop, query, variables)).errors, undefined, `${version}: ${query}`);
      }
      assert.deepEqual(shop.complaints, []);
    }
  });

  it("refuses what is deprecated or unknown, and keeps it", async () => {
    const shop = new ShopifyStandIn({ schemas });
    await ask(shop, operation("Deprecated"), { id: "gid://shopify/DiscountCodeNode/1" });
    await ask(shop, "{ discountNode(id: 1) { colour } }", {});
    assert.match(shop.complaints[0] ?? "", /deprecated/);
    assert.match(shop.complaints[1] ?? "", /colour/);
  });

  it("answers as the real one does", async () => {
    let now = 0;
    const shop = new ShopifyStandIn({ schemas, clock: () => now });
    stands.push(shop);
    const id = `gid://shopify/DiscountCodeNode/${shop.discount()}`;
    const tooMany = await ask(shop, add, { id, codes: as(Array.from({ length: 251 }, (_, at) => `C${at}`)) });
    assert.equal(tooMany.errors[0].extensions.code, "MAX_INPUT_SIZE_EXCEEDED");
    const userError = async (variables: object) =>
      (await ask(shop, add, variables)).data.discountRedeemCodeBulkAdd.userErrors[0];
    assert.deepEqual(await userError({ id: "gid://shopify/DiscountCodeNode/9", codes: as(["A"]) }), {
      field: ["discountId"],
      code: "INVALID",
      message: "Code discount does not exist.",
    });
    assert.equal((await userError({ id, codes: [] })).code, "BLANK");
    const { bulkCreation } = (await ask(shop, add, { id, codes: as(["one", "ONE", "", "a\nb", "x".repeat(256)]) })).data
      .discountRedeemCodeBulkAdd;
    assert.equal(bulkCreation.done, false);
    now += 1_000;
    const creation = (await ask(shop, operation("Failures"), { id: bulkCreation.id })).data
      .discountRedeemCodeBulkCreation;
    assert.deepEqual([creation.done, creation.importedCount, creation.failedCount], [true, 1, 4]);
    assert.deepEqual(
      creation.codes.nodes.map((node: { errors: { message: string }[] }) => node.errors[0]?.message),
      [
        undefined,
        "Codes must be unique within BulkDiscountCodeCreation",
        "is too short (minimum is 1 character)",
        "cannot contain newline characters.",
        "is too long (maximum is 255 characters)",
      ],
    );
    const found = (await ask(shop, operation("DiscountOfCode"), { code: "One", search: "one" })).data
      .codeDiscountNodeByCode;
    assert.equal(found.id, id);
    const [{ id: code }] = found.codeDiscount.codes.nodes;
    const { job } = (await ask(shop, operation("Delete"), { id, ids: [code] })).data.discountCodeRedeemCodeBulkDelete;
    assert.equal(shop.codes.size, 1);
    now += 1_000;
    assert.equal((await ask(shop, operation("Job"), { id: job.id })).data.job.done, true);
    assert.equal(shop.codes.size, 0);
  });

  it("counts points by the published rule, and turns away who has none left", async () => {
    let now = 0;
    const shop = new ShopifyStandIn({ schemas, clock: () => now });
    stands.push(shop);
    const id = `gid://shopify/DiscountCodeNode/${shop.discount()}`;
    const cost = (answer: { extensions: { cost: object } }) => answer.extensions.cost;
    assert.deepEqual(cost(await ask(shop, add, { id, codes: as(["A"]) })), {
      requestedQueryCost: 10,
      actualQueryCost: 10,
      throttleStatus: { maximumAvailable: 2_000, currentlyAvailable: 1_990, restoreRate: 100 },
    });
    const job = [...shop.creations.keys()][0];
    // 250 codes, each with its redeem code, in a connection, in a job: asked for in full, and paid as far as there are any.
    const read = await ask(shop, operation("Failures"), { id: job });
    assert.equal(read.extensions.cost.requestedQueryCost, 502);
    assert.equal(read.extensions.cost.throttleStatus.currentlyAvailable, 1_990 - read.extensions.cost.actualQueryCost);
    assert.ok(read.extensions.cost.actualQueryCost <= 4);
    assert.ok(shop.throttle.take(1_980));
    const turned = await ask(shop, add, { id, codes: as(["B"]) });
    assert.equal(turned.errors[0].extensions.code, "THROTTLED");
    now += 100;
    assert.equal((await ask(shop, add, { id, codes: as(["B"]) })).errors, undefined);
  });
});

describe("The stand-in for Magento", () => {
  const send = async (shop: MagentoStandIn, path: string, body: object) => {
    const answer = await shop.answer({ method: "POST", path, headers: {}, body: JSON.stringify(body) });
    return { status: answer.status, body: JSON.parse(answer.body) };
  };

  it("answers as the real one does", async () => {
    const shop = new MagentoStandIn();
    stands.push(shop);
    const rule_id = shop.rule();
    const coupon = { rule_id, code: "ONE", type: 1 };
    assert.equal((await send(shop, "V1/coupons", { coupon })).status, 200);
    assert.deepEqual(await send(shop, "V1/coupons", { coupon: { ...coupon, code: "one" } }), {
      status: 400,
      body: { message: "%1 already exists.", parameters: ["Coupon with the same code"] },
    });
    const gone = await send(shop, "V1/coupons", { coupon: { ...coupon, rule_id: 9, code: "TWO" } });
    assert.deepEqual(gone.body, {
      message: "Error occurred when saving coupon: %1",
      parameters: ["No such entity with rule_id = 9"],
    });
    shop.failsAfter = 3;
    const couponSpec = { rule_id, quantity: 5, length: 1, format: "num" };
    assert.equal((await send(shop, "V1/coupons/generate", { couponSpec })).status, 400);
    assert.equal(shop.of(rule_id).length, 4, "what was saved before the error stays");
    shop.failsAfter = Number.POSITIVE_INFINITY;
    const { body: codes } = await send(shop, "V1/coupons/generate", { couponSpec });
    assert.equal(codes[0].length, 2, "a pattern that is too small gets longer without a word");
    shop.undeletable.add(codes[0]);
    const deleted = await send(shop, "V1/coupons/deleteByCodes", { codes: [codes[0], "one", "none"] });
    assert.deepEqual(deleted.body, { failed_items: [codes[0]], missing_items: ["none"] });
  });
});
