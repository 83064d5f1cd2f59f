/** What the store asks of a Redis client, and how scripts run on it: by hash, and loaded again where they are unknown. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { FINDER } from "./lua/finder.js";
import { GROUND } from "./lua/ground.js";
import { STOCK } from "./lua/stock.js";
import { USES_AND_DRAWS } from "./lua/uses.js";

/** A Redis client, whichever library it is of. */
export interface RedisEngine {
  /** Sends a command to the server that has `key`. */
  send(key: string, command: readonly string[]): Promise<unknown>;
  /** Sends a command to every server that keeps keys of its own; one answer each. */
  sendToAll(command: readonly string[]): Promise<unknown[]>;
}

/** A Lua script. */
export interface Script {
  readonly source: string;
  /** SHA-1 of the source, as `EVALSHA` wants it. */
  readonly hash: string;
}

/** Pieces of Lua that scripts of a pool are made of, in the order in which they build on each other. */
const PIECES = { stock: STOCK, finder: FINDER, uses: USES_AND_DRAWS };

/** A script that works on one pool. */
export const poolScript = (source: string, ...pieces: (keyof typeof PIECES)[]): Script =>
  plainScript([GROUND, ...pieces.map((piece) => PIECES[piece]), source].join("\n"));

/** A script as it is written. */
export const plainScript = (source: string): Script => ({
  source,
  hash: createHash("sha1").update(source).digest("hex"),
});

/**
 * Refusals of a server that has not run the script and may soon: a slot on its way to another node, a restart. ioredis
 * tries some of them again by itself, and wraps the last one when it gives up.
 */
const NOT_YET = /^(Too many Cluster redirections.*Error: )?(TRYAGAIN|LOADING|BUSY|CLUSTERDOWN|MASTERDOWN)\b/;
/** How often a refused script is sent again, and how long after the first refusal, in milliseconds; then ever longer. */
const REFUSALS = 12;
const REFUSAL_PAUSE = 10;

/** Runs a script, in one round trip once the server knows it. */
export async function runScript(
  engine: RedisEngine,
  script: Script,
  keys: readonly string[],
  values: readonly string[],
): Promise<unknown> {
  const key = keys[0] as string;
  const rest = [String(keys.length), ...keys, ...values];
  for (let refusals = 0; ; refusals += 1) {
    try {
      return await engine.send(key, ["EVALSHA", script.hash, ...rest]);
    } catch (error) {
      const message = messageOf(error);
      if (message.startsWith("NOSCRIPT")) return engine.send(key, ["EVAL", script.source, ...rest]);
      if (!NOT_YET.test(message) || refusals >= REFUSALS) throw error;
      await sleep(REFUSAL_PAUSE * 2 ** Math.min(refusals, 6));
    }
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
