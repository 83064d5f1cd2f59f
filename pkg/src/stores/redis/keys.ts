/**
 * The keys. All of a pool's carry one hash tag, so a pool lies in one slot of a cluster and a script may work on all of
 * it at once. Nothing but the directory of a tenant's handles lies outside of pools.
 */

/**
 * What a pool's keys hold, in the order in which every script gets them. Layout 1:
 *
 * - `pool`: hash; the document, counters, alert state.
 * - `batches`: hash; a record by sequence number, and the number by `#` and the batch's id.
 * - `lots`: hash; a record by number, and the number by `x`, the batch and the expiry, while it is staged.
 * - `open`: sorted set; lots with free codes, by expiry.
 * - `returned`, `voids`: sorted sets; given-back positions, and void positions that claims have yet to pass.
 * - `codes`: hash; 32 codes a field, by lot and position.
 * - `states`: hash; for the positions that claims have passed, 32 a field: the draw's number, `0` free, `-` void.
 * - `places`: hash; where each equality key lies, by fingerprint, in buckets that grow one by one.
 * - `uses`: hash; by the use's key: its place in `rows`, and how often its draw had been answered.
 * - `rows`: hash; 16 uses a field, in the order in which they were recorded: draw, code, contact, message, slot.
 * - `draws`: hash; draws that several uses share (`d`), the draw of each holder (`h`), marks of redemption (`r`).
 * - `postings`: hash; the uses of each contact (`c`), message (`m`) and shared draw (`d`).
 * - `sums`: hash; added, undone, assigned, void by expiry. `usage`: hash; draws by hour or day. `journal`: hash.
 * - `chores`: sorted set; batches of which `sweep` has something to clear away.
 */
export const POOL_KEYS = [
  "pool",
  "batches",
  "lots",
  "open",
  "returned",
  "voids",
  "codes",
  "states",
  "places",
  "uses",
  "rows",
  "draws",
  "postings",
  "sums",
  "usage",
  "journal",
  "chores",
] as const;

/** Every key of a pool. Tenants and handles are encoded, so that none can end the tag or look like another. */
export function poolKeys(prefix: string, tenant: string, pool: string): string[] {
  const tag = `${prefix}:{${encodeURIComponent(tenant)}:${encodeURIComponent(pool)}}:`;
  return POOL_KEYS.map((name) => tag + name);
}

/** The sorted set of a tenant's handles. A handle may stand in it whose pool was never saved. */
export const directoryKey = (prefix: string, tenant: string): string =>
  `${prefix}:{${encodeURIComponent(tenant)}}:pools`;
