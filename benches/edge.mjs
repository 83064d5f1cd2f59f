/**
 * The edge worker under load, in workerd on this machine: sends of one mail each, from clients that wait for their answer.
 * Everything is in it: HTTP, the token, a new `CouponPools` for each request, the claim, the rendered mail.
 */

import { bundle, start } from "../www/edge/local.mjs";
import { report } from "./figures.mjs";
import { withFolder } from "./scratch.mjs";

const TOKEN = "edge-bench-token-of-32-characters-and-more";
const CODES = 1_000;
/** Clients at a time, and mails of a round: D1 and an object each do one claim at a time, so more would only wait longer. */
const CLIENTS = 8;
const MAILS = 50;
const ROUNDS = 3;

await withFolder(async (folder) => {
  await bundle(folder);
  for (const store of ["d1", "durable-object"]) {
    const { worker, url } = await start({ folder, store, token: TOKEN, data: `${folder}/${store}` });
    try {
      await load(store, (path, init) => worker.dispatchFetch(url + path, init));
    } finally {
      await worker.dispose();
    }
  }
});

async function load(store, fetch) {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const post = async (path, body, more = {}) => {
    const response = await fetch(path, { method: "POST", headers: { ...headers, ...more }, body });
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    return text;
  };
  await post("/coupons/pools", JSON.stringify({ handle: "spring", kind: "static" }), {
    "Content-Type": "application/json",
  });
  await post(
    "/coupons/pools/spring/uploads",
    Array.from({ length: CODES }, (_, index) => `SPRING-${index}`).join("\n"),
  );
  const latencies = [];
  const times = [];
  for (let round = -1; round < ROUNDS; round++) {
    let next = 0;
    const started = performance.now();
    const client = async () => {
      while (next < MAILS) {
        const contact = `contact-${next++}`;
        const before = performance.now();
        const body = { template: 'Your code: {% coupon "spring" %}', message: `m${round}`, contacts: [contact] };
        const mail = await post("/send", JSON.stringify(body));
        if (!mail.includes("Your code: SPRING-")) throw new Error(mail);
        if (round >= 0) latencies.push(performance.now() - before);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    if (round >= 0) times.push(performance.now() - started);
  }
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(1);
  report({
    title: `sends of one mail from ${CLIENTS} clients, the edge worker over ${store}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    work: { amount: MAILS, unit: "draws" },
    contestants: [{ name: "coupon-pools", times }],
  });
}
