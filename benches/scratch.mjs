/** A folder for databases, on the disk that the repository is on: `/tmp` may be memory, where flushes cost nothing. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const target = fileURLToPath(new URL("../target/", import.meta.url));

export async function withFolder(work) {
  mkdirSync(target, { recursive: true });
  const folder = mkdtempSync(`${target}bench-`);
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
