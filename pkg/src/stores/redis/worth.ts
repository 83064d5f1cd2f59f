/** What a Redis is worth, and whether it will do: asked of the server itself, once, when the store is made. */
import type { StoreTraits } from "../../store.js";
import { messageOf, plainScript, type RedisEngine, runScript } from "./engine.js";

type Durability = StoreTraits["durability"];

const ORDER: readonly Durability[] = ["none", "process-crash", "power-loss"];

/** What acknowledged writes survive on every server: the least of them; `null` if a server does not say. */
export async function durabilityOf(engine: RedisEngine): Promise<Durability | null> {
  const answers = await Promise.all(
    ["appendonly", "appendfsync", "no-appendfsync-on-rewrite"].map((name) => settings(engine, name)),
  );
  const [appendOnly, sync, noSyncOnRewrite] = answers;
  if (!appendOnly || !sync || !noSyncOnRewrite) return null;
  const each = appendOnly.map((on, server): Durability => {
    if (on !== "yes") return "none";
    // Redis writes its log before it answers. Under `everysec` it holds the write back, answers, and keeps what it holds
    // in its own memory for up to two seconds, while the last flush is still under way.
    if (sync[server] === "no") return "process-crash";
    if (sync[server] !== "always") return "none";
    return noSyncOnRewrite[server] === "yes" ? "process-crash" : "power-loss";
  });
  return ORDER.find((durability) => each.includes(durability)) ?? null;
}

/** Refuses servers that throw keys away when memory runs out: codes would vanish, and drawn ones come back. */
export async function refuseEviction(engine: RedisEngine): Promise<void> {
  const [policies, limits] = await Promise.all([settings(engine, "maxmemory-policy"), settings(engine, "maxmemory")]);
  policies?.forEach((policy, server) => {
    if (!policy.startsWith("allkeys") || limits?.[server] === "0") return;
    throw new Error(
      `Redis is set to maxmemory-policy ${policy}, under which it drops keys when its memory is full: codes would be lost. ` +
        "Use noeviction, or a volatile policy (coupon-pools sets no time to live).",
    );
  });
}

/** Runs each command that scripts use, and leaves nothing behind. */
const PROBE = plainScript(`
local hash, set = KEYS[1], KEYS[2]
redis.call('HSET', hash, 'a', '1', 'b', '1')
redis.call('HINCRBY', hash, 'a', 1)
redis.call('HGET', hash, 'a')
redis.call('HMGET', hash, 'a', 'b')
redis.call('HGETALL', hash)
redis.call('EXISTS', hash)
redis.call('ZADD', set, 1, 'a')
redis.call('ZSCORE', set, 'a')
redis.call('ZRANGE', set, 0, 0)
redis.call('ZRANGEBYSCORE', set, '-inf', '+inf', 'LIMIT', 0, 1)
redis.call('ZRANGEBYLEX', set, '-', '+', 'LIMIT', 0, 1)
redis.call('HDEL', hash, 'a', 'b')
redis.call('ZREM', set, 'a')
return redis.sha1hex('')
`);

/** Refuses a user who may not run some command: a script would stop in its middle, and Redis takes nothing back. */
export async function refuseMissingCommands(engine: RedisEngine, prefix: string): Promise<void> {
  try {
    await runScript(engine, PROBE, [`${prefix}:{probe}:hash`, `${prefix}:{probe}:set`], []);
  } catch (error) {
    if (!/NOPERM|ACL failure|can't run this command|unknown.*command/i.test(messageOf(error))) throw error;
    throw new Error(
      "This user of Redis may not run a command that coupon-pools needs. Allow EVALSHA, EVAL, EXISTS, HDEL, HGET, HGETALL, " +
        "HINCRBY, HMGET, HSET, ZADD, ZRANGE, ZRANGEBYLEX, ZRANGEBYSCORE, ZREM and ZSCORE.",
      { cause: error },
    );
  }
}

/** One setting of every server; `null` where CONFIG is not allowed. */
async function settings(engine: RedisEngine, name: string): Promise<string[] | null> {
  let answers: unknown[];
  try {
    answers = await engine.sendToAll(["CONFIG", "GET", name]);
  } catch (error) {
    // Managed services forbid or rename CONFIG; any other failure is the caller's to see.
    if (/^(NOPERM|ERR unknown command|ERR command .* not (allowed|supported))/i.test(messageOf(error))) return null;
    throw error;
  }
  const values = answers.map((answer) => {
    if (Array.isArray(answer)) return answer[1] as unknown;
    if (answer instanceof Map) return answer.get(name) as unknown;
    return (answer as Record<string, unknown> | null)?.[name];
  });
  return values.every((value) => typeof value === "string") ? (values as string[]) : null;
}
