/** What `consumer/contract.js` answers when a store keeps the contract. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

/** Fails with the names of the cases that failed, or if hardly any ran; says which could not be made there. */
export function assertContractKept(outcome: unknown, t: TestContext): void {
  const { passed, failed, skipped } = outcome as { passed: number; failed: string[]; skipped: string[] };
  const shown = failed.slice(0, 10).join("\n");
  assert.equal(failed.length, 0, `${failed.length} of ${failed.length + passed} cases failed, first:\n${shown}`);
  assert.ok(passed > 50, `only ${passed} cases ran`);
  for (const one of skipped) t.diagnostic(`skipped: ${one}`);
  t.diagnostic(`${passed} cases passed`);
}
