/** A process that is killed in the middle of an upload: SIGKILL at random points, on SQLite. */

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type SqliteDatabase, sqlite } from "coupon-pools/stores/sqlite";
import { type Random, seeded } from "../../pkg/src/testing/random.js";
import { Bench, codes, failure, HOUR, textOf } from "./workbench.js";

const ROUNDS = 16;
/** Enough for some blocks in a row that can be killed between, within and after. */
const ROWS = 30_000;
const SEED = Number(process.env.CRASH_SEED ?? 20_260_122);

const CHILD = fileURLToPath(new URL("./upload-crash.child.mjs", import.meta.url));
const Database = createRequire(import.meta.url)("libsql") as new (path: string) => SqliteDatabase;
const folder = mkdtempSync(join(tmpdir(), "coupon-pools-crash-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** How a child ended, and what it said of its upload if that came to its end. */
interface Ended {
  signal: string | null;
  done: { added: number; calls: number; time: number } | undefined;
}

/** A child that uploads and is killed: at its nth call of SQLite, or so many milliseconds after its upload began. */
function killed(path: string, file: string, { call = 0, delay = -1 }): Promise<Ended> {
  const child = fork(CHILD, [path, file, String(call)], { execArgv: [] });
  return new Promise((resolve, reject) => {
    let done: Ended["done"];
    child.on("message", (said) => {
      if (said !== "ready") done = said as Ended["done"];
      else if (delay >= 0) setTimeout(() => child.kill("SIGKILL"), delay);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      code === null || code === 0 ? resolve({ signal, done }) : reject(new Error(`The child ended with ${code}.`)),
    );
  });
}

/** Rows of codes that lie in the file, whoever may draw them. */
function rowsOf(path: string): number {
  const database = new Database(path);
  const [row] = database.prepare("SELECT count(*) AS rows FROM coupon_codes").all() as { rows: number }[];
  database.close?.();
  return row?.rows ?? -1;
}

async function drawable(bench: Bench): Promise<string[]> {
  const rows = (await textOf(bench.pools.export("a", "remaining"))).trim().split("\r\n").slice(1);
  return rows.map((row) => row.split(",")[0] as string).sort();
}

/** A fresh file with a pool that has some codes, of which the upload brings some again. */
async function prepared(round: number) {
  const path = join(folder, `${round}.db`);
  const store = sqlite(path, { synchronous: "normal" });
  const bench = new Bench(() => store);
  // The child's clock is the machine's.
  bench.now = Date.now();
  const [old, held] = [codes("OLD", 50), codes("NEW", 20)];
  await bench.pool("a", [...old, ...held]);
  const fresh = codes("NEW", ROWS).slice(20);
  const file = join(folder, `${round}.csv`);
  writeFileSync(file, `code\n${[...held, ...fresh, fresh[7]].join("\n")}\n`);
  return { path, file, store, bench, before: [...old, ...held].sort(), all: [...old, ...held, ...fresh].sort() };
}

/** How many calls of SQLite an upload makes that nobody kills, and how many milliseconds it takes: points to kill it at. */
async function measured(): Promise<{ calls: number; time: number }> {
  const { path, file, store } = await prepared(0);
  const { signal, done } = await killed(path, file, {});
  assert.deepEqual([signal, done?.added], [null, ROWS - 20]);
  await store.close?.();
  return { calls: done?.calls ?? 0, time: done?.time ?? 0 };
}

async function round(number: number, random: Random, { calls, time }: { calls: number; time: number }) {
  const { path, file, store, bench, before, all } = await prepared(number);
  // Between any two calls of SQLite, or wherever the clock finds it.
  const at = number % 3 > 0 ? { call: 1 + random.below(calls) } : { delay: random.below(time) };
  const { done } = await killed(path, file, at);
  const left = await drawable(bench);
  const committed = left.length === all.length;
  const what = `round ${number} of seed ${SEED}, killed at ${JSON.stringify(at)}${committed ? ", committed" : ""}`;
  assert.deepEqual(left, committed ? all : before, `${what}: the batch is drawable whole or not at all`);
  assert.ok(done === undefined || committed, `${what}: what was reported is there`);
  if (number % 4 === 3 && !committed) {
    // Nobody starts it again: `maintain` clears it away once its lease has run out.
    bench.now += HOUR;
    await bench.pools.maintain();
    assert.equal(rowsOf(path), before.length, `${what}: nothing is left of it`);
    bench.now -= HOUR;
  }
  const [staged] = (await bench.pools.batches("a")).filter(({ state }) => state === "staged");
  if (staged !== undefined) {
    const refused = await failure(bench.pools.upload("a", createReadStream(file)), what);
    assert.deepEqual([refused.code, refused.details.batch], ["UPLOAD_IN_PROGRESS", staged.batch], what);
  }
  const again = await bench.pools.upload("a", createReadStream(file), { takeOver: true });
  const { rows, added, duplicatesInFile, duplicatesInPool } = again;
  assert.deepEqual(
    { rows, added, duplicatesInFile, duplicatesInPool },
    committed
      ? { rows: ROWS + 1, added: 0, duplicatesInFile: 1, duplicatesInPool: ROWS }
      : { rows: ROWS + 1, added: ROWS - 20, duplicatesInFile: 1, duplicatesInPool: 20 },
    `${what}: started again at once, it takes what was not committed`,
  );
  assert.deepEqual(await drawable(bench), all, `${what}: every code once`);
  await bench.pools.maintain();
  assert.equal(rowsOf(path), all.length, `${what}: nothing is left of the dead upload`);
  await bench.audit("a");
  await store.close?.();
  return staged !== undefined;
}

it(`an upload that is killed leaves nothing, and the same one, started again at once, takes everything (seed ${SEED})`, {
  timeout: 300_000,
}, async () => {
  const random = seeded(SEED);
  const points = await measured();
  let staged = 0;
  for (let number = 1; number <= ROUNDS; number++) staged += Number(await round(number, random, points));
  assert.ok(staged > ROUNDS / 3, `only ${staged} of ${ROUNDS} uploads were killed while they were staged`);
});
