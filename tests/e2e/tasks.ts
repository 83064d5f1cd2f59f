/** What a page's own thread did, by the browser's trace: in the processor's time, which a busy machine does not stretch. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** The longest task of the page's own thread while this runs, in milliseconds of the processor's time. */
export async function longestTask(page: Page, work: () => Promise<void>): Promise<number> {
  const browser = page.context().browser();
  assert.ok(browser);
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  let trace: Buffer;
  try {
    await page.evaluate((mark) => void performance.mark(mark), MARK);
    await work();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  // The browser's own pages have threads of the same name.
  const own = traceEvents.find(({ name }) => name === MARK);
  const tasks = traceEvents
    .filter(({ name, pid, tid }) => /RunTask$/.test(name) && pid === own?.pid && tid === own.tid)
    .map(({ tdur = 0 }) => tdur / 1_000);
  assert.ok(tasks.length > 10, `the trace has ${tasks.length} tasks of the page`);
  return Math.max(...tasks);
}

const MARK = "the thread of this page";

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Of the processor's time, in microseconds. */
  tdur?: number;
}
