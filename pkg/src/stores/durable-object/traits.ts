import type { StoreTraits } from "../../store.js";

/**
 * Cloudflare confirms a write only once it is on several machines, and holds an object's answers back until then.
 * The limits keep one message below the 32 MiB that RPC takes, at the longest texts that codes and keys can have.
 */
export const traits: StoreTraits = {
  name: "durable-object",
  durability: "power-loss",
  failover: "kept",
  limits: { claimItems: 2_000, blockCodes: 5_000 },
};
