/** Shopify: the GraphQL Admin API, versions 2025-10 and newer. */

import type { HttpShop, ShopFetch } from "./shop.js";

export type { HttpShop, ShopFetch, ShopResponse } from "./shop.js";

/**
 * A Shopify shop. `fetch` adds the base, `https://SHOP.myshopify.com/admin/api/VERSION/`, and the header
 * `X-Shopify-Access-Token`, whose token needs the scopes `read_discounts` and `write_discounts`.
 */
export function shopify(options: { fetch: ShopFetch; codesPerCall?: number }): HttpShop {
  return { kind: "shopify", fetch: options.fetch, codesPerCall: options.codesPerCall ?? null };
}
