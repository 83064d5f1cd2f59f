/**
 * Ways to claim codes in Postgres, side by side: what `docs/decisions/postgres-claims.md` was decided by. Not a part of
 * `make bench`; takes some twenty minutes: `node benches/postgres-designs.mjs`.
 *
 * All three keep the promise that a retry is the same draw, and have the same table of uses with the same indexes. The
 * two that skip locked rows count nothing (no stock, no numbers, no usage), which is an advantage to them.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgres } from "coupon-pools/stores/postgres";
import pg from "pg";
import { withPostgres } from "./postgres-server.mjs";

const BIN = execFileSync(new URL("../scripts/need-postgres.sh", import.meta.url).pathname, { encoding: "utf8" }).trim();
const SECONDS = Number(process.env.SECONDS ?? 3);
const ROUNDS = 2;
const LARGE = Number(process.env.LARGE ?? 5_000_000);
const DRAWN = LARGE / 5;
const SMALL = 10_000;

const USES = (name) => `CREATE TABLE ${name}_uses (
    id bigserial, pool integer, code_id bigint NOT NULL, use text COLLATE "C", contact text COLLATE "C",
    message text COLLATE "C", slot text, at bigint);
  CREATE UNIQUE INDEX ON ${name}_uses (pool, use);
  CREATE INDEX ON ${name}_uses (pool, id);
  CREATE INDEX ON ${name}_uses (pool, contact, id);
  CREATE INDEX ON ${name}_uses (pool, message, id);
  CREATE UNIQUE INDEX ON ${name}_uses (code_id);`;

/** Plans are forced to the indexes, as ours are. */
const SET =
  "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off SET jit = off";

const NEW_USES = (
  name,
) => `SELECT array_agg(i.use ORDER BY i.n) INTO fresh FROM unnest(uses) WITH ORDINALITY AS i (use, n)
  WHERE NOT EXISTS (SELECT 1 FROM ${name}_uses AS u WHERE u.pool = p AND u.use = i.use);
  IF fresh IS NULL THEN RETURN 0; END IF;`;

const RECORD = (name, taken) => `INSERT INTO ${name}_uses (pool, code_id, use, contact, message, slot, at)
  SELECT p, t.id, fresh[t.n], 'contact-' || t.id || '@example.com', 'mail-1', '', 0
  FROM (SELECT id, row_number() OVER () AS n FROM ${taken}) AS t`;

const DESIGNS = {
  "rows by position, one cursor a lot": {
    set: () => "",
    async fill(client, pool, codes) {
      const store = postgres(client);
      const document = { format: 1, handle: `pool-${pool}`, version: 1, revision: 1, archived: false };
      await store.save({ tenant: "t", document, expected: null, untouched: false });
      await store.beginBatch({ tenant: "t", pool: document.handle, batch: "b", version: 1, now: 0, lease: 1e12 });
      await store.addBlock({
        tenant: "t",
        pool: document.handle,
        batch: "b",
        number: 0,
        now: 0,
        lease: 1e12,
        block: {
          keys: ["first"],
          codes: ["first"],
          fingerprints: new Uint8Array(8),
          runs: [{ expiresAt: null, count: 1 }],
        },
      });
      const { rows } = await client.query("SELECT max(id) AS id FROM coupon_pools.lots");
      await client.query(
        "INSERT INTO coupon_pools.codes (lot, position, pool, key) SELECT $1, i, (SELECT pool FROM coupon_pools.lots WHERE id = $1), 'CODE-' || i FROM generate_series(1, $2::int - 1) AS i",
        [rows[0].id, codes],
      );
      await client.query("UPDATE coupon_pools.lots SET added = $2, next = $2 WHERE id = $1", [rows[0].id, codes]);
      await store.commitBatch({ tenant: "t", pool: document.handle, batch: "b", note: null, now: 0 });
    },
    call: (pool, uses) =>
      `CALL coupon_pools.claim_flushed('t', 'pool-${pool}', 1, 0, 'per-message', NULL, 0, ${uses}, NULL, ${uses}, ARRAY['mail-1'], ARRAY[''], '{}', NULL)`,
  },
  "skip locked, rows updated": {
    set: (
      name,
    ) => `CREATE TABLE ${name}_codes (id bigserial PRIMARY KEY, pool integer NOT NULL, key text COLLATE "C" NOT NULL, taken boolean NOT NULL DEFAULT false);
      CREATE UNIQUE INDEX ON ${name}_codes (pool, key);
      CREATE INDEX ON ${name}_codes (pool, id) WHERE NOT taken;
      ${USES(name)}
      CREATE FUNCTION ${name}(p integer, uses text[]) RETURNS integer LANGUAGE plpgsql ${SET} AS $$
      DECLARE fresh text[];
      BEGIN
        ${NEW_USES(name)}
        WITH taken AS (
          UPDATE ${name}_codes AS c SET taken = true FROM (
            SELECT id FROM ${name}_codes WHERE pool = p AND NOT taken ORDER BY id LIMIT cardinality(fresh) FOR UPDATE SKIP LOCKED
          ) AS f WHERE c.id = f.id RETURNING c.id
        ) ${RECORD(name, "taken")};
        RETURN cardinality(fresh);
      END $$`,
    fill: (client, pool, codes, name) =>
      client.query(
        `INSERT INTO ${name}_codes (pool, key) SELECT $1, 'CODE-' || i FROM generate_series(1, $2::int) AS i`,
        [pool, codes],
      ),
    call: (pool, uses, name) => `SELECT ${name}(${pool}, ${uses})`,
  },
  "skip locked, rows deleted from a queue": {
    set: (
      name,
    ) => `CREATE TABLE ${name}_codes (id bigserial PRIMARY KEY, pool integer NOT NULL, key text COLLATE "C" NOT NULL);
      CREATE UNIQUE INDEX ON ${name}_codes (pool, key);
      CREATE TABLE ${name}_free (pool integer, id bigint, PRIMARY KEY (pool, id));
      ${USES(name)}
      CREATE FUNCTION ${name}(p integer, uses text[]) RETURNS integer LANGUAGE plpgsql ${SET} AS $$
      DECLARE fresh text[];
      BEGIN
        ${NEW_USES(name)}
        WITH taken AS (
          DELETE FROM ${name}_free AS c USING (
            SELECT pool, id FROM ${name}_free WHERE pool = p ORDER BY pool, id LIMIT cardinality(fresh) FOR UPDATE SKIP LOCKED
          ) AS f WHERE c.pool = f.pool AND c.id = f.id RETURNING c.id
        ) ${RECORD(name, "taken")};
        RETURN cardinality(fresh);
      END $$`,
    fill: (client, pool, codes, name) =>
      client.query(
        `WITH c AS (INSERT INTO ${name}_codes (pool, key) SELECT $1, 'CODE-' || i FROM generate_series(1, $2::int) AS i RETURNING pool, id) INSERT INTO ${name}_free SELECT pool, id FROM c`,
        [pool, codes],
      ),
    call: (pool, uses, name) => `SELECT ${name}(${pool}, ${uses})`,
  },
};
const NAMES = Object.keys(DESIGNS);
const SHORT = ["cursor", "updated", "deleted"];

/** Keys as uses have them: 43 characters, spread evenly. */
const KEYS = (size) => `some_keys(${size})`;
const SOME_KEYS = `CREATE FUNCTION some_keys(size integer) RETURNS text[] LANGUAGE sql VOLATILE
  AS 'SELECT ARRAY(SELECT left(md5(random()::text) || md5(i::text), 43) FROM generate_series(1, size) AS i)'`;

const folder = mkdtempSync(join(tmpdir(), "designs-"));

/** What the server's processes have used of the processors, in milliseconds: the machine's other work does not count. */
function used() {
  const [postmaster] = execFileSync("pgrep", ["-o", "-f", `postgres -D .*port=${new URL(address).port}`], {
    encoding: "utf8",
  }).split("\n");
  const timesOf = (pid, own, children) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ").map(Number);
    return (own ? fields[11] + fields[12] : 0) + (children ? fields[13] + fields[14] : 0);
  };
  const running = execFileSync("pgrep", ["-P", postmaster], { encoding: "utf8" }).trim().split("\n");
  const ticks = running.reduce(
    (sum, pid) => sum + (existsSync(`/proc/${pid}/stat`) ? timesOf(pid, true, false) : 0),
    timesOf(postmaster, true, true),
  );
  return ticks * 10;
}
let address = "";

function rate(url, design, pool, callers, size) {
  const file = join(folder, "script.sql");
  writeFileSync(file, `${DESIGNS[NAMES[design]].call(pool, KEYS(size), SHORT[design])};\n`);
  const args = ["-n", "-c", String(callers), "-j", "2", "-T", String(SECONDS), "-f", file, url];
  const before = used();
  const said = execFileSync(join(BIN, "pgbench"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const codes = Number(/actually processed: (\d+)/.exec(said)[1]) * size;
  return { rate: Number(/tps = ([\d.]+)/.exec(said)[1]) * size, cpu: ((used() - before) * 1000) / codes };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Designs take turns, so that what slows the machine down slows all of them. */
function row(title, url, pool, callers, size, rounds = ROUNDS) {
  const rates = NAMES.map(() => []);
  // The first of a row would pay for what was written before it.
  for (const design of NAMES.keys()) rate(url, design, pool, callers, size);
  for (let round = 0; round < rounds; round += 1) {
    for (const design of NAMES.keys()) rates[design].push(rate(url, design, pool, callers, size));
  }
  const shown = rates.map(
    (list) =>
      `${Math.round(median(list.map(({ rate }) => rate))).toLocaleString("en")} (${Math.round(median(list.map(({ cpu }) => cpu)))})`,
  );
  console.log(`| ${[title, ...shown].join(" | ")} |`);
}

await withPostgres(async (url) => {
  address = url;
  const client = new pg.Client({ connectionString: url });
  // When the server goes at the end of a run that failed, the failure is what should be seen.
  client.on("error", () => {});
  await client.connect();
  await postgres(client).migrate();
  await client.query(SOME_KEYS);
  for (const [i, name] of NAMES.entries()) {
    await client.query(DESIGNS[name].set(SHORT[i]));
    await DESIGNS[name].fill(client, 1, LARGE, SHORT[i]);
    for (let pool = 2; pool < 12; pool += 1) await DESIGNS[name].fill(client, pool, SMALL, SHORT[i]);
  }
  await client.query("VACUUM ANALYZE");
  console.log(
    `| codes a second (server's processor time a code, µs) | ${NAMES.join(" | ")} |\n| --- | --- | --- | --- |`,
  );
  for (const size of [1, 100, 1000]) {
    for (const callers of [1, 8, 64]) row(`${callers} callers, claims of ${size}`, url, 1, callers, size);
  }
  // Small pools are emptied in a moment: a few claims of each of ten.
  const few = SMALL / 100 / 2;
  const small = NAMES.map((name, design) => {
    const times = [];
    for (let pool = 2; pool < 12; pool += 1) {
      const file = join(folder, "small.sql");
      writeFileSync(file, `${DESIGNS[name].call(pool, KEYS(100), SHORT[design])};\n`);
      const args = ["-n", "-c", "1", "-t", String(few), "-f", file, url];
      const said = execFileSync(join(BIN, "pgbench"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      times.push(Number(/tps = ([\d.]+)/.exec(said)[1]) * 100);
    }
    return Math.round(median(times)).toLocaleString("en");
  });
  console.log(`| 1 caller, claims of 100, pools of ${SMALL.toLocaleString("en")} | ${small.join(" | ")} |`);
  row(`the same, pool of ${LARGE.toLocaleString("en")}`, url, 1, 1, 100);

  for (const [design, name] of NAMES.entries()) {
    await DESIGNS[name].fill(client, 12, DRAWN, SHORT[design]);
    await client.query("VACUUM ANALYZE");
    for (let done = 0; done < 0.9 * DRAWN; done += 5000)
      await client.query(DESIGNS[name].call(12, KEYS(5000), SHORT[design]));
  }
  const drawn = `1 caller, claims of 100, a pool of ${DRAWN.toLocaleString("en")} of which 90 % was drawn`;
  row(drawn, url, 12, 1, 100);
  await client.query("VACUUM");
  row(`${drawn}, vacuumed`, url, 12, 1, 100);
  // A report or a backup keeps old rows from being cleaned up.
  const old = new pg.Client({ connectionString: url });
  await old.connect();
  await old.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM coupon_pools.pools");
  for (let round = 0; round < 3; round += 1)
    row(`8 callers, claims of 1, an old transaction open, ${round * ROUNDS * SECONDS} s on`, url, 1, 8, 1);
  row("1 caller, claims of 100, the old transaction still open", url, 1, 1, 100);
  await old.end();
  await client.end();
});
