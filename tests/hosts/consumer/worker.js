/** A Cloudflare Worker: `CouponPools` is made for each request, over a store that outlives them. */

import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { makeDraw } from "./draw.js";

const store = memory();

/** A database that answers at once: what is left is the engine's own time. */
const instantly = (document) => ({
  traits: { name: "instant", durability: "none", failover: "may-lose", limits: { claimItems: 100, blockCodes: 100 } },
  load: async () => [document],
  claim: async ({ items }) => ({
    status: "claimed",
    outcomes: items.map(() => ({
      code: "SPRING-1",
      number: 1,
      expiresAt: null,
      repeat: false,
      fresh: true,
      answers: 1,
    })),
    remaining: 99,
    added: 100,
    alerts: null,
  }),
});

const routes = {
  "/ping": async () => "pong",
  "/make-draw": async () => makeDraw(new CouponPools({ store })),
  "/fill": async (url) => {
    const pools = new CouponPools({ store });
    const handle = url.searchParams.get("pool");
    await pools.create({ handle, kind: "static" });
    const codes = Array.from({ length: Number(url.searchParams.get("count")) }, (_, index) => `${handle}-${index}`);
    return (await pools.upload(handle, codes.join("\n"), { header: false })).added;
  },
  "/draw": async (url) => {
    const pools = new CouponPools({ store });
    const { pool, contact } = Object.fromEntries(url.searchParams);
    return (await pools.draw(pool, { message: "newsletter-17", contact })).code;
  },
  "/first-draw": async (_url, env) => {
    const pools = new CouponPools({ store: instantly(env.DOCUMENT) });
    return (await pools.draw("spring-sale", { message: "newsletter-17", contact: "anna@example.com" })).code;
  },
};

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    return Response.json(await routes[url.pathname](url, env));
  },
};
