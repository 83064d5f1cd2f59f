/** What the contract cannot see: set-up, sessions, the disk, and the server's death. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CouponPools, type CouponPoolsError } from "coupon-pools";
import { createClient } from "coupon-pools/client";
import { createHandler } from "coupon-pools/server";
import { postgres as packaged } from "coupon-pools/stores/postgres";
import pg from "pg";
import { postgres, postgresMigrations } from "../../../pkg/src/stores/postgres.js";
import { itemOf, Stand, series } from "../../../pkg/src/testing/stand.js";
import { startPostgres } from "../../servers/postgres.js";
import type { Server } from "../../servers/server.js";

let server: Server;
let admin: pg.Pool;
before(async () => {
  // Without this the server flushes on its own, five times a second.
  server = await startPostgres({ settings: { wal_writer_delay: "10s" } });
  admin = new pg.Pool({ connectionString: server.url });
  admin.on("error", () => {});
});
after(async () => {
  await admin.end();
  await server.stop();
});

let schemas = 0;
const newSchema = () => {
  schemas += 1;
  return `test ${process.pid} ${schemas}`;
};

describe("postgres: set-up", () => {
  it("says so when it is used before it is set up", async () => {
    const store = postgres(admin, { schema: newSchema() });
    await assert.rejects(store.load({ tenant: "t", pools: ["a"] }), /call migrate\(\) once/);
    await assert.rejects(new Stand(store, "t").ask([]), (error: Error) => {
      assert.match((error.cause as Error).message, /schema .* does not exist/);
      return true;
    });
  });

  it("finds nothing to do where the printed statements were run, and where it was before", async () => {
    const schema = newSchema();
    for (const { sql } of postgresMigrations({ schema })) await admin.query(`BEGIN; ${sql} COMMIT`);
    const tables = () => admin.query("SELECT oid, relname FROM pg_class ORDER BY oid").then(({ rows }) => rows);
    const before = await tables();
    const store = postgres(admin, { schema });
    await store.migrate();
    await store.migrate();
    assert.deepEqual(await tables(), before);
    const stand = await new Stand(store, "t").create();
    await stand.upload("b1", ["A"]);
    assert.equal(await stand.draw("u1"), "A");
  });

  it("needs no right but to use what is there, once it is there", async () => {
    const schema = newSchema();
    await postgres(admin, { schema }).migrate();
    const role = `visitor_${process.pid}`;
    await admin.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA "${schema}" TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO ${role}`);
    const url = new URL(server.url);
    url.username = role;
    const pool = new pg.Pool({ connectionString: url.href });
    const store = postgres(pool, { schema });
    await store.migrate();
    const stand = await new Stand(store, "t").create();
    await stand.upload("b1", ["A"]);
    assert.equal(await stand.draw("u1"), "A");
    await stand.sweep();
    await pool.end();
    await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it("refuses a layout it does not know", async () => {
    const schema = newSchema();
    const store = postgres(admin, { schema });
    await store.migrate();
    await admin.query(`UPDATE "${schema}".layout SET version = 99`);
    await assert.rejects(store.migrate(), /layout 99; this release reads layout 1/);
  });

  it("refuses a database of another encoding than UTF8", async () => {
    const name = `latin_${process.pid}`;
    await admin.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    const pool = new pg.Pool({ connectionString: url.href });
    await assert.rejects(postgres(pool).migrate(), /encoding is UTF8; this one is LATIN1/);
    await pool.end();
    await admin.query(`DROP DATABASE ${name}`);
  });

  it("says what the server is worth", async (t) => {
    const schema = newSchema();
    const store = postgres(admin, { schema });
    await store.migrate();
    assert.deepEqual([store.traits.durability, store.traits.failover], ["power-loss", "may-lose"]);
    const told = postgres(admin, { schema, failover: "kept" });
    await told.migrate();
    assert.equal(told.traits.failover, "kept");
    if (!server.kill) {
      t.diagnostic("TEST_POSTGRES_URL: the settings of a server that runs already are left alone");
      return;
    }
    await admin.query("ALTER SYSTEM SET full_page_writes = off");
    await admin.query("SELECT pg_reload_conf()");
    for (let waits = 0; store.traits.durability === "power-loss" && waits < 50; waits += 1) {
      await sleep(50);
      await store.migrate();
    }
    assert.equal(store.traits.durability, "process-crash");
    await admin.query("ALTER SYSTEM RESET full_page_writes");
    await admin.query("SELECT pg_reload_conf()");
  });
});

describe("postgres: sessions", () => {
  it("leaves nothing behind in a session", async () => {
    const schema = newSchema();
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const store = postgres(client, { schema });
    const session = async () => {
      const all = await client.query("SELECT name, setting FROM pg_settings WHERE source = 'session'");
      const prepared = await client.query("SELECT name FROM pg_prepared_statements");
      const locks = await client.query(
        "SELECT locktype FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'",
      );
      return [all.rows, prepared.rows, locks.rows];
    };
    const before = await session();
    await store.migrate();
    const stand = await new Stand(store, "t").create();
    await stand.upload("b1", series("c", 5));
    const { number } = await stand.drawn("u1");
    await stand.release("u1", number);
    await stand.undo("b1");
    await stand.sweep();
    await stand.audit();
    assert.deepEqual(await session(), before);
    await client.end();
  });

  it("is refused on a connection with a transaction open, and has drawn nothing", async () => {
    const schema = newSchema();
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const store = postgres(client, { schema });
    await store.migrate();
    const stand = await new Stand(store, "t").create();
    await stand.upload("b1", ["A"]);
    await client.query("BEGIN");
    await assert.rejects(stand.draw("u1"), /invalid transaction termination/);
    await client.query("ROLLBACK");
    assert.equal((await stand.audit()).assigned, 0);
    await client.end();
  });

  it("hands the database's own error on, untouched", async () => {
    const schema = newSchema();
    const store = postgres(admin, { schema });
    await store.migrate();
    await admin.query(`DROP TABLE "${schema}".documents`);
    await assert.rejects(store.load({ tenant: "t", pools: ["a"] }), (error: Error & { code?: string }) => {
      assert.ok(error instanceof pg.DatabaseError);
      assert.equal(error.code, "42P01");
      return true;
    });
  });

  it("keeps contacts and messages with U+0000, which Postgres' texts cannot hold", async () => {
    const store = postgres(admin, { schema: newSchema() });
    await store.migrate();
    const stand = await new Stand(store, "t").create();
    await stand.upload("b1", ["A", "B"]);
    const text = "a\0\uFFFE0\uFFFE\uFFFEb";
    await stand.claim([itemOf("u1", { contact: text, message: text, slot: text }), itemOf("u2", { contact: "a" })]);
    const [row, ...more] = await stand.find({ contact: text });
    assert.deepEqual([row?.contact, row?.message, row?.slot, more.length], [text, text, text, 0]);
    assert.equal((await stand.find({ message: text })).length, 1);
    assert.deepEqual(await store.forget({ ...stand.name, contact: text }), { forgotten: 1 });
  });
});

describe("postgres: the disk", () => {
  for (const commits of ["on", "off"]) {
    it(`answers draws and releases when they are flushed (synchronous_commit = ${commits})`, async (t) => {
      const options = `-c synchronous_commit=${commits}`;
      const pool = new pg.Pool({ connectionString: server.url, options });
      const store = postgres(pool, { schema: newSchema() });
      await store.migrate();
      const stand = await new Stand(store, "t").create();
      const unflushed = async () => {
        const { rows } = await admin.query("SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn() AS bytes");
        return Number(rows[0].bytes);
      };
      await stand.upload("b1", series("c", 9));
      const found = [await unflushed()];
      const { number } = await stand.drawn("u1");
      found.push(await unflushed());
      await stand.release("u1", number);
      found.push(await unflushed());
      await stand.undo("b1");
      found.push(await unflushed());
      // Other work of a server that runs already may be unflushed at any moment.
      if (server.kill) assert.deepEqual(found, [0, 0, 0, 0]);
      else t.diagnostic(`TEST_POSTGRES_URL: not judged, unflushed bytes: ${found}`);
      await pool.end();
    });
  }
});

describe("postgres: many processes", () => {
  it("nobody shares a code and none is lost: three processes, and a server that is killed under them", {
    timeout: 240_000,
  }, async (t) => {
    const schema = newSchema();
    await postgres(admin, { schema }).migrate();
    const script = fileURLToPath(new URL("./postgres.worker.ts", import.meta.url));
    const told = new Map<string, { code: string; number: number }>();
    const owners = new Map<string, string>();
    const workers = [0, 1, 2].map((id) =>
      fork(script, [server.url, schema, String(id)], { execArgv: ["--import", "tsx"] }),
    );
    const problems: string[] = [];
    const ends = workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          worker.on("message", (drawn: [use: string, code: string, number: number][]) => {
            for (const [use, code, number] of drawn) {
              const before = told.get(use);
              if (before && (before.code !== code || before.number !== number))
                problems.push(`${use}: ${before.code}, ${code}`);
              if ((owners.get(code) ?? use) !== use) problems.push(`${code}: ${owners.get(code)}, ${use}`);
              told.set(use, { code, number });
              owners.set(code, use);
            }
          });
          worker.on("error", reject);
          worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`A worker ended with ${code}.`))));
        }),
    );
    let kills = 0;
    if (server.kill && server.restart) {
      for (const more of [400, 900]) {
        while (told.size < more) await sleep(20);
        await server.kill();
        await server.restart();
        kills += 1;
      }
    }
    await Promise.all(ends);
    assert.deepEqual(problems, []);
    const stand = new Stand(postgres(admin, { schema }), "t");
    const figures = await stand.audit();
    assert.deepEqual([figures.added, figures.remaining], [3_000, 3_000 - figures.assigned]);
    for (const [use, { code, number }] of told) {
      const again = await stand.drawn(use);
      assert.deepEqual([again.code, again.number, again.repeat], [code, number, true], use);
    }
    assert.equal(told.size, figures.assigned, "Every draw was told to somebody in the end.");
    t.diagnostic(`${told.size} draws, ${kills} kills of the server`);
  });
});

describe("postgres: what no store wrote", () => {
  it("is a caller's mistake behind a server, and no failure of the database", async () => {
    // The package's own, whose errors are of the handler's classes.
    const store = packaged(admin, { schema: newSchema() });
    await store.migrate();
    const pools = new CouponPools({ store });
    await pools.create({ handle: "a", kind: "static" });
    await pools.upload("a", "code\nA-1\nA-2\n");
    await pools.draw("a", { message: "m", contact: "c" });
    const handler = createHandler({ pools: () => pools, authorize: () => "default", rate: false, onError: () => {} });
    const host = createClient({ url: "https://a.example", fetch: (url, init) => handler(new Request(url, init)) });
    const of = (cursor: string) => ({ cursor });
    const wrong: Record<string, () => Promise<unknown>> = {
      "undo of U+0000": () => host.undo("a", "\0"),
      "find of a code of U+0000": () => host.find("a", { code: "\0" }),
      "find of a contact of U+0000": () => host.find("a", { contact: "c\0" }),
      "find of a message of U+0000": () => host.find("a", { message: "\0m" }),
      "list from U+0000": () => host.list(of('["\\u0000"]')),
    };
    for (const part of ["1.5", "1e999", "1e30", '"\\u0000"', "null", "true"]) {
      wrong[`list from ${part}`] = () => host.list(of(`[${part}]`));
      wrong[`batches from ${part}`] = () => host.batches("a", of(`[${part}]`));
      wrong[`find from ${part}`] = () => host.find("a", { message: "m" }, of(`[${part}]`));
    }
    for (const [name, call] of Object.entries(wrong)) {
      await assert.rejects(call, (error: CouponPoolsError) => {
        assert.equal(error.code, "INVALID_ARGUMENT", `${name}: ${error}`);
        return true;
      });
    }
    // Past both ends, but places that a store could have written.
    for (const far of [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]) {
      assert.ok((await host.batches("a", of(`[${far}]`))).length <= 1);
      assert.ok((await host.find("a", { message: "m" }, of(`[${far}]`))).length <= 1);
    }
  });
});
