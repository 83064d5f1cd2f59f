/** The same core, compiled for this machine: a process that reads a file whenever it is its turn. */

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The program `benches/import.rs`, built if it is not there. */
export function buildNative() {
  const messages = execFileSync(
    "cargo",
    ["bench", "--quiet", "--bench", "import", "--no-run", "--message-format=json"],
    {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    },
  );
  const built = messages
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
    .find(({ reason, target }) => reason === "compiler-artifact" && target.kind.includes("bench"));
  return built.executable;
}

/** Starts the program on these bytes; `turn` answers the milliseconds of one more run. */
export function startNative(program, bytes, expected) {
  const path = `${root}target/bench-${process.pid}-${bytes.length}.csv`;
  mkdirSync(`${root}target`, { recursive: true });
  writeFileSync(path, bytes);
  const child = spawn(program, [], {
    env: { ...process.env, COUPON_POOLS_BENCH_FILE: path },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async turn() {
      child.stdin.write("\n");
      const { value } = await lines.next();
      const [microseconds, taken] = value.split(" ").map(Number);
      if (taken !== expected) throw new Error(`The native core took ${taken} codes, not ${expected}.`);
      return microseconds / 1000;
    },
    stop() {
      child.stdin.end();
      rmSync(path);
    },
  };
}
