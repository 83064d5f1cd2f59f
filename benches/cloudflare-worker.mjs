/**
 * The Worker of `cloudflare.mjs`: claims by the package into one database, and the same statements with the same values,
 * by hand, into its twin. What the package sent is kept in the isolate, which the Worker shares with its objects.
 */

import { CouponPools } from "coupon-pools";
import { d1 } from "coupon-pools/stores/d1";
import { CouponPoolObject, durableObject } from "coupon-pools/stores/durable-object";
import { usesOf } from "./uses.mjs";

/** Runs that were made and that the twin has yet to make; each is a list of calls. */
const kept = { d1: [], "durable-object": [] };

/** The calls of the run that is under way. */
let calls = [];

/** Statements of the object's call that is under way. */
let statements = null;

/** An object that keeps what it runs. */
export class KeepingObject extends CouponPoolObject {
  constructor(ctx, env) {
    const { sql } = ctx.storage;
    const prototype = Object.getPrototypeOf(sql);
    if (!prototype.isKept) {
      prototype.isKept = true;
      const { exec } = prototype;
      prototype.bare = exec;
      prototype.exec = function (...values) {
        statements?.push(values);
        return exec.apply(this, values);
      };
    }
    super(ctx, env);
  }

  async poolCall(method, request) {
    statements = [];
    const answer = await super.poolCall(method, request);
    calls.push({ statements, request, answer });
    statements = null;
    return answer;
  }
}

/** An object that runs statements as they come, in one transaction: what is left of a claim when everything is known. */
export class BareObject extends CouponPoolObject {
  /** The request comes and the answer goes by RPC, as they must. */
  async replay(_request) {
    const { storage } = this.ctx;
    const { sql } = storage;
    const { statements: list, answer } = replayed;
    storage.transactionSync(() => {
      for (const values of list) sql.bare(...values).toArray();
    });
    return answer;
  }
}

/** The call that the twin is to make. */
let replayed;

/** A D1 binding that keeps its batches. */
const keeping = (database) => ({
  prepare: (text) => {
    const prepared = { text, values: [], statement: database.prepare(text) };
    prepared.bind = (...values) => ({ text, values, statement: prepared.statement.bind(...values) });
    return prepared;
  },
  async batch(list) {
    const answers = await database.batch(list.map(({ statement }) => statement));
    calls.push(list.map(({ text, values }) => [text, values]));
    return answers;
  },
});

const stores = {
  d1: (env) => d1(keeping(env.DB)),
  "durable-object": (env) => durableObject(env.POOLS),
};

/** Makes a run in the twin as the package made it. */
const replays = {
  async d1(env) {
    for (const list of kept.d1.shift()) {
      await env.TWIN.batch(list.map(([text, values]) => env.TWIN.prepare(text).bind(...values)));
    }
  },
  async "durable-object"(env) {
    const twin = env.TWINS.get(env.TWINS.idFromName("twin"));
    for (const call of kept["durable-object"].shift()) {
      replayed = call;
      await twin.replay(call.request);
    }
  },
};

/** The mail of `send`: 6 kB around one code, as a newsletter's HTML. */
const HEAD = `<html><body>${"<p>Spring is here, and with it our sale.</p>".repeat(75)}<p>Your code: `;
const TAIL = `</p>${"<p>You get this mail because you asked for it.</p>".repeat(60)}</body></html>`;

const routes = {
  async fill({ store, name, env, query }) {
    const pools = new CouponPools({ store });
    await pools.create({ handle: "spring", kind: "static" });
    const codes = Array.from(
      { length: Number(query.codes) },
      (_, index) => `SPRING-${index.toString(36).toUpperCase()}`,
    );
    const { added } = await pools.upload("spring", codes.join("\n"), { header: false });
    kept[name].push(calls);
    await replays[name](env);
    return added;
  },
  async draw({ store, name, query }) {
    const pools = new CouponPools({ store });
    let drawn = 0;
    for (let call = 0; call < Number(query.calls); call += 1) {
      const draws = await pools.drawMany("spring", usesOf(`mail-${query.run}-${call}`, Number(query.uses)));
      drawn += draws.filter(({ code, repeat }) => code !== null && !repeat).length;
    }
    kept[name].push(calls);
    return drawn;
  },
  /** A send: claims, renders, and answers a line of JSON for each mail. */
  async send({ store, name, query }) {
    const pools = new CouponPools({ store });
    const template = await pools.compile(`${HEAD}{% coupon "spring" %}${TAIL}`).ready;
    const contacts = usesOf("", Number(query.uses)).map(({ contact }) => contact);
    const lines = [];
    for await (const mail of pools.renderMany(contacts, { template, message: `mail-${query.run}`, batchSize: 1000 })) {
      if (mail.error) throw mail.error;
      lines.push(JSON.stringify(mail));
    }
    kept[name].push(calls);
    return lines.length;
  },
  /** The same by hand: the statements, and the mails put together from two texts and a code. */
  async resend({ name, env, query }) {
    await replays[name](env);
    const lines = usesOf("", Number(query.uses)).map(({ contact }, index) => {
      const code = `SPRING-${index.toString(36).toUpperCase()}`;
      const draws = [
        { handle: "spring", slot: "", code, expiresAt: null, repeat: false, expired: false, number: index },
      ];
      return JSON.stringify({ contact, output: HEAD + code + TAIL, draws });
    });
    return lines.length;
  },
  async replay({ name, env, query }) {
    await replays[name](env);
    return Number(query.calls) * Number(query.uses);
  },
};

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const [, name, route] = url.pathname.split("/");
    const query = Object.fromEntries(url.searchParams);
    calls = [];
    return Response.json(await routes[route]({ store: stores[name](env), name, env, query }));
  },
};
