/** Figures: what a case hands over once it is measured, and how it runs on its own. */

import { table } from "./table.mjs";

/**
 * A figure is `{ title, contestants: [{ name, times, work? }], goals?: [{ ours, as?, peer, least } | { ours, as?,
 * peer, most } | { ours, rate }], work: { amount, unit } }`: `times` are milliseconds a run, `work` is what one run gets
 * done. Goals are shares of the peer's speed (`least`), of its time (`most`), or a speed alone (`rate`, units a second);
 * `as` says which of ours is meant, where several are.
 */
export function report(...figures) {
  if (process.send === undefined) console.log(table(figures));
  else process.send(figures);
}

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
