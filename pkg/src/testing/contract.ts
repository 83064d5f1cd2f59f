/**
 * The store contract as cases: what `store.ts` says, one promise a case. Any store passes all of them or is not a
 * store. Cases run under whatever test runner is handed in, in Node, a browser or a Worker.
 */
import type { PoolDocument, Store } from "../store.js";
import { booksCases } from "./cases/books.js";
import { claimCases } from "./cases/claims.js";
import { clockCases } from "./cases/clocks.js";
import { connectionCases } from "./cases/connections.js";
import { documentCases } from "./cases/documents.js";
import { faultCases } from "./cases/faults.js";
import { lookupCases } from "./cases/lookups.js";
import { raceCases } from "./cases/races.js";
import { releaseCases } from "./cases/releases.js";
import { scheduleCases } from "./cases/schedule.js";
import { textCases } from "./cases/texts.js";
import { undoCases } from "./cases/undo.js";
import { uploadCases } from "./cases/uploads.js";
import { Stand } from "./stand.js";

/**
 * One database under test. The hooks that may be missing are how the suite makes trouble: cases that need one which is
 * not there are reported as skipped, with its name.
 */
export interface Opened {
  store: Store;
  /** Opens one more connection to the same database; without it, cases use `store` twice. */
  connect?: () => Promise<Store>;
  /** Makes the engine throw at its `call`-th call from now (from 1), once; `null`: no more. */
  failAt?: (call: number | null) => void;
  /**
   * Makes the engine abort the next `times` transactions of `store`, as it does on its own when it sees a deadlock or
   * two transactions that cannot both have happened. For engines whose clients must expect that.
   */
  abortNext?: (times: number) => void;
  /** Cuts all connections of `store` at this moment, whatever they are doing. */
  cut?: () => Promise<void>;
  /** A database that nobody has set up. Each `connect` does what a process does at its start, set-up included. */
  anew?: () => Promise<{ connect: () => Promise<Store>; close: () => Promise<void> }>;
  close: () => Promise<void>;
}

export interface Capabilities {
  /** `list` answers stock of some moments ago: cases wait for it. */
  listLags?: boolean;
}

/** What test runners hand to a test's body; node:test and Vitest let it skip itself. */
export interface TestContext {
  skip?: (reason: string) => unknown;
}

/** The two functions of a test runner that the suite needs; node:test, Vitest, mocha and jest all have them. */
export interface TestFunctions {
  describe: (title: string, body: () => void) => unknown;
  it: (title: string, body: (context?: TestContext) => Promise<void>) => unknown;
}

export interface StoreContractOptions {
  /** Names the suite. */
  name: string;
  /** Opens a database; may be the same one each time: every case has a tenant of its own. */
  open: () => Promise<Opened>;
  capabilities?: Capabilities;
  /** Default: the global `describe` and `it`. */
  test?: TestFunctions;
  /** Seed of the random schedules. Default 1. */
  seed?: number;
}

/** What a case works with. */
export interface Bench {
  opened: Opened;
  store: Store;
  /** A further connection, or the first again. */
  second: () => Promise<Store>;
  /** A hook of the database under test; without it the case ends here and is reported as skipped. */
  need: <Hook extends keyof Opened>(hook: Hook) => NonNullable<Opened[Hook]>;
  capabilities: Capabilities;
  seed: number;
  tenant: string;
  /** A new pool in this case's tenant. */
  pool: (settings?: Partial<PoolDocument>, handle?: string) => Promise<Stand>;
}

export type Case = readonly [promise: string, run: (bench: Bench) => Promise<void>];

const GROUPS: readonly (readonly [string, readonly Case[]])[] = [
  ["documents", documentCases],
  ["uploads", uploadCases],
  ["undo", undoCases],
  ["claims", claimCases],
  ["releases", releaseCases],
  ["look-ups", lookupCases],
  ["books", booksCases],
  ["texts", textCases],
  ["clocks", clockCases],
  ["races", raceCases],
  ["connections", connectionCases],
  ["faults", faultCases],
  ["schedules", scheduleCases],
];

let tenants = 0;

/** Registers the contract's cases with a test runner. */
export function runStoreContract(options: StoreContractOptions): void {
  const test = options.test ?? (globalThis as unknown as TestFunctions);
  if (typeof test.describe !== "function" || typeof test.it !== "function") {
    throw new TypeError("runStoreContract needs { describe, it }: pass your test runner's as `test`.");
  }
  test.describe(`store contract: ${options.name}`, () => {
    for (const [group, cases] of GROUPS) {
      test.describe(group, () => {
        for (const [promise, run] of cases) test.it(promise, (context) => answered(runCase(options, run, context)));
      });
    }
  });
}

/** Minutes after which a case is given up: far more than the slowest takes on a busy machine. */
const PATIENCE = 10;

/** A store that never answers, or never closes, fails its case instead of holding the whole run up. */
async function answered(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`No end after ${PATIENCE} minutes: a call of the store was never answered.`)),
      PATIENCE * 60_000,
    );
  });
  try {
    await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a case that cannot be made on this database. */
class NotThere extends Error {}

async function runCase(options: StoreContractOptions, run: Case[1], context?: TestContext): Promise<void> {
  const opened = await options.open();
  const connections: Store[] = [];
  tenants += 1;
  const tenant = `tenant-${tenants}-${Date.now().toString(36)}`;
  let missing = "";
  try {
    await run({
      opened,
      store: opened.store,
      second: async () => {
        if (!opened.connect) return opened.store;
        const store = await opened.connect();
        connections.push(store);
        return store;
      },
      need: (hook) => {
        const found = opened[hook];
        if (!found) throw new NotThere(`open() of ${options.name} gives no \`${hook}\``);
        return found;
      },
      capabilities: options.capabilities ?? {},
      seed: options.seed ?? 1,
      tenant,
      pool: (settings, handle) => new Stand(opened.store, tenant, settings, handle).create(),
    });
  } catch (error) {
    if (!(error instanceof NotThere)) throw error;
    missing = error.message;
  } finally {
    for (const store of connections) await store.close?.();
    await opened.close();
  }
  if (missing === "") return;
  // As a method: runners keep the test's own state in `this`.
  if (context?.skip) context.skip(missing);
  else console.warn(`Not checked: ${missing}.`);
}
