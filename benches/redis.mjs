/**
 * Draws from Redis, `appendfsync always`, beside the same scripts alone: the peer knows every command before it starts,
 * and sends it through the same client library to a server that is a twin. The other one is what a script by hand would
 * be that only knows its uses: no look-up by contact or message, no releases, no expiries, no counts.
 */

import { CouponPools } from "coupon-pools";
import { redis } from "coupon-pools/stores/redis";
import { createClient } from "redis";
import { tsImport } from "tsx/esm/api";
import { report } from "./figures.mjs";
import { oneColumn } from "./files.mjs";
import { rounds } from "./rounds.mjs";
import { withFolder } from "./scratch.mjs";
import { recordedDraws } from "./twin.mjs";

const CALLS = 20;
const CALL = 1000;
const CODES = 400_000;
const BY_HAND = `
local codes = redis.call('HMGET', KEYS[1], unpack(ARGV))
local missing = {}
for i = 1, #ARGV do
  if not codes[i] then
    missing[#missing + 1] = i
  end
end
if #missing > 0 then
  local fresh = redis.call('LPOP', KEYS[2], #missing) or {}
  local written = {}
  for n, code in ipairs(fresh) do
    codes[missing[n]] = code
    written[2 * n - 1], written[2 * n] = ARGV[missing[n]], code
  end
  redis.call('HSET', KEYS[1], unpack(written))
end
return codes
`;

const { startPrivateRedis } = await tsImport("../tests/servers/redis.ts", import.meta.url);

await withFolder(async (folder) => {
  const servers = [await startPrivateRedis({ folder }), await startPrivateRedis({ folder })];
  const [client, twin] = await Promise.all(servers.map(({ url }) => createClient({ url }).connect()));
  try {
    report({
      title: "drawMany of 1,000, Redis (node-redis), appendfsync=always, pool of 400,000",
      work: { amount: CALLS * CALL, unit: "codes" },
      contestants: await measured(client, twin),
      goals: [
        { ours: "coupon-pools", peer: "the same scripts, bare", least: 0.8 },
        { ours: "coupon-pools", peer: "a script by hand, uses and codes only" },
      ],
    });
  } finally {
    await Promise.all([client.close(), twin.close()]);
    await Promise.all(servers.map((server) => server.stop()));
  }
});

async function measured(client, twin) {
  let commands = [];
  const recording = {
    sendCommand: async (command) => {
      commands.push(command);
      return client.sendCommand(command);
    },
  };
  const replay = async (recorded) => {
    for (const command of recorded) {
      await twin.sendCommand(command).catch((error) => {
        // The first of its kind: ours was told so, too, and sent the source after it.
        if (!error.message.startsWith("NOSCRIPT")) throw error;
      });
    }
  };
  const take = () => {
    const taken = commands;
    commands = [];
    return taken;
  };

  const pools = new CouponPools({ store: await redis(recording) });
  await pools.create({ handle: "spring", kind: "static" });
  await pools.upload("spring", oneColumn(CODES));
  await replay(take());
  await twin.rPush("by-hand:{codes}", ["none"]);
  await twin.lPop("by-hand:{codes}");
  for (let at = 0; at < CODES; at += 10_000) {
    await twin.rPush(
      "by-hand:{codes}",
      Array.from({ length: 10_000 }, (_, i) => `SPRING-${at + i}`),
    );
  }
  const byHand = await twin.scriptLoad(BY_HAND);

  const { uses, draw, next } = await recordedDraws(pools, take, CALLS, CALL);

  return rounds([
    { name: "coupon-pools", ready: uses, run: draw },
    {
      name: "the same scripts, bare",
      run: async () => {
        await replay(next());
        return CALLS * CALL;
      },
    },
    {
      name: "a script by hand, uses and codes only",
      ready: () => uses().map((list) => list.map(({ message, contact }) => `${message} ${contact}`.padEnd(43))),
      run: async (calls) => {
        let drawn = 0;
        for (const keys of calls) {
          const codes = await twin.evalSha(byHand, {
            keys: ["by-hand:{codes}:uses", "by-hand:{codes}"],
            arguments: keys,
          });
          drawn += codes.filter((code) => code !== null).length;
        }
        return drawn;
      },
    },
  ]);
}
