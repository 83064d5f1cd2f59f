/** ioredis: `Redis` or `Cluster`. */
import type { RedisEngine } from "./engine.js";

/** What is used of `Redis`. */
export interface IoRedisClient {
  readonly status: string;
  call(command: string, args: string[]): Promise<unknown>;
}

/** What is used of `Cluster`. */
export interface IoRedisCluster extends IoRedisClient {
  nodes(role: "master"): IoRedisClient[];
}

export type IoRedis = IoRedisClient | IoRedisCluster;

export function ioRedisEngine(client: IoRedis): RedisEngine {
  const call = (node: IoRedisClient, [name, ...args]: readonly string[]) => node.call(name as string, args);
  return {
    // ioredis finds the keys of a command by itself.
    send: (_, command) => call(client, command),
    sendToAll: (command) =>
      Promise.all(("nodes" in client ? client.nodes("master") : [client]).map((node) => call(node, command))),
  };
}
