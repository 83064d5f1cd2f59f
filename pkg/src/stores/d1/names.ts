/** How statements name what they are about, since they cannot be told an id that an earlier one found. */
import { NEVER } from "../instants.js";

/** The id of the pool whose tenant is ?1 and handle ?2. */
export const POOL_ID = "(SELECT id FROM coupon_pools WHERE tenant = ?1 AND handle = ?2)";

/** Later than any batch's id. */
export const LAST = Number.MAX_SAFE_INTEGER;

/** Whether codes that expire at `expiresAt`, a column or `NEVER`, are valid after `instant`, given the pool's own expiry. */
export const isValidAfter = (expiresAt: string, poolExpiry: string, instant: string): string =>
  `CASE ${expiresAt} WHEN ${NEVER} THEN ${poolExpiry} ELSE ${expiresAt} END > ${instant}`;
