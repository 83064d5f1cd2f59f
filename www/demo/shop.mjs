// A shop for the demo: the strict stand-in for Shopify that the tests use, on a port of this machine.

import { register } from "tsx/esm/api";

/** Starts the shop; answers what the demo does with it. */
export async function startShop() {
  const unregister = register();
  const load = (file) => import(new URL(`../../tests/shops/${file}`, import.meta.url));
  const [{ Line }, { shopifySchemas }, { serve }, { ShopifyStandIn }] = await Promise.all(
    ["line.ts", "schemas.ts", "server.ts", "shopify.ts"].map(load),
  );
  await unregister();
  const shop = new ShopifyStandIn({ schemas: shopifySchemas(), restoreRate: 1_000 });
  shop.jobMs = 300;
  shop.token = "shpat_demo";
  const line = new Line(shop);
  const { url, close } = await serve(line);
  const rule = shop.discount({ title: "10% for you", endsAt: "2030-12-31T23:59:59Z" });
  return {
    url,
    rule,
    close,
    /** What a host writes: the address and the credentials, which the package never sees. */
    fetch: (path, init) =>
      fetch(url + path, { ...init, headers: { ...init.headers, "X-Shopify-Access-Token": shop.token } }),
    codes: () => shop.of(rule),
    off: () => line.die(),
    on: () => {
      line.down = false;
    },
    /** What the shop had to complain of. */
    complaints: () => shop.complaints,
  };
}
