/** A Worker whose pools live in Cloudflare's databases, with routes for what its tests do to it. */

import { CouponPools } from "coupon-pools";
import { d1, d1Migrations } from "coupon-pools/stores/d1";
import { CouponPoolObject, durableObject } from "coupon-pools/stores/durable-object";
import { runContract } from "./contract.js";
import { drawAgain, makeDraw } from "./draw.js";

/** The engine's statement from now that fails; objects of a Worker run in its isolate. */
let left = null;

/** What statements cost, while somebody counts: `{ read, written }` of cursors and of D1's answers. */
let bill = null;
function count() {
  if (left === null) return;
  left -= 1;
  if (left === 0) throw new Error("disk I/O error, on purpose");
}

/** A D1 binding with a statement that fails in the middle of a batch, for D1 itself to undo. */
function breakable(database) {
  return {
    prepare: (sql) => database.prepare(sql),
    async batch(statements) {
      if (left === null) {
        const answers = await database.batch(statements);
        for (const { meta } of answers) bill?.push(() => ({ read: meta.rows_read, written: meta.rows_written }));
        return answers;
      }
      const at = left - 1;
      left -= statements.length;
      if (left > 0 || at < 0) return database.batch(statements);
      left = 0;
      return database.batch([
        ...statements.slice(0, at),
        database.prepare("SELECT json('on purpose')"),
        ...statements.slice(at),
      ]);
    },
  };
}

/** A pool's object that can be broken: its SQL, its answers, the object itself. */
export class BreakableObject extends CouponPoolObject {
  constructor(ctx, env) {
    super(ctx, env);
    const prototype = Object.getPrototypeOf(ctx.storage.sql);
    if (prototype.isCounted) return;
    prototype.isCounted = true;
    const { exec } = prototype;
    prototype.exec = function (...values) {
      count();
      const cursor = exec.apply(this, values);
      bill?.push(() => ({ read: cursor.rowsRead, written: cursor.rowsWritten }));
      return cursor;
    };
  }

  /** Does a call, and is gone before it answers. */
  async crashAfter(method, request) {
    await this.poolCall(method, request);
    await this.ctx.storage.sync();
    this.ctx.abort("the object was restarted, on purpose");
  }

  /** Is gone before it does anything. */
  async crashBefore() {
    this.ctx.abort("the object was restarted, on purpose");
  }

  analyze() {
    this.ctx.storage.sql.exec("ANALYZE");
  }

  rows(table) {
    const { sql } = this.ctx.storage;
    if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length === 0) return null;
    return sql.exec(`SELECT count(*) AS count FROM ${table}`).one().count;
  }

  async hurryAlarm() {
    const at = await this.ctx.storage.getAlarm();
    if (at !== null) await this.ctx.storage.setAlarm(Date.now());
    return at === null ? null : at - Date.now();
  }
}

/** A namespace whose next call of one method loses the object, before or after the work. */
function crashing(namespace, plan) {
  return {
    idFromName: (name) => namespace.idFromName(name),
    get(id) {
      const stub = namespace.get(id);
      return {
        directoryCall: (method, request) => stub.directoryCall(method, request),
        poolCall(method, request) {
          if (plan.left === 0 || (plan.method && plan.method !== method)) return stub.poolCall(method, request);
          plan.left -= 1;
          return plan.after ? stub.crashAfter(method, request) : stub.crashBefore();
        },
      };
    },
  };
}

const objectOf = (env, ...name) => env.COUPON_POOLS.get(env.COUPON_POOLS.idFromName(JSON.stringify(name)));

const stores = {
  d1: (env) => d1(breakable(env.DB)),
  "durable-object": (env) => durableObject(env.COUPON_POOLS),
};

const DOCUMENT = {
  ...{ format: 1, handle: "big", name: "big", kind: "static", reuse: "per-message", onEmpty: "stop", lowStock: [] },
  ...{ expiresAt: null, minValidity: 0, timeZone: "UTC", caseSensitive: false, fixedCode: null, sample: null },
  ...{ archived: false, revision: 1, version: 1, createdAt: 0, updatedAt: 0 },
};
const BIG = { tenant: "acme", pool: "big" };

async function upload(store, batch, codes, keys = codes, expiryOf = null) {
  const size = store.traits.limits.blockCodes;
  const call = { ...BIG, batch, now: 0, lease: 1000 };
  await store.beginBatch({ ...call, version: 1 });
  const duplicates = [];
  for (let from = 0; from < codes.length; from += size) {
    const part = codes.slice(from, from + size);
    const partKeys = keys === codes ? part : keys.slice(from, from + size);
    const runs =
      expiryOf === null
        ? [{ expiresAt: null, count: part.length }]
        : part.map((_, index) => ({ expiresAt: expiryOf(index), count: 1 }));
    const block = { codes: part, keys: partKeys, fingerprints: new Uint8Array(8 * part.length), runs };
    duplicates.push(...(await store.addBlock({ ...call, number: from / size, block })).duplicates);
  }
  const { added } = await store.commitBatch({ ...call, note: null });
  return { added, duplicates: duplicates.length };
}

function claim(store, uses, texts = { contact: "ann@example.com", message: "newsletter-17", slot: "" }) {
  const items = uses.map((use) => ({ use: use.padEnd(43, "x"), holder: null, ...texts, fallsBack: false }));
  const settings = { version: 1, now: 0, reuse: "per-message", expiresAt: null, minValidity: 0 };
  return store.claim({ ...BIG, ...settings, items });
}

const series = (prefix, count) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const routes = {
  // Blocks and claims as large as the store says it takes, of the longest texts there are.
  "/longest": async ({ store }) => {
    const { claimItems, blockCodes } = store.traits.limits;
    await store.save({ tenant: BIG.tenant, document: DOCUMENT, expected: null, untouched: false });
    const codes = series("", blockCodes).map((n) => n.padStart(6, "0") + "🎟".repeat(249));
    const keys = codes.map((code) => code.replaceAll("🎟", "🎫"));
    const first = await upload(store, "longest", codes, keys);
    const again = await upload(store, "again", codes, keys);
    const block = { codes, keys, fingerprints: new Uint8Array(8 * keys.length), runs: [] };
    const known = await store.contains({ ...BIG, block });
    const long = "🎁".repeat(512);
    const { outcomes } = await claim(store, series("u", claimItems), {
      contact: long,
      message: long,
      slot: "🎀".repeat(64),
    });
    const { marked } = await store.markRedeemed({ ...BIG, keys, now: 1 });
    const { voided } = await store.voidCodes({ ...BIG, keys });
    const page = await store.find({ ...BIG, by: { contact: long }, cursor: null, limit: 3 });
    return {
      first,
      again,
      known: known.filter((bit) => bit === 1).length,
      inOrder: outcomes.every(({ code }, index) => code === codes[index]),
      marked,
      voided,
      found: page.rows.filter(({ code, contact }, index) => code === codes[index] && contact === long).length,
      claimItems,
      blockCodes,
    };
  },
  // Rows read and written by claims from a small pool, and from a large one whose statistics are still the small one's.
  "/cost": async ({ store, env, name }) => {
    // With one row in a table the planner would rather read all of it; see docs/stores/d1.md.
    for (const tenant of ["other", BIG.tenant])
      await store.save({ tenant, document: DOCUMENT, expected: null, untouched: false });
    const total = () => {
      const rows = bill.map((row) => row());
      bill = null;
      return {
        read: rows.reduce((sum, { read }) => sum + read, 0),
        written: rows.reduce((sum, { written }) => sum + written, 0),
      };
    };
    const cost = async (uses) => {
      bill = [];
      await claim(store, uses);
      return total();
    };
    bill = [];
    await upload(store, "first", series("f", store.traits.limits.blockCodes));
    const uploaded = total();
    await upload(store, "smallest", ["warm-up"]);
    await upload(store, "small", series("s", 250));
    await claim(store, ["warm-up"]);
    const small = { one: await cost(["a"]), hundred: await cost(series("b", 100)) };
    if (name === "d1") await env.DB.prepare("ANALYZE").run();
    else await objectOf(env, BIG.tenant, "big").analyze();
    // 200 lots that have expired, for claims to pass by.
    const expired = series("expired-", 200);
    await upload(store, "expired", expired, expired, (index) => index - 500);
    for (const n of [0, 1, 2, 3]) await upload(store, `large-${n}`, series(`large-${n}-`, 5_000));
    for (const n of [0, 1, 2, 3, 4]) await claim(store, series(`more-${n}-`, 900));
    return { uploaded, small, large: { one: await cost(["c"]), hundred: await cost(series("d", 100)) } };
  },
  "/tables-at-once": async ({ env, query }) => {
    const saves = series("pool-", 5).map((handle) =>
      d1(env[query.database]).save({
        tenant: "default",
        document: { ...DOCUMENT, handle },
        expected: null,
        untouched: false,
      }),
    );
    const saved = (await Promise.all(saves)).filter((answer) => answer.saved).length;
    const { rows } = await d1(env[query.database]).list({
      tenant: "default",
      archived: false,
      cursor: null,
      limit: 10,
      usageFrom: 0,
    });
    return [saved, rows.length];
  },
  // The tables of two databases, one made by the printed statements, the other by the first call.
  "/schemas": async ({ env }) => {
    const statements = d1Migrations().flatMap(({ sql }) => sql.split(";\n"));
    for (const statement of statements.filter((text) => text.trim() !== ""))
      await env.MIGRATED.prepare(statement).run();
    await d1(env.MADE).load({ tenant: "default", pools: [] });
    const tables = async (database) =>
      (await database.prepare("SELECT sql FROM sqlite_master WHERE name LIKE 'coupon_%' ORDER BY name").all()).results;
    const [migrated, made] = [await tables(env.MIGRATED), await tables(env.MADE)];
    const pools = new CouponPools({ store: d1(env.MIGRATED) });
    return {
      count: migrated.length,
      same: JSON.stringify(migrated) === JSON.stringify(made),
      ...(await makeDraw(pools)),
    };
  },
  "/other-layout": async ({ env }) => {
    const store = () => d1(env.OTHER);
    await store().save({ tenant: "default", document: DOCUMENT, expected: null, untouched: false });
    await env.OTHER.prepare("UPDATE coupon_schema SET version = 99").run();
    const document = { ...DOCUMENT, handle: "late" };
    const refused = await store()
      .save({ tenant: "default", document, expected: null, untouched: false })
      .catch((error) => error.message);
    const { results } = await env.OTHER.prepare("SELECT handle FROM coupon_pools").all();
    return { refused, pools: results.length };
  },
  "/lost-note": async ({ env }) => {
    const losing = {
      idFromName: (name) => env.COUPON_POOLS.idFromName(name),
      get(id) {
        const stub = env.COUPON_POOLS.get(id);
        return {
          poolCall: (method, request) => stub.poolCall(method, request),
          directoryCall: (method, request) =>
            method === "note" ? Promise.reject(new Error("lost")) : stub.directoryCall(method, request),
        };
      },
    };
    const pools = new CouponPools({ store: durableObject(losing), tenant: "forgetful" });
    await pools.create({ handle: "kept", kind: "static" });
    await pools.create({ handle: "put-away", kind: "static" });
    await pools.archive("put-away");
    const handles = async (archived) => (await pools.list({ archived })).map(({ handle }) => handle);
    return { active: await handles(false), archived: await handles(true) };
  },
  "/make-draw": async ({ store }) => makeDraw(new CouponPools({ store })),
  "/draw-again": async ({ store }) => drawAgain(new CouponPools({ store })),
  "/contract": async ({ name, env }) =>
    runContract({
      name,
      seed: 1,
      open: async () => ({
        store: stores[name](env),
        connect: async () => stores[name](env),
        failAt: (call) => {
          left = call;
        },
        close: async () => {},
      }),
    }),
  "/list": async ({ store }) =>
    (await new CouponPools({ store }).list()).map(({ handle, remaining }) => [handle, remaining]),
  "/crash": async ({ env, query }) => {
    const plan = { method: query.method, after: query.when === "after", left: 1 };
    const pools = new CouponPools({ store: durableObject(crashing(env.COUPON_POOLS, plan)) });
    const use = { message: "newsletter-18", contact: query.contact };
    const lost = await pools.draw("spring-sale", use).catch((error) => `${error.name} ${error.cause?.message}`);
    const retry = await pools.draw("spring-sale", use);
    const { remaining, assigned } = await pools.get("spring-sale");
    return { lost, code: retry.code, repeat: retry.repeat, remaining, assigned };
  },
  "/rows": async ({ env, query }) => objectOf(env, "default", query.pool).rows(query.table),
  "/undo": async ({ store }) => {
    const pools = new CouponPools({ store });
    const { batch } = await pools.upload("spring-sale", "code\nWRONG-1\nWRONG-2\n");
    return pools.undo("spring-sale", batch);
  },
  "/hurry-alarm": async ({ env, query }) => objectOf(env, "default", query.pool).hurryAlarm(),
  "/ask-for-nothing": async ({ store }) => {
    const pools = new CouponPools({ store });
    const refused = await pools.draw("no-such-pool", { message: "m", contact: "c" }).catch((error) => error.code);
    return [refused, (await pools.list()).length];
  },
};

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const query = Object.fromEntries(url.searchParams);
    const name = query.store ?? "durable-object";
    return Response.json((await routes[url.pathname]({ store: stores[name](env), name, env, query })) ?? null);
  },
};
