import { describe, it } from "node:test";
import { memory } from "../../../pkg/src/stores/memory.js";
import { runStoreContract } from "../../../pkg/src/testing/index.js";

for (const partitioned of [false, true]) {
  runStoreContract({
    name: partitioned ? "memory, partitioned" : "memory",
    test: { describe, it },
    capabilities: { listLags: partitioned },
    open: async () => ({ store: memory({ partitioned }), close: async () => {} }),
  });
}
