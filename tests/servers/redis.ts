/** Private Redis servers in temporary folders: one that loses nothing, or a cluster of three; or the one of TEST_REDIS_URL. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, need, type Server } from "./server.js";

export interface RedisServerOptions {
  /** Where the server's folder is made. Default: the system's folder for temporary files. */
  folder?: string;
  /** Settings, as in `redis.conf`. Default: everything that is acknowledged is on the disk. */
  settings?: Record<string, string>;
}

/** A server that was started here. */
export interface PrivateServer extends Required<Server> {
  readonly port: number;
}

const DURABLE = { appendonly: "yes", appendfsync: "always" };

export async function startRedis(options: RedisServerOptions = {}): Promise<Server> {
  const running = process.env.TEST_REDIS_URL;
  return running ? { url: running, stop: async () => {} } : startPrivateRedis(options);
}

/** A server of one's own, whatever else is running: for tests that end it, or change its settings. */
export async function startPrivateRedis({
  folder,
  settings = DURABLE,
}: RedisServerOptions = {}): Promise<PrivateServer> {
  const program = need("redis");
  const home = mkdtempSync(join(folder ?? tmpdir(), "coupon-pools-redis-"));
  const port = await clusterPort();
  const configured = { port: String(port), bind: "127.0.0.1", dir: home, save: "", ...settings };
  const args = Object.entries(configured).flatMap(([name, value]) => [`--${name}`, value]);
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    await eventually(async () => {
      if (started.exitCode !== null) throw new Error(`Redis ended with ${started.exitCode}.`);
      const answer = await command(port, "PING");
      if (!answer.startsWith("+PONG")) throw new Error(answer);
    });
    child = started;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, "exit");
    ending.kill(signal);
    await gone;
  }

  const remove = () => {
    child?.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.once("exit", remove);
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async stop() {
      await end("SIGKILL");
      process.off("exit", remove);
      remove();
    },
    kill: () => end("SIGKILL"),
    restart: start,
  };
}

/** Three nodes that share all slots. */
export async function startRedisCluster(): Promise<PrivateServer[]> {
  const settings = { "cluster-enabled": "yes", "cluster-node-timeout": "5000" };
  const nodes = await Promise.all([0, 1, 2].map(() => startPrivateRedis({ settings })));
  for (const [i, { port }] of nodes.entries()) {
    const [from, to] = [Math.ceil((16_384 * i) / 3), Math.ceil((16_384 * (i + 1)) / 3) - 1];
    await command(port, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    if (i > 0) await command(port, "CLUSTER", "MEET", "127.0.0.1", String(nodes[0]?.port));
  }
  await eventually(async () => {
    for (const { port } of nodes) {
      const [info, known] = [await command(port, "CLUSTER", "INFO"), await command(port, "CLUSTER", "NODES")];
      const isReady = info.includes("cluster_state:ok") && nodes.every((node) => known.includes(`:${node.port}@`));
      if (!isReady) throw new Error(`The cluster does not form: ${info}`);
    }
  });
  return nodes;
}

/** One command over a connection of its own; the answer as it came. */
export function command(port: number, ...words: string[]): Promise<string> {
  const end = "+OK\r\n";
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("error", reject);
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("close", () => {
      if (answer.startsWith("-")) reject(new Error(answer.trim()));
      else if (answer.endsWith(end)) resolve(answer.slice(0, -end.length));
      else reject(new Error(`The connection ended after ${JSON.stringify(answer)}.`));
    });
    const encode = (list: string[]) =>
      `*${list.length}\r\n${list.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
    socket.write(encode(words) + encode(["QUIT"]));
  });
}

/** A port whose neighbour 10,000 above, where a cluster's nodes talk, is one as well. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= 55_535) return port;
  }
}
