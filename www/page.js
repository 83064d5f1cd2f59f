/** The try-out page: the package over a store in this browser. Each part of the page is a file in page/. */

import { CouponPools } from "coupon-pools";
import "coupon-pools/elements";
import { indexeddb } from "coupon-pools/stores/indexeddb";
import { uploadWorker } from "coupon-pools/worker";
import script from "coupon-pools/worker/script?worker&url";
import { byId, notice } from "./page/dom.js";
import { loadExample, sampleFile } from "./page/example.js";
import { note, noteAlert, noteChange, show as showLog } from "./page/log.js";
import { sending } from "./page/sending.js";
import { offerPools, refreshPreview, templateEditor } from "./page/template.js";

const DATABASE = "coupon-pools";
const CARE = 5 * 60_000;

// This page demands trusted types: it says itself that the package's own script may run in a worker.
const policy = globalThis.trustedTypes?.createPolicy("upload-worker", { createScriptURL: () => script });
const worker = () => new Worker(policy?.createScriptURL("") ?? script, { type: "module" });

const store = indexeddb({ name: DATABASE });
const pools = new CouponPools({ store, onAlert: noteAlert, uploads: uploadWorker({ worker }) });
const app = { pools, note, changed };
const dashboard = byId("dashboard");

showLog();
templateEditor(app);
sending(app);

dashboard.host = pools;
dashboard.addEventListener("pool-changed", ({ detail }) => {
  attempt(async () => {
    noteChange(detail.what, (await pools.get(detail.handle)).name);
    await showTemplate();
  });
});
byId("sample-file").addEventListener("click", () => attempt(async () => dashboard.takeFile(await sampleFile())));
byId("load-example").addEventListener("click", (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  attempt(async () => {
    await loadExample(app);
    await changed();
  }).finally(() => {
    button.disabled = false;
  });
});
byId("start-over").addEventListener("click", startOver);
// Another tab may have drawn codes in the meantime.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) attempt(changed);
});

await attempt(showTemplate);
await dashboard.updateComplete;
document.body.dataset.ready = "true";
await attempt(care);
setInterval(() => attempt(care), CARE);

/** Everything that shows pools, again. */
async function changed() {
  await dashboard.refresh();
  await showTemplate();
}

async function showTemplate() {
  offerPools(await allPools());
  await refreshPreview();
}

async function allPools() {
  const rows = [];
  for (let cursor = null; ; ) {
    const page = await pools.list({ cursor, limit: 1_000 });
    rows.push(...page);
    cursor = page.next;
    if (cursor === null) return rows;
  }
}

/** What a cron trigger does elsewhere: clean-up, and alerts that are due. */
async function care() {
  await pools.maintain();
}

async function attempt(work) {
  try {
    await work();
    notice(byId("failure"), null);
  } catch (error) {
    notice(byId("failure"), error.message);
    note("error", error.message);
  }
}

function startOver() {
  if (!confirm("Delete all pools, codes and draws from this browser?")) return;
  const request = indexedDB.deleteDatabase(DATABASE);
  request.onerror = () => notice(byId("failure"), request.error.message);
  request.onsuccess = () => {
    for (const part of ["log", "template", "send"]) localStorage.removeItem(`coupon-pools.${part}`);
    location.reload();
  };
}
