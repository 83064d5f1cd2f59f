/** Magento 2 and Adobe Commerce: the REST API. */

import type { HttpShop, ShopFetch } from "./shop.js";

export type { HttpShop, ShopFetch, ShopResponse } from "./shop.js";

/**
 * A Magento shop. `fetch` adds the base, `https://SHOP/rest/all/`, and signs requests (OAuth 1.0a; an integration's token
 * as `Bearer` only where the shop allows it). The integration needs the resource `Magento_SalesRule::quote`.
 */
export function magento(options: { fetch: ShopFetch }): HttpShop {
  return { kind: "magento", fetch: options.fetch, codesPerCall: null };
}
