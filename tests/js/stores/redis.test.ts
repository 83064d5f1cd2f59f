import { after, before, describe, it } from "node:test";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { redis } from "../../../pkg/src/stores/redis.js";
import { runStoreContract } from "../../../pkg/src/testing/index.js";
import { startRedis } from "../../servers/redis.js";
import type { Server } from "../../servers/server.js";

let server: Server;
before(async () => {
  server = await startRedis();
});
after(() => server.stop());

/** A client whose nth command from now throws. */
function breakable() {
  const client = createClient({ url: server.url });
  let left: number | null = null;
  const engine = {
    sendCommand(args: string[]): Promise<unknown> {
      if (left !== null) {
        left -= 1;
        if (left === 0) return Promise.reject(new Error("The network is down, on purpose."));
      }
      return client.sendCommand(args);
    },
  };
  return { client, engine, failAt: (call: number | null) => (left = call) };
}

runStoreContract({
  name: "redis, node-redis",
  test: { describe, it },
  open: async () => {
    const { client, engine, failAt } = breakable();
    const clients = [await client.connect()];
    return {
      store: await redis(engine),
      connect: async () => {
        const other = await createClient({ url: server.url }).connect();
        clients.push(other);
        return redis(other);
      },
      failAt,
      close: async () => {
        for (const client of clients) await client.close();
      },
    };
  },
});

runStoreContract({
  name: "redis, ioredis",
  test: { describe, it },
  open: async () => {
    const clients = [new Redis(server.url)] as [Redis];
    return {
      store: await redis(clients[0]),
      connect: async () => {
        const client = new Redis(server.url);
        clients.push(client);
        return redis(client);
      },
      close: async () => {
        for (const client of clients) await client.quit();
      },
    };
  },
});
