/** A private PgBouncer in transaction mode, in front of a Postgres: every statement may meet another connection. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort, need, type Server } from "./server.js";

export async function startPgBouncer(behind: string): Promise<Server> {
  const { hostname, port: serverPort, username, password, pathname } = new URL(behind);
  const program = need("pgbouncer");
  const home = mkdtempSync(join(tmpdir(), "coupon-pools-pgbouncer-"));
  const user: { uid?: number; gid?: number } = {};
  if (process.getuid?.() === 0) {
    // PgBouncer refuses to run as root, as Postgres does.
    for (const flag of ["u", "g"] as const) {
      user[`${flag}id`] = Number(execFileSync("id", [`-${flag}`, "postgres"], { encoding: "utf8" }));
    }
    chownSync(home, user.uid as number, user.gid as number);
  }
  const port = await freePort();
  const secret = password === "" ? "" : ` password=${decodeURIComponent(password)}`;
  writeFileSync(
    join(home, "pgbouncer.ini"),
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${serverPort || 5432} user=${decodeURIComponent(username)}${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
`,
  );
  const child = spawn(program, ["-q", join(home, "pgbouncer.ini")], { ...user, cwd: home, stdio: "ignore" });
  const remove = () => {
    child.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  };
  process.once("exit", remove);
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with ${child.exitCode}.`);
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  });
  const url = new URL(behind);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    url: url.href,
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
      process.off("exit", remove);
      remove();
    },
  };
}
