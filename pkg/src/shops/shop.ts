/**
 * The shop contract: what a host hands over so that dynamic pools can be filled.
 *
 * The module speaks a shop's protocol; the host carries the bytes and adds base URL and credentials, so no secret
 * enters the module or a page. Shopify and Magento are sent codes of the module's own, which can be sent again without
 * harm; any other shop is one callback.
 */

/** Takes one request to the shop, as `fetch` would: `path` is relative to the base of the shop's API. */
export type ShopFetch = (
  path: string,
  init: { method: "GET" | "POST"; headers: Record<string, string>; body?: string; signal: AbortSignal },
) => Promise<ShopResponse>;

/** What is used of a `Response`. */
export interface ShopResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** What a shop's callback is asked for. */
export interface ShopOrder {
  /** The same in every repeat of this order. A shop that keeps it and answers the same codes again is exact. */
  id: string;
  /** The rule, as in the pool's settings. */
  rule: string;
  /** How many codes. */
  count: number;
  /** How they should look, as in the pool's settings. */
  pattern: unknown;
  /** Codes of that pattern that the shop may take over. A shop that does, and takes a repeat for done, is exact. */
  suggested: string[];
}

/** A shop that speaks HTTP. Made by `shopify()` and `magento()`. */
export interface HttpShop {
  readonly kind: "shopify" | "magento";
  readonly fetch: ShopFetch;
  /** Most codes in one call; `null` for the protocol's own. */
  readonly codesPerCall: number | null;
}

/** A shop that is one callback. Made by `custom()`. */
export interface CustomShop {
  readonly kind: "custom";
  /** Answers at most `count` codes; throws if it is not known whether any were made. */
  readonly generate: (order: ShopOrder, options: { signal: AbortSignal }) => Promise<readonly string[]>;
  /** Whether a repeated order makes no second codes. */
  readonly exact: boolean;
  readonly codesPerCall: number | null;
}

export type Shop = HttpShop | CustomShop;
