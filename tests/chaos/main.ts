/** `make chaos`: 1,000,000 draws an engine (CHAOS_DRAWS), on the engines of CHAOS_ENGINES; prints the table, fails if anything is broken. */
import { ENGINES, type Engine } from "./places.js";
import { type ChaosResult, runChaos } from "./run.js";
import { tableOf } from "./table.js";

// Servers are taken along when the process exits, which a signal alone would not let it do.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const draws = Number(process.env.CHAOS_DRAWS ?? 1_000_000);
const engines = (process.env.CHAOS_ENGINES?.split(",") ?? ENGINES) as Engine[];
const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
console.log(
  `CHAOS_SEED=${seed} chooses who is killed and what each process does; when it happens is up to the machine.`,
);

const results: ChaosResult[] = [];
for (const engine of engines) {
  const result = await runChaos({
    engine,
    draws,
    seed,
    serverKills: 5,
    drawsAtOnce: 1_000,
    uploadCodes: 20_000,
    patience: 3_600_000,
  });
  results.push(result);
  console.log(tableOf([result]));
  for (const one of result.cases) console.error(`${engine}: ${one}`);
}
console.log(tableOf(results));
if (results.some(({ broken }) => Object.values(broken).some((count) => count > 0))) process.exitCode = 1;
