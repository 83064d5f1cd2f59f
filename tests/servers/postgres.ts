/** A private Postgres with `fsync` on, in a temporary folder; or the one that TEST_POSTGRES_URL names. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, need, type Server } from "./server.js";

export interface PostgresServerOptions {
  /** Where the server's folder is made. Default: the system's folder for temporary files. */
  folder?: string;
  /** Settings, as in `postgresql.conf`. */
  settings?: Record<string, string | number>;
}

/** Postgres refuses to run as root; this is the user that Debian's package made for it. */
function owner(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export async function startPostgres({ folder, settings = {} }: PostgresServerOptions = {}): Promise<Server> {
  const running = process.env.TEST_POSTGRES_URL;
  if (running) return { url: running, stop: async () => {} };

  const bin = need("postgres");
  const user = owner();
  const home = mkdtempSync(join(folder ?? tmpdir(), "coupon-pools-postgres-"));
  if (user.uid !== undefined) chownSync(home, user.uid, user.gid as number);
  const data = join(home, "data");
  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(join(bin, "initdb"), initdb, { ...user, cwd: home, stdio: "ignore" });

  const port = await freePort();
  const configured = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: home,
    max_connections: 200,
    fsync: "on",
    ...settings,
  };
  const args = ["-D", data, ...Object.entries(configured).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  let child: ChildProcess | undefined;
  let log = "";

  async function start(): Promise<void> {
    const started = spawn(join(bin, "postgres"), args, { ...user, cwd: home, stdio: ["ignore", "ignore", "pipe"] });
    started.stderr.setEncoding("utf8").on("data", (text) => {
      log = (log + text).slice(-10_000);
    });
    await eventually(() => {
      if (started.exitCode !== null) throw new Error(`Postgres ended with ${started.exitCode}:\n${log}`);
      execFileSync(join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    });
    child = started;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return;
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
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await end("SIGINT");
      process.off("exit", remove);
      remove();
    },
    kill: () => end("SIGKILL"),
    // The old server's children let go of its memory a moment after it; until then a new one refuses to start.
    restart: () => eventually(start),
  };
}
