/** What a pool takes up in Redis: bytes of memory and of log, for codes of ten characters and contacts of 25. */

import { CouponPools } from "coupon-pools";
import { redis } from "coupon-pools/stores/redis";
import { createClient } from "redis";
import { tsImport } from "tsx/esm/api";
import { withFolder } from "./scratch.mjs";

const CODES = 400_000;
const DRAWS = 100_000;
const CALL = 1000;

const { command, startPrivateRedis } = await tsImport("../tests/servers/redis.ts", import.meta.url);

await withFolder(async (folder) => {
  const settings = { appendonly: "yes", appendfsync: "no", "auto-aof-rewrite-percentage": "0" };
  const server = await startPrivateRedis({ folder, settings });
  const client = await createClient({ url: server.url }).connect();
  const pools = new CouponPools({ store: await redis(client) });
  await pools.create({ handle: "spring", kind: "static" });
  let before = await sizes(server.port);

  async function step(title, count, work) {
    await work();
    const now = await sizes(server.port);
    const each = (what) => ((now[what] - before[what]) / count).toFixed(0).padStart(5);
    console.log(`${title.padEnd(48)} memory ${each("memory")}  log ${each("log")}`);
    before = now;
  }
  const draws = (campaign, size, useOf) => async () => {
    for (let at = 0; at < DRAWS / size; at += 1) {
      await pools.drawMany(
        "spring",
        Array.from({ length: size }, (_, i) => useOf(at * size + i, campaign)),
      );
    }
  };
  const contact = (i) => `${String(i).padStart(13, "0")}@example.com`;
  const broadcast = (i, campaign) => ({ message: `campaign-${campaign}`, contact: contact(i) });
  const automation = (i, campaign) => ({
    message: `run-${campaign}-${String(i).padStart(9, "0")}`,
    contact: contact(i),
  });

  console.log("Bytes each, in one run:");
  await step("a code, uploaded", CODES, () => pools.upload("spring", codes()));
  await step("a draw of a broadcast, 1,000 a call", DRAWS, draws(1, CALL, broadcast));
  await step("a draw of the next broadcast, same contacts", DRAWS, draws(2, CALL, broadcast));
  await step("a draw of an automation, a message each", DRAWS, draws(3, CALL, automation));
  await step(
    "a draw of a broadcast, 1 a call",
    DRAWS,
    draws(4, 1, (i) => broadcast(i + 1e9, 4)),
  );
  await client.close();
  await server.stop();
});

async function sizes(port) {
  const number = (text, name) => Number(new RegExp(`${name}:(\\d+)`).exec(text)[1]);
  return {
    memory: number(await command(port, "INFO", "memory"), "used_memory"),
    log: number(await command(port, "INFO", "persistence"), "aof_current_size"),
  };
}

/** Codes in no order that compresses: ten characters, as generators write them. */
function codes() {
  const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  let state = 1n;
  const lines = ["code"];
  for (let i = 0; i < CODES; i += 1) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    let code = "";
    for (let at = 0n; at < 10n; at += 1n) code += alphabet[Number((state >> (14n + at * 5n)) & 31n)];
    lines.push(code);
  }
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}
