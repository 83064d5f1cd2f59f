/** What every server under test is: a private one on a free port of the loopback, or one that runs already. */
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

export interface Server {
  /** Where clients connect. */
  readonly url: string;
  /** Ends the server and removes what it kept. A server that ran before goes on. */
  stop(): Promise<void>;
  /** Ends the server as a crash would (SIGKILL). Absent for a server that ran before. */
  kill?(): Promise<void>;
  /** Starts it again after `kill`, on the same port and what it kept. */
  restart?(): Promise<void>;
}

/** Runs `scripts/need-….sh`, which installs what is missing; answers what it prints. */
export function need(name: string): string {
  const script = fileURLToPath(new URL(`../../scripts/need-${name}.sh`, import.meta.url));
  return execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

/** A port of the loopback that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("No port.")),
      );
    });
  });
}

/** Tries until it works, for some seconds. */
export async function eventually<Answer>(work: () => Promise<Answer> | Answer, seconds = 30): Promise<Answer> {
  for (const start = Date.now(); ; ) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() - start > seconds * 1000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
