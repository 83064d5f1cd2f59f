/** A browser without a bundler: `node_modules` as it is, and an import map. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { HostPage, pageWith, type Served, serve, startChromium } from "./chromium.js";
import { assertContractKept } from "./contract.js";
import { DRAWN, DRAWN_AGAIN } from "./drawn.js";
import { engineFiles, install, newFolder } from "./install.js";
import { NO_WORKER, UPLOADED, WORKBOOKS } from "./workbooks.js";

const importMap = `<script type="importmap">${JSON.stringify({
  imports: {
    "coupon-pools": "/node_modules/coupon-pools/dist/entry/browser.js",
    "coupon-pools/worker": "/node_modules/coupon-pools/dist/worker.js",
    "coupon-pools/stores/indexeddb": "/node_modules/coupon-pools/dist/stores/indexeddb.js",
    "coupon-pools/testing": "/node_modules/coupon-pools/dist/testing/index.js",
  },
})}</script>`;
const pages = {
  "/": pageWith(`${importMap}<script type="module" src="/page.js"></script>`),
  "/no-workers": pageWith(
    `<meta http-equiv="Content-Security-Policy" content="worker-src 'none'">${importMap}<script type="module" src="/page.js"></script>`,
  ),
  "/contract": pageWith(`${importMap}<script type="module" src="/page-contract.js"></script>`),
};

describe("Chromium without a bundler", () => {
  const profile = newFolder();
  let folder = "";
  let served: Served;
  let chromium: Awaited<ReturnType<typeof startChromium>>;
  before(async () => {
    folder = await install();
    served = await serve(folder, pages);
    chromium = await startChromium(profile);
  });
  after(async () => {
    await chromium?.close();
    await served?.close();
  });

  it("draws on IndexedDB, and draws the same after a reload and after a restart of the browser", async () => {
    const page = await HostPage.open(chromium, served.url);
    assert.deepEqual(await page.call("makeDraw"), DRAWN);
    assert.deepEqual(await page.call("upload", WORKBOOKS), UPLOADED);
    assert.deepEqual(await page.call("uploadInWorker", WORKBOOKS), UPLOADED);
    assert.deepEqual(
      [...page.wasm].sort(),
      engineFiles(folder).map((name) => `/node_modules/coupon-pools/wasm/${name}`),
    );
    assert.deepEqual(
      page.loaded.filter((path) => path.includes("inline")),
      [],
    );
    await page.reload();
    assert.deepEqual(await page.call("drawAgain"), DRAWN_AGAIN);
    assert.deepEqual(page.complaints, []);

    await chromium.close();
    chromium = await startChromium(profile);
    const restarted = await HostPage.open(chromium, served.url);
    assert.deepEqual(await restarted.call("drawAgain"), DRAWN_AGAIN);
    assert.deepEqual(restarted.complaints, []);
  });

  it("says that a worker cannot be started where the page's policy forbids it", async () => {
    const page = await HostPage.open(chromium, `${served.url}/no-workers`);
    assert.deepEqual(await page.call("uploadInWorker", WORKBOOKS), NO_WORKER);
    assert.deepEqual(await page.call("upload", WORKBOOKS), UPLOADED);
    assert.ok(page.complaints.length > 0);
    for (const complaint of page.complaints) assert.match(complaint, /Content Security Policy/);
  });

  it("keeps the store contract over its own IndexedDB", async (t) => {
    const page = await HostPage.open(chromium, `${served.url}/contract`);
    assertContractKept(await page.call("runContract"), t);
    assert.deepEqual(page.complaints, []);
  });
});
