/** Timing: contestants take turns, so that what slows the machine down for a while slows all of them. */

/** Runs of each contestant that count. */
const RUNS = 7;

/**
 * Times contestants against each other: warm-up rounds (one unless told), then rounds in which each runs once, every other one in
 * reverse order. A contestant is `{ name, run }`; `run` answers what it came to, which must be the same for all that
 * have a `run`. One that is timed elsewhere has `timed` instead, which answers milliseconds. `ready` comes before each
 * run, off the clock, and its answer is what `run` takes.
 */
export async function rounds(contestants, { runs = RUNS, warmUps = 1 } = {}) {
  const times = contestants.map(() => []);
  const answers = new Set();
  for (let round = -warmUps; round < runs; round++) {
    const turns = [...contestants.keys()];
    if (round % 2 !== 0) turns.reverse();
    for (const turn of turns) {
      const { run, timed, ready } = contestants[turn];
      const given = await ready?.();
      globalThis.gc?.();
      const start = performance.now();
      const answer = await (run ?? timed)(given);
      const time = run === undefined ? answer : performance.now() - start;
      if (round >= 0) times[turn].push(time);
      if (run !== undefined) answers.add(answer);
    }
  }
  if (answers.size > 1) throw new Error(`Contestants came to different answers: ${[...answers].join(", ")}.`);
  return contestants.map(({ name, work }, index) => ({ name, work, times: times[index] }));
}
