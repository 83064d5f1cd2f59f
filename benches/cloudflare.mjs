/**
 * Draws from Cloudflare's databases, in workerd on this machine, beside their statements alone: the peer knows every
 * statement and every value before it starts, and has the same tables, indexes and commit points in a twin.
 */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { report } from "./figures.mjs";
import { rounds } from "./rounds.mjs";
import { withFolder } from "./scratch.mjs";

const CODES = 150_000;
const SIZES = [
  { calls: 10, uses: 1000 },
  { calls: 50, uses: 1 },
];

await withFolder(async (folder) => {
  await build({
    entryPoints: [fileURLToPath(new URL("cloudflare-worker.mjs", import.meta.url))],
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    loader: { ".wasm": "copy" },
    outfile: `${folder}/worker.mjs`,
    logLevel: "silent",
  });
  const worker = new Miniflare({
    modules: true,
    modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
    modulesRoot: folder,
    scriptPath: `${folder}/worker.mjs`,
    compatibilityDate: "2026-04-01",
    durableObjects: {
      POOLS: { className: "KeepingObject", useSQLite: true },
      TWINS: { className: "BareObject", useSQLite: true },
    },
    durableObjectsPersist: `${folder}/objects`,
    d1Databases: ["DB", "TWIN"],
    d1Persist: `${folder}/d1`,
    cf: false,
  });
  const ask = async (path) => {
    const response = await worker.dispatchFetch(`http://worker/${path}`);
    const text = await response.text();
    if (response.status !== 200) throw new Error(text);
    return JSON.parse(text);
  };
  let run = 0;
  const next = () => {
    run += 1;
    return run;
  };
  try {
    for (const store of ["durable-object", "d1"]) {
      if ((await ask(`${store}/fill?codes=${CODES}`)) !== CODES) throw new Error("Some codes did not come in.");
      for (const { calls, uses } of SIZES) {
        const size = `calls=${calls}&uses=${uses}`;
        // The twin is always one run behind, so that either may come first in a round.
        await ask(`${store}/draw?${size}&run=${next()}`);
        const contestants = [
          { name: "coupon-pools", ready: next, run: (n) => ask(`${store}/draw?${size}&run=${n}`) },
          { name: "the same statements, by hand", run: () => ask(`${store}/replay?${size}`) },
        ];
        report({
          title: `drawMany of ${uses.toLocaleString("en")}, ${store}, in workerd on this machine`,
          work: { amount: calls * uses, unit: "codes" },
          // Both start in a new isolate, whose code is not compiled yet.
          contestants: await rounds(contestants, { warmUps: 3 }),
          goals: [{ ours: "coupon-pools", peer: "the same statements, by hand", least: 0.8 }],
        });
        await ask(`${store}/replay?${size}`);
      }
      await ask(`${store}/send?uses=1000&run=${next()}`);
      const senders = [
        { name: "coupon-pools", ready: next, run: (n) => ask(`${store}/send?uses=1000&run=${n}`) },
        { name: "the statements and the mails, by hand", run: () => ask(`${store}/resend?uses=1000`) },
      ];
      report({
        title: `a send of 1,000 mails of 6 kB, ${store}, in workerd on this machine`,
        work: { amount: 1000, unit: "mails" },
        contestants: await rounds(senders, { warmUps: 3 }),
        goals: [{ ours: "coupon-pools", peer: "the statements and the mails, by hand", most: 1.5 }],
      });
    }
  } finally {
    await worker.dispose();
  }
});
