/**
 * Pools in Postgres, beside its client alone. "Plain" is the statement that people write when nobody asks who holds a
 * code: an UPDATE that skips locked rows. It knows no uses, counts nothing, and a retry of it draws anew.
 */

import { CouponPools } from "coupon-pools";
import { postgres } from "coupon-pools/stores/postgres";
import pg from "pg";
import { report } from "./figures.mjs";
import { oneColumn } from "./files.mjs";
import { withPostgres } from "./postgres-server.mjs";
import { rounds } from "./rounds.mjs";
import { usesOf } from "./uses.mjs";

const CONNECTIONS = 4;
const CALLS = 16;
const CALL = 1000;
const CODES = 200_000;
const CALLERS = 64;
const LARGE = 5_000_000;
const SMALL = 10_000;

const PLAIN = `UPDATE plain_codes SET taken = true WHERE id IN (
  SELECT id FROM plain_codes WHERE pool = 1 AND NOT taken ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING code`;

await withPostgres(async (url) => {
  const client = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  // When the server goes at the end of a run that failed, the failure is what should be seen.
  client.on("error", () => {});
  const store = postgres(client);
  await store.migrate();
  const pools = new CouponPools({ store });
  let run = 0;
  const next = (calls, size = CALL) => {
    run += 1;
    return Array.from({ length: calls }, (_, call) => usesOf(`mail-${run}-${call}`, size));
  };

  await claims();
  await single();
  await sizes();
  await uploads();
  await client.end();

  /** Work shared out among as many callers as there are connections. */
  async function each(list, work) {
    let done = 0;
    const left = [...list];
    const caller = async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) {
        const more = await work(item);
        done += more;
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, caller));
    return done;
  }

  async function claims() {
    await pools.create({ handle: "claims", kind: "static" });
    await pools.upload("claims", oneColumn(CODES));
    await client.query(`CREATE TABLE plain_codes (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pool integer, code text, taken boolean NOT NULL DEFAULT false)`);
    await client.query("CREATE UNIQUE INDEX ON plain_codes (pool, code)");
    await client.query("CREATE INDEX ON plain_codes (pool, id) WHERE NOT taken");
    await client.query(
      "INSERT INTO plain_codes (pool, code) SELECT 1, 'CODE-' || i FROM generate_series(1, $1::int) AS i",
      [CODES],
    );
    await client.query("VACUUM ANALYZE");
    const contestants = [
      {
        name: "coupon-pools",
        ready: () => next(CALLS),
        run: (calls) =>
          each(calls, async (uses) => (await pools.drawMany("claims", uses)).filter(({ repeat }) => !repeat).length),
      },
      {
        name: "plain UPDATE … SKIP LOCKED",
        ready: () => next(CALLS),
        run: (calls) => each(calls, async (uses) => (await client.query(PLAIN, [uses.length])).rows.length),
      },
    ];
    report({
      title: `drawMany of 1,000 at ${CONNECTIONS} connections, Postgres (pg), fsync on`,
      work: { amount: CALLS * CALL, unit: "codes" },
      contestants: await rounds(contestants),
      goals: [{ ours: "coupon-pools", peer: "plain UPDATE … SKIP LOCKED", least: 0.8 }],
    });
  }

  async function single() {
    await pools.create({ handle: "single", kind: "static" });
    await pools.upload("single", oneColumn(20_000));
    const draw = async (use) => ((await pools.draw("single", use)).repeat ? 0 : 1);
    const ready = () => next(1, CALLERS)[0];
    const contestants = [
      { name: "coupon-pools, all at once", ready, run: async (uses) => (await Promise.all(uses.map(draw))).length },
      {
        name: "one after the other",
        ready,
        run: async (uses) => {
          let drawn = 0;
          for (const use of uses) drawn += await draw(use);
          return drawn;
        },
      },
    ];
    report({
      title: `draw by ${CALLERS} callers of one process, Postgres`,
      work: { amount: CALLERS, unit: "draws" },
      contestants: await rounds(contestants, { runs: 15, warmUps: 3 }),
      goals: [{ ours: "coupon-pools, all at once", peer: "one after the other", least: 5 }],
    });
  }

  async function sizes() {
    await pools.create({ handle: "large", kind: "static" });
    await fill("large", LARGE);
    await pools.create({ handle: "small", kind: "static" });
    await fill("small", SMALL);
    await pools.create({ handle: "drawn", kind: "static" });
    await fill("drawn", CODES);
    while ((await pools.get("drawn")).assigned < 0.9 * CODES)
      await each(next(20), (uses) => pools.drawMany("drawn", uses));
    const contestants = ["small", "large", "drawn"].map((handle) => ({
      name: { small: "pool of 10,000", large: "pool of 5,000,000", drawn: "pool of 200,000, 90 % drawn" }[handle],
      ready: () => next(8, 100),
      run: async (calls) => {
        for (const uses of calls) await pools.drawMany(handle, uses);
      },
    }));
    report({
      title: "drawMany of 100, Postgres",
      work: { amount: 800, unit: "codes" },
      contestants: await rounds(contestants, { runs: 9 }),
      goals: [
        { ours: "pool of 5,000,000", peer: "pool of 10,000", least: 0.83 },
        { ours: "pool of 200,000, 90 % drawn", peer: "pool of 10,000", least: 0.83 },
      ],
    });
  }

  /** Codes of one upload, put in by the server itself. */
  async function fill(handle, codes) {
    const name = { tenant: "default", pool: handle };
    const { version } = (await store.load({ tenant: "default", pools: [handle] }))[0];
    const block = {
      keys: ["first"],
      codes: ["first"],
      fingerprints: new Uint8Array(8),
      runs: [{ expiresAt: null, count: 1 }],
    };
    await store.beginBatch({ ...name, batch: "b", version, now: 0, lease: 1e12 });
    await store.addBlock({ ...name, batch: "b", number: 0, block, now: 0, lease: 1e12 });
    const { rows } = await client.query("SELECT max(id) AS id FROM coupon_pools.lots");
    const insert = `INSERT INTO coupon_pools.codes (lot, position, pool, key)
      SELECT l.id, i, l.pool, 'CODE-' || i FROM coupon_pools.lots AS l, generate_series(1, $2::int - 1) AS i WHERE l.id = $1`;
    await client.query(insert, [rows[0].id, codes]);
    await client.query("UPDATE coupon_pools.lots SET added = $2, next = $2 WHERE id = $1", [rows[0].id, codes]);
    await store.commitBatch({ ...name, batch: "b", note: null, now: Date.now() });
  }

  async function uploads() {
    await client.query("CREATE TABLE bare (LIKE coupon_pools.codes)");
    await client.query("ALTER TABLE bare ADD PRIMARY KEY (lot, position)");
    await client.query("CREATE UNIQUE INDEX ON bare (pool, key)");
    const file = oneColumn(100_000);
    const lines = new TextDecoder().decode(file).trim().split("\n").slice(1);
    let lot = 0;
    const contestants = [
      {
        name: "coupon-pools",
        ready: async () => {
          run += 1;
          await pools.create({ handle: `upload-${run}`, kind: "static" });
          return `upload-${run}`;
        },
        run: async (handle) => (await pools.upload(handle, file)).added,
      },
      {
        name: "multi-row INSERT of a list",
        run: async () => {
          lot += 1;
          for (let start = 0; start < lines.length; start += 10_000) {
            const block = lines.slice(start, start + 10_000);
            const insert =
              "INSERT INTO bare (lot, position, pool, key) SELECT $1, $2::int + n, $1, key FROM unnest($3::text[]) WITH ORDINALITY AS i (key, n)";
            await client.query(insert, [lot, start, block]);
          }
          return lines.length;
        },
      },
    ];
    report({
      title: "upload of 100,000 codes, Postgres",
      work: { amount: lines.length, unit: "codes" },
      contestants: await rounds(contestants, { runs: 5 }),
      goals: [{ ours: "coupon-pools", peer: "multi-row INSERT of a list", least: 0.8 }],
    });
  }
});
