/** Calls that are tried again where a network lies between a store and its database. */

/** How often a call is tried. */
const ATTEMPTS = 4;

/** Milliseconds before the second attempt; twice as many before each one after it. */
const FIRST_WAIT = 50;

/** Calls that are never tried again, because a repeat would find its own work done and answer otherwise. */
export const ONCE: ReadonlySet<string> = new Set(["save", "release", "saveAlerts", "saveJournal", "forget"]);

/** Tries a call again, after a wait that grows, while its error is one that passes. */
export async function insist<Answer>(
  call: () => Promise<Answer>,
  passes: (error: unknown) => boolean,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt === ATTEMPTS || !passes(error)) throw error;
      const wait = FIRST_WAIT * 2 ** (attempt - 1);
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    }
  }
}
