/** What a pool's figures mean: whether somebody should look at it. */

import type { PastAlert, PoolRow } from "../options.js";

/** Why somebody should look at a pool; several may hold at once. `unfilled`: it never had a code. */
export type PoolState = "low" | "empty" | "unfilled" | "expiring" | "failing" | "archived";

/** As alerts of expiring stock do it; see `EXPIRING_SOON` in src/limits.rs. */
const SOON = 7 * 86_400_000;
/** How long the last failure of a top-up is shown where nothing says that it was overcome. */
const FAILING_FOR = 86_400_000;

/** The states of a pool, the gravest first. `alerts` are its own, newest first, where they are known. */
export function statesOf(row: PoolRow, now: number, alerts: readonly PastAlert[] = []): PoolState[] {
  const states: PoolState[] = [];
  if (row.archived) return ["archived"];
  if (row.kind === "fixed") return states;
  if (row.kind === "dynamic") {
    if (alerts.some((alert) => isShopAlert(alert) && alert.at > now - FAILING_FOR)) states.push("failing");
  } else if (row.added === 0) states.push("unfilled");
  else if (row.remaining === 0) states.push("empty");
  else if (isLow(row)) states.push("low");
  if (row.nextExpiry !== null && row.nextExpiry <= now + SOON) states.push("expiring");
  return states;
}

const isShopAlert = ({ type }: PastAlert) => type === "top-up-failing" || type === "rule-unusable";

/** Low is what the pool's own thresholds call so. */
function isLow({ remaining, percentRemaining, lowStock }: PoolRow): boolean {
  return lowStock.some((rung) =>
    typeof rung === "number" ? (remaining ?? 0) <= rung : (percentRemaining ?? 100) <= Number.parseFloat(rung),
  );
}

/** States that ask for somebody. */
export const needsAttention = (states: readonly PoolState[]): boolean => states.some((state) => state !== "archived");
