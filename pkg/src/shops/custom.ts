/** Any other shop: one callback. */

import type { CustomShop } from "./shop.js";

export type { CustomShop, ShopOrder } from "./shop.js";

/**
 * A shop that generates codes by a callback. `exact` (default `false`) promises that a repeated order, known by its `id`
 * or by its suggested codes, makes no second codes; without it a lost answer can leave codes over at the shop.
 */
export function custom(options: {
  generate: CustomShop["generate"];
  exact?: boolean;
  /** Most codes in one order. Default 1,000. */
  codesPerCall?: number;
}): CustomShop {
  const { generate, exact = false, codesPerCall = null } = options;
  return { kind: "custom", generate, exact, codesPerCall };
}
