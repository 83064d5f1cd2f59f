/** node-redis (`redis` 5 and later): a client, a pool of clients, a cluster or a sentinel. */
import type { RedisEngine } from "./engine.js";

/** What is used of `createClient` and `createClientPool`. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>;
}

/** What is used of `createCluster`. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: a node is opaque here, and the library's type has a dozen parameters
  masters: any[];
  // biome-ignore lint/suspicious/noExplicitAny: as above
  nodeClient(node: any): unknown;
}

/** What is used of `createSentinel`. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean | undefined, args: string[]): Promise<unknown>;
  getMasterNode(): unknown;
}

export type NodeRedis = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

export function nodeRedisEngine(client: NodeRedis): RedisEngine {
  if ("nodeClient" in client) {
    return {
      send: (key, command) => client.sendCommand(key, false, command as string[]),
      sendToAll: (command) =>
        Promise.all(
          client.masters.map(async (master) => {
            const node = (await client.nodeClient(master)) as NodeRedisClient;
            return node.sendCommand(command as string[]);
          }),
        ),
    };
  }
  const send =
    "getMasterNode" in client
      ? (command: string[]) => client.sendCommand(false, command)
      : (command: string[]) => client.sendCommand(command);
  return {
    send: (_, command) => send(command as string[]),
    sendToAll: async (command) => [await send(command as string[])],
  };
}
