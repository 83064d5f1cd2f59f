/** The edge worker in workerd on this machine: bundled as wrangler would, with its databases in a folder. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const settings = readFileSync(here("wrangler.toml"), "utf8");
const setting = (name) => new RegExp(`^${name} = "(.*)"$`, "m").exec(settings)[1];

/** Bundles the Worker into `folder`; `from` is the folder whose `node_modules` holds the package. */
export async function bundle(folder, from = here("../../")) {
  await build({
    stdin: { contents: readFileSync(here("worker.js"), "utf8"), resolveDir: from, sourcefile: "worker.js" },
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    loader: { ".wasm": "copy" },
    outfile: join(folder, "worker.js"),
    logLevel: "silent",
  });
}

/** Starts the bundle; `data` is where its databases are kept, or `null` for memory. */
export async function start({ folder, store = setting("STORE"), token, data = null, port = 0, ...more }) {
  const worker = new Miniflare({
    modules: true,
    modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
    modulesRoot: folder,
    scriptPath: join(folder, "worker.js"),
    compatibilityDate: setting("compatibility_date"),
    compatibilityFlags: ["enable_request_signal"],
    bindings: { STORE: store, ...(token !== undefined && { API_TOKEN: token }) },
    d1Databases: ["DB"],
    d1Persist: data === null ? false : join(data, "d1"),
    durableObjects: { COUPON_POOLS: { className: "CouponPoolObject", useSQLite: true } },
    durableObjectsPersist: data === null ? false : join(data, "objects"),
    host: "127.0.0.1",
    port,
    cf: false,
    ...more,
  });
  const url = await worker.ready;
  return { worker, url: url.origin };
}
