/**
 * Which uploads of this origin are alive. A tab that is closed or crashes cannot say goodbye, but the browser gives back
 * the Web Locks that it held: every staged batch has one, and a batch whose lock nobody holds is nobody's any more.
 */

export interface Presence {
  /** Holds a batch's lock until it is let go or this tab is no more; without effect if another tab holds it. */
  hold(batch: string): Promise<void>;
  letGo(batch: string): void;
  /** Whether nobody holds it: never so where the browser has no Web Locks (a page without HTTPS). */
  isGone(batch: string): Promise<boolean>;
}

export function presenceIn(locks: LockManager | undefined = globalThis.navigator?.locks): Presence {
  const held = new Map<string, () => void>();
  const nameOf = (batch: string): string => `coupon-pools batch ${batch}`;
  return {
    hold(batch) {
      if (locks === undefined || held.has(batch)) return Promise.resolve();
      return new Promise((resolve) => {
        const granted = (lock: Lock | null): Promise<void> | undefined => {
          resolve();
          return lock === null ? undefined : new Promise((letGo) => held.set(batch, letGo));
        };
        // Without a lock the lease alone says for how long this upload is waited for.
        locks.request(nameOf(batch), { ifAvailable: true }, granted).catch(() => resolve());
      });
    },
    letGo(batch) {
      held.get(batch)?.();
      held.delete(batch);
    },
    async isGone(batch) {
      if (locks === undefined) return false;
      try {
        return await locks.request(nameOf(batch), { ifAvailable: true }, (lock) => lock !== null);
      } catch {
        return false;
      }
    },
  };
}
