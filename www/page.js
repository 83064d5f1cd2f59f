/** The try-out page: the package over a store in this browser. Each part of the page is a file in page/. */

import { CouponPools } from "coupon-pools";
import { indexeddb } from "coupon-pools/stores/indexeddb";
import { uploadWorker } from "coupon-pools/worker";
import { byId, notice } from "./page/dom.js";
import { loadExample } from "./page/example.js";
import { note, noteAlert, show as showLog } from "./page/log.js";
import { findIn, lookUp } from "./page/look-up.js";
import { openPoolDialog, poolDialog } from "./page/pool-dialog.js";
import { showPools } from "./page/pool-table.js";
import { sending } from "./page/sending.js";
import { offerPools, preview, templateEditor } from "./page/template.js";
import { openUploadDialog, uploadDialog } from "./page/upload-dialog.js";

const DATABASE = "coupon-pools";
const CARE = 5 * 60_000;

// This page demands trusted types: it says itself that the package's own script may run in a worker.
const script = import.meta.resolve("coupon-pools/worker/script");
const policy = globalThis.trustedTypes?.createPolicy("upload-worker", { createScriptURL: () => script });
const worker = () => new Worker(policy?.createScriptURL("") ?? script, { type: "module" });

const store = indexeddb({ name: DATABASE });
const pools = new CouponPools({ store, onAlert: noteAlert, uploads: uploadWorker({ worker }) });
const app = { pools, note, say, changed };

showLog();
templateEditor(app);
sending(app);
uploadDialog(app);
lookUp(app);
poolDialog({
  create: async (pool) => {
    const { name } = await pools.create(pool);
    note("event", `Pool ${name} made`);
    await changed();
  },
  edit: async (handle, patch) => {
    const { name } = await pools.edit(handle, patch);
    const what = patch.archived === undefined ? "changed" : patch.archived ? "archived" : "restored";
    note("event", `Pool ${name} ${what}`);
    await changed();
  },
});

byId("new-pool").addEventListener("click", () => openPoolDialog());
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
byId("show-archived").addEventListener("change", () => attempt(refresh));
// Another tab may have drawn codes in the meantime.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) attempt(refresh);
});

await attempt(changed);
document.body.dataset.ready = "true";
await attempt(care);
setInterval(() => attempt(care), CARE);

/** Everything that shows pools, again. */
async function changed() {
  await refresh();
  await preview();
}

async function refresh() {
  const [rows, archived] = await Promise.all([all({}), all({ archived: true })]);
  byId("show-archived-label").hidden = archived.length === 0;
  const shown = byId("show-archived").checked && archived.length > 0 ? [...rows, ...archived] : rows;
  showPools(shown, { onUpload: (row) => attempt(() => openUploadDialog(row)), onEdit: openPoolDialog });
  offerPools(rows);
  findIn([...rows, ...archived]);
}

async function all(options) {
  const rows = [];
  for (let cursor = null; ; ) {
    const page = await pools.list({ ...options, cursor });
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

function say(text) {
  const status = byId("status");
  status.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => {
    status.textContent = "";
  }, 4_000);
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
