/** Runs the store contract with a test runner of a few lines, so that it runs where there is none. */

import { runStoreContract } from "coupon-pools/testing";

/** Runs all cases, one after another; answers how many passed, which failed and why, and which could not be made. */
export async function runContract(options) {
  const titles = [];
  const cases = [];
  const describe = (title, body) => {
    titles.push(title);
    body();
    titles.pop();
  };
  const it = (title, body) => cases.push({ name: [...titles, title].join(" > "), body });
  runStoreContract({ ...options, test: { describe, it } });
  const failed = [];
  const skipped = [];
  for (const { name, body } of cases) {
    try {
      await body({ skip: (reason) => skipped.push(`${name}: ${reason}`) });
    } catch (error) {
      failed.push(`${name}: ${error?.message ?? error}`);
    }
  }
  return { passed: cases.length - failed.length - skipped.length, failed, skipped };
}
