/** The texts of Shopify's schema, from the fixtures. */

import { readFileSync } from "node:fs";

export const VERSIONS = ["2025-10", "2026-01", "2026-04", "2026-07", "2026-10"] as const;

/** By version. */
export function shopifySchemas(): Record<string, string> {
  const file = (version: string) => new URL(`../fixtures/shopify/admin-${version}.graphql`, import.meta.url);
  return Object.fromEntries(VERSIONS.map((version) => [version, readFileSync(file(version), "utf8")]));
}
