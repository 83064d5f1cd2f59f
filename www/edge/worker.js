/**
 * Coupon pools on Cloudflare's edge, ready to deploy: the handler for screens, a send endpoint, and a cron that looks after
 * the pools. Pools live in D1 or in Durable Objects, by the setting `STORE`; `API_TOKEN` is the secret that lets requests in.
 */

import { CouponPools, CouponPoolsError } from "coupon-pools";
import { createHandler } from "coupon-pools/server";
import { d1 } from "coupon-pools/stores/d1";
import { durableObject } from "coupon-pools/stores/durable-object";

export { CouponPoolObject } from "coupon-pools/stores/durable-object";

/** Most mails of one request: D1 answers some 50 statements of a free Worker's request, and so many mails are one claim. */
const MAILS = 1_000;
/** Largest request to send, in bytes: a thousand contacts and a template of a megabyte. */
const SEND_BYTES = 4 << 20;
/** Shortest token: 32 characters of base64 are 192 bits. */
const TOKEN_CHARS = 32;

/** One for each request: Workers share nothing between them. */
const poolsOf = (env) =>
  new CouponPools({
    store: env.STORE === "durable-object" ? durableObject(env.COUPON_POOLS) : d1(env.DB),
    // Put your own notifier here: a mail, a chat, a queue.
    onAlert: (alert) => console.log(JSON.stringify(alert)),
  });

/** One tenant, for whoever has the token. Your product has users: tell their account here instead. */
async function authorize(request, _action, env) {
  const token = /^Bearer (.+)$/.exec(request.headers.get("Authorization") ?? "")?.[1] ?? "";
  return (await isToken(token, env.API_TOKEN)) ? "default" : null;
}

/** Compares by digests, so that the time it takes says nothing of the token. No token set lets nobody in. */
async function isToken(given, token) {
  if (typeof token !== "string" || token.length < TOKEN_CHARS) return false;
  const digest = (text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const [a, b] = (await Promise.all([digest(given), digest(token)])).map((bytes) => new Uint8Array(bytes));
  return a.reduce((different, byte, index) => different | (byte ^ b[index]), 0) === 0;
}

const handler = createHandler({ base: "/coupons", pools: (_tenant, env) => poolsOf(env), authorize });

/**
 * Renders a batch of mails: `{ template, message, mode?, contacts: [contact, …] }` in, a line of JSON for each contact out,
 * in order: `{ contact, output, draws }` or `{ contact, error: { code, message } }`. The same request gives the same codes.
 */
async function send(request, env) {
  if (!(await authorize(request, "send", env))) return refused(403, "FORBIDDEN", "this request may not send");
  const text = await bodyOf(request);
  if (text === null) return refused(413, "BODY_TOO_LARGE", `a send is at most ${SEND_BYTES} bytes`);
  let job;
  try {
    job = JSON.parse(text);
  } catch {
    return refused(400, "INVALID_ARGUMENT", "the body is not JSON");
  }
  const { template, message, mode, contacts } = job ?? {};
  if (!Array.isArray(contacts) || contacts.length > MAILS)
    return refused(400, "INVALID_ARGUMENT", `contacts is a list of at most ${MAILS}`);
  const pools = poolsOf(env);
  const lines = [];
  try {
    const compiled = await pools.compile(template, mode && { mode }).ready;
    for await (const mail of pools.renderMany(contacts, { template: compiled, message, batchSize: MAILS })) {
      const { contact, output, draws, error } = mail;
      lines.push(JSON.stringify(error ? { contact, error: told(error) } : { contact, output, draws }));
    }
  } catch (error) {
    if (!(error instanceof CouponPoolsError)) {
      console.error(error);
      return refused(500, "INTERNAL", "the server failed; its own log says more");
    }
    const { code, message } = told(error);
    return refused(statusOf(error), code, message, error.name);
  }
  return new Response(`${lines.join("\n")}\n`, { headers: { "Content-Type": "application/x-ndjson", ...SAFE } });
}

/** The body as text, or `null` as soon as it is too large, whatever it claims of its length. */
async function bodyOf(request) {
  if (Number(request.headers.get("Content-Length") ?? 0) > SEND_BYTES) return null;
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    // To leave the loop is to cancel the rest.
    if (size > SEND_BYTES) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Whose fault it is: the store's, a shop's, the server's own, or the caller's. */
function statusOf({ name, code }) {
  if (name === "StoreError") return 503;
  if (name === "ShopError") return 502;
  return name === "EngineCrashedError" || code === "HOST_FAILED" ? 500 : 422;
}

/** An error for the caller; a store's own words stay here. */
function told({ name, code, message, cause }) {
  if (name === "StoreError") console.error(cause);
  return { code, message };
}

/** Mails are personal: nothing of an answer is stored, or guessed at. */
const SAFE = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };

const refused = (status, code, message, name = "CouponPoolsError") =>
  Response.json({ error: { code, class: name, message, details: {} } }, { status, headers: SAFE });

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/send" && request.method === "POST") return send(request, env);
    return handler(request, env);
  },

  /** Every few minutes: clean-up, alerts left pending, codes that expire soon. */
  async scheduled(_event, env) {
    const { unfinished, failed } = await poolsOf(env).maintain();
    for (const failure of failed) console.error(JSON.stringify(failure));
    if (unfinished > 0) console.log(`${unfinished} pools have more to clean up; the next run goes on`);
  },
};
