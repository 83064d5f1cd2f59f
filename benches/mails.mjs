/** Templates and mails through the package: what a parse costs, and what a whole send does. */

import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import Handlebars from "handlebars";
import { report } from "./figures.mjs";
import { oneColumn } from "./files.mjs";
import { mail } from "./mail-text.mjs";
import { compile, engine } from "./render-flow.mjs";
import { rounds } from "./rounds.mjs";

const PARSES = 100;
const MAILS = 1000;
const tags = mail('{% coupon "spring" %}', '{% coupon "spring", slot: "second" %}');

report(await parses(), await sends());

async function parses() {
  const braces = mail("{{first}}", "{{second}}");
  const often = (name, work) => ({
    name,
    run: () => {
      for (let time = 0; time < PARSES; time++) work();
    },
  });
  return {
    title: "Parse of a 30 kB template",
    work: { amount: PARSES, unit: "templates" },
    contestants: await rounds([
      often("coupon-pools", () => engine.forget(compile(tags).id)),
      often("Handlebars.precompile", () => Handlebars.precompile(braces)),
    ]),
  };
}

async function sends() {
  const pools = new CouponPools({ store: memory() });
  await pools.create({ handle: "spring", kind: "static" });
  await pools.upload("spring", oneColumn(100_000));
  const template = pools.compile(tags);
  const contacts = Array.from({ length: MAILS }, (_, index) => `contact-${index}@example.com`);
  let mails = 0;
  const encoder = new TextEncoder();
  const buffer = new Uint8Array(64_000);
  /** Either way a mail ends as bytes: text alone would not even be joined before somebody reads it. */
  const send = async (as) => {
    mails += 1;
    let length = 0;
    for await (const { output } of pools.renderMany(contacts, { template, message: `mail-${mails}`, as })) {
      length += as === "bytes" ? output.length : encoder.encodeInto(output, buffer).written;
    }
    return length;
  };
  return {
    title: "renderMany of 1,000 such mails, memory store, fresh codes",
    work: { amount: MAILS, unit: "mails" },
    contestants: await rounds(
      [
        { name: "coupon-pools, text, then encoded", run: () => send("text") },
        { name: "coupon-pools, bytes", run: () => send("bytes") },
      ],
      { runs: 15 },
    ),
  };
}
