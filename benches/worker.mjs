/**
 * Uploads of a million codes into IndexedDB in Chromium, in the page itself and in a worker: how long they take, and for
 * how long at most the page does not answer. Needs Chromium; not part of `make bench`, whose table has no such column.
 *
 *   make bench-worker, or node benches/worker.mjs [runs]
 */

import { openChromium } from "./chromium.mjs";
import { report } from "./figures.mjs";
import { oneColumn, ROWS } from "./files.mjs";

const RUNS = Number(process.argv[2] ?? 3);
const file = oneColumn();
const { newContext, url, close } = await openChromium({ files: { "/codes.csv": file } });

/** One upload in a page: its time, and the page's long tasks (over 50 ms) meanwhile. */
async function uploaded(page, { inWorker, again }) {
  return page.evaluate(
    async ([worker, twice]) => {
      const { CouponPools } = await import("coupon-pools");
      const { indexeddb } = await import("coupon-pools/stores/indexeddb");
      const { uploadWorker } = await import("coupon-pools/worker");
      const store = indexeddb({ name: `bench-${crypto.randomUUID()}` });
      const pools = new CouponPools({ store, ...(worker ? { uploads: uploadWorker() } : {}) });
      await pools.create({ handle: "spring", kind: "static" });
      const blob = await (await fetch("codes.csv")).blob();
      if (twice) await pools.upload("spring", blob);
      const tasks = [];
      const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration)));
      observer.observe({ type: "longtask" });
      await new Promise((resolve) => setTimeout(resolve, 200));
      let [longest, last] = [0, performance.now()];
      const ticking = setInterval(() => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }, 4);
      const started = performance.now();
      const { added, duplicatesInPool } = await pools.upload("spring", blob);
      const time = performance.now() - started;
      clearInterval(ticking);
      await new Promise((resolve) => setTimeout(resolve, 200));
      tasks.push(...observer.takeRecords().map((task) => task.duration));
      await store.close();
      return { time, added, duplicatesInPool, tasks, longest };
    },
    [inWorker, again],
  );
}

const contestants = [
  { name: "in the page", inWorker: false, again: false },
  { name: "in a worker", inWorker: true, again: false },
  { name: "in a worker, codes that the pool has", inWorker: true, again: true },
].map((contestant) => ({ ...contestant, times: [], tasks: [], gaps: [] }));
try {
  for (let run = 0; run < RUNS; run++) {
    for (const contestant of contestants) {
      const context = await newContext();
      const page = await context.newPage();
      await page.goto(url);
      const { time, added, duplicatesInPool, tasks, longest } = await uploaded(page, contestant);
      if (added + duplicatesInPool !== ROWS) throw new Error(`${added} were added`);
      contestant.times.push(time);
      contestant.tasks.push(tasks);
      contestant.gaps.push(longest);
      await context.close();
    }
  }
} finally {
  await close();
}
report({
  title: "Upload of 1,000,000 codes, IndexedDB in Chromium",
  work: { amount: ROWS, unit: "codes" },
  contestants,
});
for (const { name, tasks, gaps } of contestants) {
  const all = tasks.flat();
  const longest = all.length === 0 ? "none" : `${all.length}, the longest ${Math.max(...all).toFixed(0)} ms`;
  console.log(`${name}: tasks over 50 ms in ${RUNS} runs: ${longest}; longest wait ${Math.max(...gaps).toFixed(0)} ms`);
}
