/** Figures: what a case hands over once it is measured, and how it runs on its own. */

import { table } from "./table.mjs";

/**
 * A figure is `{ title, work: { amount, unit }, contestants: [{ name, times, work?, peak? }], goals? }`: `times` are
 * milliseconds a run, `work` is what one run gets done, `peak` is bytes of memory. A goal is `{ ours, as?, peer, least }`, a share of the peer's speed;
 * `{ ours, as?, peer, most }`, a share of its time; `{ ours, peer, lighter }`, less memory; `{ ours, under }`, at most so many bytes of it; `{ ours, rate }`, units a second; or `{ ours, as?, peer }`, a ratio
 * that is shown and not judged. `as` says which of ours is meant, where several are.
 */
export function report(...figures) {
  if (process.send === undefined) console.log(table(figures));
  else process.send(figures);
}
