/** What a stranger's test file looks like under Vitest; run by `../vitest.test.ts`. */
import { describe, it } from "vitest";
import { memory } from "../../../pkg/src/stores/memory.js";
import { runStoreContract } from "../../../pkg/src/testing/index.js";

runStoreContract({
  name: "memory",
  open: async () => ({ store: memory(), close: async () => {} }),
  test: { describe, it },
});
