/** What the first look at the page costs: bytes, time, and how long the page does not answer. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Site } from "./page.js";

/** The goal for everything but the engine and the editor, in bytes as they are sent. */
const MOST = 150_000;

let site: Site;
before(async () => {
  site = await Site.open();
});
after(() => site?.close());

test("the page is light, and loads what reads spreadsheets only when there is one", async (context) => {
  const { page, context: browser } = await site.visit();
  const weights = new Map<string, number>();
  page.on("response", async (response) => {
    const { pathname } = new URL(response.url());
    weights.set(pathname, gzipSync(await response.body(), { level: 9 }).length);
  });
  await page.reload();
  await page.locator("body[data-ready]").waitFor();
  await page.getByText("No pools yet").waitFor();
  await page.waitForLoadState("networkidle");
  const names = [...weights.keys()];
  const sum = (some: string[]) => some.reduce((total, name) => total + (weights.get(name) ?? 0), 0);
  const engine = names.filter((name) => name.endsWith(".wasm"));
  const own = sum(names.filter((name) => !engine.includes(name)));
  const { interactive, blocked } = await page.evaluate(async () => {
    const tasks = await new Promise<number[]>((resolve) => {
      const observer = new PerformanceObserver((list) => resolve(list.getEntries().map(({ duration }) => duration)));
      observer.observe({ type: "longtask", buffered: true });
      setTimeout(() => resolve([]), 500);
    });
    const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    const blocked = tasks.reduce((total, duration) => total + Math.max(0, duration - 50), 0);
    return { interactive: navigation?.domInteractive ?? Number.NaN, blocked };
  });
  context.diagnostic(`page, script and styles: ${own} bytes gzipped; engine: ${sum(engine)} (${engine.join(", ")})`);
  context.diagnostic(`interactive after ${interactive.toFixed(0)} ms, blocked for ${blocked.toFixed(0)} ms`);
  assert.ok(own > 10_000 && own < MOST, `${own} bytes`);
  assert.deepEqual(
    names.filter((name) => /xlsx|spreadsheets/.test(name)),
    [],
  );
  // A copy of the engine inside a script is for hosts that have lost the file.
  assert.deepEqual(
    names.filter((name) => /(core|mail|manage)-[\w-]+\.js$/.test(name)),
    [],
  );
  await browser.close();
});
