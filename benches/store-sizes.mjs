/**
 * What a code and a draw weigh: in the memory store, of this process's heap and buffers; in SQLite, of the file's pages. Run by
 * `node --expose-gc benches/store-sizes.mjs`; not a part of `make bench`, for it compares with nobody.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { sqlite } from "coupon-pools/stores/sqlite";
import { oneColumn } from "./files.mjs";
import { usesOf } from "./uses.mjs";

const CODES = 500_000;
const DRAWS = 200_000;
const CALL = 1_000;

const folder = mkdtempSync(join(tmpdir(), "coupon-pools-bench-"));
try {
  const kept = memory();
  await weigh("memory", {
    open: () => kept,
    size: () => {
      globalThis.gc?.();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    },
  });
  const file = join(folder, "pools.db");
  const database = new (createRequire(import.meta.url)("libsql"))(file);
  const pragma = (name) => Object.values(database.prepare(`PRAGMA ${name}`).all()[0])[0];
  const size = () => pragma("page_count") * pragma("page_size");
  await weigh("sqlite", { open: () => sqlite(file), close: (store) => store.close(), size });
  database.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function weigh(name, { open, close = () => {}, size }) {
  const sizes = [];
  const steps = [
    (pools) => pools.create({ handle: "weighed", kind: "static" }),
    (pools) => pools.upload("weighed", oneColumn(CODES)),
    async (pools) => {
      for (let call = 0; call < DRAWS / CALL; call += 1) await pools.drawMany("weighed", usesOf(`mail-${call}`, CALL));
    },
  ];
  for (const step of steps) {
    const store = open();
    await step(new CouponPools({ store }));
    await close(store);
    sizes.push(size());
  }
  const [empty, full, drawn] = sizes;
  const [code, draw] = [(full - empty) / CODES, (drawn - full) / DRAWS].map(Math.round);
  console.log(`${name}: ${code} bytes a code, ${draw} more once it is drawn`);
}
