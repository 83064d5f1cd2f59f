/** One of several processes that set up, upload to and draw from the same schema, whatever becomes of the server. */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { postgres } from "../../../pkg/src/stores/postgres.js";
import { blockOf, documentOf, itemOf, Stand, series } from "../../../pkg/src/testing/stand.js";

const [url, schema, id] = process.argv.slice(2) as [string, string, string];
const pool = new pg.Pool({ connectionString: url, max: 2 });
pool.on("error", () => {});
const store = postgres(pool, { schema });
const stand = new Stand(store, "t");

async function insist<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries === 1_000) throw error;
      await sleep(20);
    }
  }
}

await insist(() => store.migrate());
await insist(() => store.save({ tenant: "t", document: documentOf("spring-sale"), expected: null, untouched: false }));
while ((await insist(() => stand.begin(`batch-${id}`))).status === "busy") await sleep(5);
for (let n = 0; n < 10; n += 1) {
  await insist(() => stand.add(`batch-${id}`, n, blockOf(series(`p${id}-${n}-`, 100))));
}
await insist(() => stand.commit(`batch-${id}`));

for (let round = 0; round < 100; round += 1) {
  // Half of the uses are this process's own, half are everybody's.
  const uses = series(`${round % 2 ? id : "all"}-${round}-`, 5);
  const { outcomes } = await insist(() => stand.claim(uses.map((use) => itemOf(use))));
  process.send?.(
    outcomes.flatMap((outcome, i) => (outcome.code === null ? [] : [[uses[i], outcome.code, outcome.number]])),
  );
}
process.send?.([], () => process.exit(0));
