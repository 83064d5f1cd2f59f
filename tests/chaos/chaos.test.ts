/** The short form of `make chaos`: 50,000 draws an engine. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { ENGINES } from "./places.js";
import { runChaos } from "./run.js";
import { tableOf } from "./table.js";

for (const engine of ENGINES) {
  it(`nobody shares a code and nothing is lost, whoever is killed: ${engine}`, { timeout: 400_000 }, async (t) => {
    const result = await runChaos({
      engine,
      draws: 50_000,
      serverKills: 2,
      drawsAtOnce: 600,
      uploadCodes: 6_000,
      patience: 240_000,
      seed: Date.now() % 1_000_000,
    });
    t.diagnostic(`\n${tableOf([result])}`);
    assert.deepEqual(result.cases, []);
    assert.ok(result.draws >= 50_000, `${result.draws} draws were told`);
    assert.ok(result.kills >= 2 && result.repeats > 0, `${result.kills} kills, ${result.repeats} repeats`);
  });
}
