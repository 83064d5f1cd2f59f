/** Draws that are recorded, so that a twin can repeat what they asked of it, without the package. */

import { usesOf } from "./uses.mjs";

/**
 * `calls` draws of `call` codes each out of "spring". `uses` makes fresh ones, `draw` draws for them and keeps what `take`
 * gives: what was recorded meanwhile; `next` gives that back, once for each run. The twin is always one run behind, so
 * that either may come first in a round.
 */
export async function recordedDraws(pools, take, calls, call) {
  let run = 0;
  const uses = () => {
    run += 1;
    return Array.from({ length: calls }, (_, index) => usesOf(`mail-${run}-${index}`, call));
  };
  const recorded = [];
  const draw = async (lists) => {
    let drawn = 0;
    for (const uses of lists) drawn += (await pools.drawMany("spring", uses)).filter(({ repeat }) => !repeat).length;
    recorded.push(take());
    return drawn;
  };
  await draw(uses());
  return { uses, draw, next: () => recorded.shift() };
}
