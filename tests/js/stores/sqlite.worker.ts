/** One of several processes that upload to and claim from the same file at once. */
import { setTimeout as sleep } from "node:timers/promises";
import { sqlite } from "../../../pkg/src/stores/sqlite.js";
import { blockOf, documentOf, itemOf, LEASE, NOON, Stand, series } from "../../../pkg/src/testing/stand.js";

const [file, id] = process.argv.slice(2) as [string, string];
const store = sqlite(file, { synchronous: "normal" });
const stand = new Stand(store, "default");
await store.save({ tenant: "default", document: documentOf("spring-sale"), expected: null, untouched: false });

for (;;) {
  const begun = await stand.begin(`batch-${id}`);
  if (begun.status === "begun") break;
  await sleep(5);
}
// Every process uploads 100 codes that all have and 900 of its own: the shared ones must come in once.
for (let n = 0; n < 10; n += 1) {
  const own = series(`p${id}-${n}-`, 90);
  await stand.add(`batch-${id}`, n, blockOf([...own, ...series(`shared-${n}-`, 10)]));
  await sleep(1);
}
await stand.commit(`batch-${id}`);

const drawn = new Map<string, string>();
let empty = 0;
for (let round = 0; round < 10_000 && empty < 200; round += 1) {
  // Half of the uses are this process's own, half are everybody's.
  const uses = series(`${round % 2 ? id : "all"}-${round}-`, 7);
  const { outcomes } = await stand.claim(uses.map((use) => itemOf(use)));
  empty = 0;
  const items = [];
  for (const [i, outcome] of outcomes.entries()) {
    const use = uses[i] as string;
    if (outcome.code === null) empty += 1;
    else if (round % 2 && i === 0 && round < 200) items.push({ use, number: outcome.number, answers: 1 });
    else drawn.set(use, outcome.code);
  }
  if (items.length > 0) await store.release({ ...stand.name, items, now: NOON + LEASE });
  if (empty === uses.length) {
    empty = 1000;
  }
}
process.send?.({ drawn: [...drawn], empty }, () => process.exit(0));
