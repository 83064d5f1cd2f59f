/** The few rules about time and order that every store must apply in the same way. */

export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/**
 * What stores write for "the pool's own expiry applies", where an index cannot hold nothing: later than any `Date`
 * (8.64e15), so that such codes sort last, and exact as a double.
 */
export const NEVER = 9_000_000_000_000_000;

export const toColumn = (expiresAt: number | null): number => expiresAt ?? NEVER;
export const fromColumn = (expiresAt: number): number | null => (expiresAt === NEVER ? null : expiresAt);

/** Whether a code is valid after `instant`; an expiry is exclusive. `own` wins over the pool's. */
export function isValid(own: number | null, poolExpiry: number | null, instant: number): boolean {
  const expiresAt = own ?? poolExpiry;
  return expiresAt === null || instant < expiresAt;
}

/** The UTC hour that draws at `instant` are counted under. */
export const hourOf = (instant: number): number => Math.floor(instant / HOUR) * HOUR;

export const dayOf = (instant: number): number => Math.floor(instant / DAY) * DAY;
