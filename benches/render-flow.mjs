/** The engine's part of a render, without a store: a flow whose claim is answered with codes that are ready. */

import { readFileSync } from "node:fs";
import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { pack } from "../pkg/dist/texts.js";
import { createGlue } from "../pkg/wasm/mail.glue.js";

const glue = createGlue();
glue.initSync({ module: new WebAssembly.Module(readFileSync(new URL("../pkg/wasm/mail.wasm", import.meta.url))) });

/** An engine of the artefact that renders. */
export const engine = new glue.Engine();

const NOW = Date.UTC(2026, 0, 1);

const store = memory();
await new CouponPools({ store, clock: () => NOW }).create({ handle: "spring", kind: "static" });
const [POOL] = await store.load({ tenant: "default", pools: ["spring"] });

/** Parses a template; answers its id and its static segments. */
export function compile(text) {
  const { id, segments } = engine.compile([{ part: "whole", text }], "html", undefined);
  const [ends] = segments;
  const statics = Array.from({ length: ends.length / 2 }, (_, at) => text.slice(ends[2 * at], ends[2 * at + 1]));
  return { id, statics };
}

/** A render of `count` mails that waits for `codes` codes. */
export function waitingRender(template, count, codes) {
  const flow = engine.start("render", {
    templates: new Uint32Array(count).fill(template),
    messages: pack(new Array(count).fill("mail")),
    contacts: pack(Array.from({ length: count }, (_, index) => `contact-${index}@example.com`)),
    traits: { claimItems: codes, blockCodes: 1, hearsAlerts: false },
  });
  let { step } = flow.resume(NOW, undefined);
  if (step === "load") step = flow.resume(NOW, [POOL]).step;
  if (step !== "claim") throw new Error(`The render waits for "${step}", not for its codes.`);
  return flow;
}

/** Gives a render its codes; answers its mails in columns. */
export function answered(flow, codes) {
  const count = codes.length;
  const { done, error } = flow.resume(NOW, {
    status: "claimed",
    codes: pack(codes),
    numbers: Float64Array.from(codes, (_, index) => index + 1),
    expiries: new Float64Array(count).fill(Number.NaN),
    answers: new Uint32Array(count).fill(1),
    // Each is a code, and fresh.
    flags: new Uint8Array(count).fill(1 | 4),
    remaining: count,
    added: 2 * count,
    alerts: null,
  });
  flow.free();
  if (done === undefined) throw error ?? new Error("The render waits for more than its codes.");
  return done;
}
