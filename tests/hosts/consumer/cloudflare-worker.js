/** A Worker whose pools live in Cloudflare's databases, with routes for what its tests do to it. */

import { CouponPools } from "coupon-pools";
import { d1 } from "coupon-pools/stores/d1";
import { CouponPoolObject, durableObject } from "coupon-pools/stores/durable-object";
import { runContract } from "./contract.js";
import { drawAgain, makeDraw } from "./draw.js";

/** The engine's statement from now that fails; objects of a Worker run in its isolate. */
let left = null;
function count() {
  if (left === null) return;
  left -= 1;
  if (left === 0) throw new Error("disk I/O error, on purpose");
}

/** A D1 binding with a statement that fails in the middle of a batch, for D1 itself to undo. */
function breakable(database) {
  return {
    prepare: (sql) => database.prepare(sql),
    batch(statements) {
      if (left === null) return database.batch(statements);
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
      return exec.apply(this, values);
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

const routes = {
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
