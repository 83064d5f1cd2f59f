/** The judge: it finds nothing where a store keeps its promises, and names the promise that one breaks. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CouponPools } from "coupon-pools";
import type { ClaimOutcome, Store } from "../../pkg/src/store.js";
import { memory } from "../../pkg/src/stores/memory.js";
import { type SqliteDatabase, sqlite } from "../../pkg/src/stores/sqlite.js";
import { seeded } from "../../pkg/src/testing/random.js";
import type { Promised } from "./history.js";
import { judge, type Verdict } from "./judge.js";
import { Log, readLog } from "./log.js";
import { POOLS, Sender } from "./sender.js";

const NOON = Date.UTC(2026, 0, 15, 12);

/** Four senders side by side in this process for some hundred calls, whose lives end and begin again; then the verdict. */
async function verdictOn(working: Store, whole = working, after = () => {}): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "coupon-pools-judge-"));
  let now = NOON;
  const clock = () => now;
  const paths = [0, 1, 2, 3].map((place) => join(folder, `${place}.log`));
  try {
    const pools = new CouponPools({ store: working, clock });
    for (const [handle, settings] of Object.entries(POOLS)) await pools.create({ handle, kind: "static", ...settings });
    for (const life of [0, 1]) {
      const lives = paths.map((path, place) => {
        const log = new Log(path);
        const random = seeded(100 * life + place);
        const limits = { drawsAtOnce: 20, uploadCodes: 200, contacts: 50 };
        const sender = new Sender({ ...limits, pools, log, name: `p${place}`, life, random, clock, onDrawn: () => {} });
        return { log, sender };
      });
      const work = async ({ log, sender }: (typeof lives)[number]) => {
        await sender.upload("per-mail");
        for (let turns = 0; turns < 80; turns += 1) {
          await sender.turn();
          now += 1_000;
        }
        log.close();
      };
      await Promise.all(lives.map(work));
    }
    after();
    return await judge(paths.map(readLog), whole, clock);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A store some of whose methods do something else. */
const changed = (store: Store, changes: Partial<Store>): Store => Object.assign(Object.create(store), changes);

function assertNames(verdict: Verdict, promise: Promised): void {
  assert.ok(verdict.draws > 1_000, `only ${verdict.draws} draws were made`);
  assert.ok(verdict.broken[promise] > 0, `"${promise}" was not named: ${JSON.stringify(verdict)}`);
}

describe("the chaos's judge", () => {
  it("finds nothing in a store that keeps its promises", async () => {
    const verdict = await verdictOn(memory());
    assert.deepEqual(verdict.cases, []);
    assert.ok(verdict.draws > 1_000 && verdict.repeats > 100, JSON.stringify(verdict));
    assert.ok(verdict.uploads > 10 && verdict.undos > 0, JSON.stringify(verdict));
  });

  it("names a claim that does not look whether the use was answered before", async () => {
    const store = memory();
    let claims = 0;
    const forgetful = changed(store, {
      claim: (request) => {
        claims += 1;
        const items = request.items.map((item) => ({
          ...item,
          use: item.use.slice(0, 30) + `${claims}`.padStart(13, "0"),
        }));
        return store.claim({ ...request, items });
      },
    });
    assertNames(await verdictOn(forgetful, store), "retry");
  });

  it("names a code that goes to two", async () => {
    const store = memory();
    const last = new Map<string, ClaimOutcome>();
    let answers = 0;
    const generous = changed(store, {
      claim: async (request) => {
        const answer = await store.claim(request);
        if (answer.status === "stale") return answer;
        const outcomes = answer.outcomes.map((outcome) => {
          if (outcome.code === null || outcome.repeat) return outcome;
          answers += 1;
          const before = last.get(request.pool);
          last.set(request.pool, outcome);
          return answers % 50 === 0 && before?.code ? { ...outcome, code: before.code } : outcome;
        });
        return { ...answer, outcomes };
      },
    });
    assertNames(await verdictOn(generous, store), "shared");
  });

  it("names draws that were answered before they were committed, and then were not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "coupon-pools-judge-"));
    const Database = createRequire(import.meta.url)("libsql") as new (path: string) => SqliteDatabase;
    const database = new Database(join(folder, "pools.db"));
    let drew = false;
    let commits = 0;
    const hasty: SqliteDatabase = {
      exec(sql) {
        if (sql === "COMMIT" && drew) commits += 1;
        const lost = sql === "COMMIT" && drew && commits % 20 === 0;
        if (sql === "COMMIT") drew = false;
        return database.exec(lost ? "ROLLBACK" : sql);
      },
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          all: (...values) => statement.all(...values),
          run: (...values) => {
            drew ||= sql.includes("INSERT INTO coupon_draws");
            return statement.run(...values);
          },
        };
      },
    };
    const store = sqlite(hasty, { synchronous: "normal" });
    assertNames(await verdictOn(store), "lost");
    database.close?.();
    rmSync(folder, { recursive: true, force: true });
  });

  it("names an upload that is not whole", async () => {
    const store = memory();
    let blocks = 0;
    const careless = changed(store, {
      addBlock: async (request) => {
        blocks += 1;
        if (blocks % 4 !== 0) return store.addBlock(request);
        const { codes, keys, fingerprints, runs } = request.block;
        const [run] = runs;
        const block = {
          codes: codes.slice(0, 1),
          keys: keys.slice(0, 1),
          fingerprints: fingerprints.slice(0, 8),
          runs: [{ expiresAt: run?.expiresAt ?? null, count: 1 }],
        };
        return store.addBlock({ ...request, block });
      },
    });
    assertNames(await verdictOn(careless, store), "upload");
  });

  it("names counts that do not add up", async () => {
    const store = memory();
    const miscounting = changed(store, {
      counts: async (request) => {
        const stock = await store.counts(request);
        return stock && { ...stock, expiries: stock.expiries.map((sum) => ({ ...sum, void: sum.void + 1 })) };
      },
    });
    assertNames(await verdictOn(store, miscounting), "counts");
  });

  it("names a release that gives the code back and leaves the draw", async () => {
    const store = memory();
    let releases = 0;
    const double = changed(store, {
      release: async (request) => {
        releases += 1;
        if (releases % 3 !== 0) return store.release(request);
        return request.items.map(() => ({ released: true, freed: true }) as const);
      },
    });
    assertNames(await verdictOn(double, store), "invented");
  });
});
