/** Many connections, and what becomes of them: conflicts, cuts, and the first start of all. */
import type { ClaimOutcome, Store } from "../../store.js";
import type { Bench, Case } from "../contract.js";
import { ok, rejects, same } from "../expect.js";
import { documentOf, itemOf, NOON, Stand, series } from "../stand.js";

/** More than most engines' locks are fair to. */
const CONNECTIONS = 16;

async function connections({ second }: Bench, stand: Stand, count = CONNECTIONS): Promise<Stand[]> {
  const stands = [stand];
  while (stands.length < count) stands.push(stand.through(await second()));
  return stands;
}

/** Repeats a call whose connection was cut, as a host would. */
async function again<Answer>(call: () => Promise<Answer>, cuts: { count: number }): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries === 100) throw error;
      cuts.count += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Notes what each use was told; the same use must never be told two codes, nor two uses one. */
class Told {
  private readonly codes = new Map<string, string>();
  private readonly uses = new Map<string, string>();

  take(use: string, outcome: ClaimOutcome | undefined): void {
    if (!outcome?.code) return;
    same(this.codes.get(use) ?? outcome.code, outcome.code, `${use} was told two codes.`);
    same(this.uses.get(outcome.code) ?? use, use, `${outcome.code} was told to two uses.`);
    this.codes.set(use, outcome.code);
    this.uses.set(outcome.code, use);
  }

  get size(): number {
    return this.codes.size;
  }
}

export const connectionCases: readonly Case[] = [
  [
    `nobody shares a code: ${CONNECTIONS} connections claim, retry each other's claims and release at once`,
    async (bench) => {
      const stand = await bench.pool();
      await stand.upload("b1", series("c", 150), NOON + 5);
      await stand.upload("b2", series("d", 350));
      const stands = await connections(bench, stand);
      const told = new Told();
      const released: string[] = [];
      await Promise.all(
        stands.map(async (mine, n) => {
          for (let round = 0; round < 8; round += 1) {
            // Each list is claimed by two connections, perhaps at the same moment.
            const uses = series(`u${n >> 1}-${round}-`, 6);
            const { outcomes } = await mine.claim(uses.map((use) => itemOf(use)));
            for (const [i, use] of uses.entries()) told.take(use, outcomes[i]);
            const own = await mine.drawn(`own-${n}-${round}`);
            if (round % 2 === 0) {
              same(await mine.release(`own-${n}-${round}`, own.number), { released: true, freed: true }, "release");
              released.push(own.code);
            } else {
              const use = `own-${n}-${round}`;
              ok(!(await mine.find({ key: own.code })).some(({ contact }) => contact !== `${use}@example.com`), use);
            }
          }
        }),
      );
      const figures = await stand.audit();
      same([told.size, released.length], [8 * 8 * 6, 64], "Everybody was served.");
      same(figures.assigned, 8 * 8 * 6 + 64, "assigned");
    },
  ],
  [
    "of many connections at an almost empty pool nobody comes away empty while a code is free",
    async (bench) => {
      const stand = await bench.pool();
      await stand.upload("b1", series("c", 60), NOON + 5);
      await stand.upload("b2", series("d", 40));
      const stands = await connections(bench, stand);
      const told = new Told();
      const empty: string[] = [];
      await Promise.all(
        stands.map(async (mine, n) => {
          const uses = series(`u${n}-`, 9);
          const { outcomes } = await mine.claim(uses.map((use) => itemOf(use)));
          for (const [i, use] of uses.entries()) told.take(use, outcomes[i]);
          empty.push(...uses.filter((_, i) => outcomes[i]?.code === null));
        }),
      );
      same([told.size, empty.length], [100, CONNECTIONS * 9 - 100], "The pool was drawn to its last code.");
      const { remaining, assigned } = await stand.audit();
      same([remaining, assigned], [0, 100], "stock");
    },
  ],
  [
    "deadlocks and conflicts of transactions are retried inside the store: the caller does not hear of a few",
    async (bench) => {
      const abortNext = bench.need("abortNext");
      const stand = await bench.pool();
      abortNext(2);
      await stand.upload("b1", series("c", 5));
      abortNext(3);
      same(await stand.draw("u1"), "c0", "claim");
      abortNext(1);
      same(await stand.release("u1", 1), { released: true, freed: true }, "release");
      abortNext(3);
      same((await stand.find({ key: "c0" })).length, 1, "find");
      abortNext(3);
      same(await stand.undo("b1"), { removed: 5, kept: 0 }, "undo");
      await stand.audit();
    },
  ],
  [
    "the retries have a bound: a call that meets nothing but conflicts ends with an error and has changed nothing",
    async (bench) => {
      const abortNext = bench.need("abortNext");
      const stand = await bench.pool();
      await stand.upload("b1", ["A"]);
      abortNext(1_000);
      await rejects(stand.draw("u1"), "A call went through that cannot have.");
      abortNext(0);
      same((await stand.audit()).assigned, 0, "Nothing was drawn.");
      same(await stand.draw("u1"), "A", "The next call is served.");
    },
  ],
  [
    "a call whose connection is cut in the middle is done whole or not at all, and the store goes on",
    async (bench) => {
      const cut = bench.need("cut");
      const stand = await bench.pool();
      await stand.upload("b1", series("c", 500));
      const told = new Told();
      const cuts = { count: 0 };
      let isOver = false;
      const cutting = (async () => {
        for (let times = 0; times < 10 && !isOver; times += 1) {
          await new Promise((resolve) => setTimeout(resolve, 40));
          await cut();
        }
      })();
      try {
        await Promise.all(
          series("", 8).map(async (n) => {
            for (let round = 0; round < 20; round += 1) {
              const uses = series(`u${n}-${round}-`, 3);
              const { outcomes } = await again(() => stand.claim(uses.map((use) => itemOf(use))), cuts);
              for (const [i, use] of uses.entries()) told.take(use, outcomes[i]);
            }
          }),
        );
        for (let round = 0; cuts.count === 0 && round < 2_000; round += 1) await again(() => stand.claim([]), cuts);
      } finally {
        isOver = true;
        await cutting;
      }
      ok(cuts.count > 0, "No call was cut: `cut` does nothing.");
      same(told.size, 8 * 20 * 3, "Everybody was served in the end.");
      const audit = () => stand.audit();
      same((await again(audit, cuts)).assigned, told.size, "No draw was made that nobody was told of.");
    },
  ],
  [
    "any number of processes set an empty database up at once, and all of them can work",
    async (bench) => {
      const { connect, close } = await bench.need("anew")();
      const stores: Store[] = [];
      try {
        stores.push(...(await Promise.all(series("", 6).map(() => connect()))));
        const saves = await Promise.all(
          stores.map((store) =>
            store.save({ tenant: bench.tenant, document: documentOf("first"), expected: null, untouched: false }),
          ),
        );
        same(saves.filter(({ saved }) => saved).length, 1, "One of them creates the pool.");
        const stands = stores.map((store) => new Stand(store, bench.tenant, {}, "first"));
        await stands[0]?.upload("b1", series("c", 20));
        const drawn = await Promise.all(stands.map((stand, n) => stand.drawn(`u${n}`)));
        same(new Set(drawn.map(({ code }) => code)).size, 6, "Each draws a code.");
        stores.push(await connect());
        same(
          await new Stand(stores[6] as Store, bench.tenant, {}, "first").draw("u0"),
          drawn[0]?.code,
          "A later start.",
        );
      } finally {
        for (const store of stores) await store.close?.();
        await close();
      }
    },
  ],
];
