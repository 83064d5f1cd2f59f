import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type SqliteDatabase, type SqliteStatement, sqlite } from "../../../pkg/src/stores/sqlite.js";
import { runStoreContract } from "../../../pkg/src/testing/index.js";
import { Stand, series } from "../../../pkg/src/testing/stand.js";

const Database = createRequire(import.meta.url)("libsql") as new (path: string) => SqliteDatabase;

let folder = "";
let files = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "coupon-pools-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const newFile = () => {
  files += 1;
  return join(folder, `${files}.db`);
};

/** A database whose nth call from now throws. */
function breakable(database: SqliteDatabase) {
  let left: number | null = null;
  const count = () => {
    if (left === null) return;
    left -= 1;
    if (left === 0) throw new Error("disk I/O error, on purpose");
  };
  const wrapped: SqliteDatabase = {
    exec(sql) {
      if (sql !== "ROLLBACK") count();
      return database.exec(sql);
    },
    prepare(sql): SqliteStatement {
      const statement = database.prepare(sql);
      return {
        all(...values) {
          count();
          return statement.all(...values);
        },
        run(...values) {
          count();
          return statement.run(...values);
        },
      };
    },
  };
  return { database: wrapped, failAt: (call: number | null) => (left = call) };
}

runStoreContract({
  name: "sqlite",
  test: { describe, it },
  open: async () => {
    const file = newFile();
    const database = new Database(file);
    const { database: wrapped, failAt } = breakable(database);
    return {
      store: sqlite(wrapped, { synchronous: "normal" }),
      connect: async () => sqlite(file, { synchronous: "normal" }),
      failAt,
      close: async () => void database.close?.(),
    };
  },
});

describe("sqlite", () => {
  it("says what it is worth", async () => {
    const store = sqlite(newFile());
    assert.equal(store.traits.durability, "power-loss");
    await store.close?.();
    const normal = sqlite(newFile(), { synchronous: "normal" });
    assert.equal(normal.traits.durability, "process-crash");
    await normal.close?.();
    const memory = sqlite(":memory:");
    assert.equal(memory.traits.durability, "none");
    await memory.close?.();
  });

  it("leaves a database that was passed in open, and its error untouched", async () => {
    const database = new Database(newFile());
    const store = sqlite(database);
    await store.close?.();
    database.exec("DROP TABLE coupon_pools");
    await assert.rejects(store.load({ tenant: "default", pools: ["a"] }), /no such table: coupon_pools/);
    database.close?.();
  });

  it("refuses a layout it does not know", () => {
    const file = newFile();
    const database = new Database(file);
    sqlite(database);
    database.exec("UPDATE coupon_schema SET version = 99");
    assert.throws(() => sqlite(database), /layout 99/);
    database.close?.();
  });

  it("keeps everything when it is opened again", async () => {
    const file = newFile();
    const store = sqlite(file);
    const stand = await new Stand(store, "default").create();
    await stand.upload("b1", series("c", 3));
    await stand.draw("u1");
    await store.close?.();
    const again = sqlite(file);
    assert.equal(await stand.through(again).draw("u1"), "c0");
    assert.equal(await stand.through(again).draw("u2"), "c1");
    await again.close?.();
  });

  it("nobody shares a code: four processes on one file lose none and share none", { timeout: 120_000 }, async () => {
    const file = newFile();
    const script = fileURLToPath(new URL("./sqlite.worker.ts", import.meta.url));
    // All four create the tables at once; the first to be ready creates the pool.
    const workers = [0, 1, 2, 3].map((id) => fork(script, [file, String(id)], { execArgv: ["--import", "tsx"] }));
    const said = workers.map(
      (worker) =>
        new Promise<{ drawn: [string, string, number][]; empty: number }>((resolve, reject) => {
          worker.on("message", resolve);
          worker.on("error", reject);
          worker.on("exit", (code) => code !== 0 && reject(new Error(`A worker ended with ${code}.`)));
        }),
    );
    const results = await Promise.all(said);
    const store = sqlite(file);
    const stand = new Stand(store, "default");
    const figures = await stand.audit();
    const holderByCode = new Map<string, string>();
    for (const { drawn } of results) {
      for (const [use, code] of drawn) {
        assert.equal(holderByCode.get(code) ?? use, use, `${code} went to two uses.`);
        holderByCode.set(code, use);
      }
    }
    assert.equal(holderByCode.size, figures.assigned);
    assert.deepEqual([figures.added, figures.assigned, figures.remaining], [3700, 3700, 0]);
    assert.ok(
      results.some(({ empty }) => empty > 0),
      "The pool was drawn empty.",
    );
    await store.close?.();
  });
});
