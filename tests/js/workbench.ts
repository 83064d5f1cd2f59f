/** A bench for tests of the public face: the same test over each store, with a clock that the test turns. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe } from "node:test";
import { type Alert, CouponPools, type CouponPoolsError, type CouponPoolsOptions, type Store } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { type SqliteDatabase, sqlite } from "coupon-pools/stores/sqlite";
import type { UploadRunner } from "coupon-pools/worker";
import type { UploadJob } from "../../pkg/dist/upload.js";
import type { Port } from "../../pkg/dist/worker/messages.js";
import { uploadIn } from "../../pkg/dist/worker/page.js";
import { type Glues, serve } from "../../pkg/dist/worker/thread.js";
import { Stand } from "../../pkg/src/testing/stand.js";
import { createGlue as manage } from "../../pkg/wasm/manage.glue.js";
import { createGlue as spreadsheets } from "../../pkg/wasm/spreadsheets.glue.js";
import { createGlue as xlsx } from "../../pkg/wasm/xlsx.glue.js";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Noon of a Thursday in UTC; tests count from here. */
export const NOON = Date.UTC(2026, 0, 15, 12);

const Database = createRequire(import.meta.url)("libsql") as new (path: string) => SqliteDatabase;

export class Bench {
  now = NOON;
  readonly alerts: Alert[] = [];
  /** The store of `pools`. */
  readonly store: Store;
  readonly pools: CouponPools;

  /** A bench over the memory store, for tests that no store can make a difference to. */
  static inMemory(options: Partial<CouponPoolsOptions> = {}): Bench {
    const store = memory();
    return new Bench(() => store, options);
  }

  constructor(
    readonly connect: () => Store,
    readonly options: Partial<CouponPoolsOptions> = {},
  ) {
    this.store = connect();
    this.pools = this.over(this.store);
  }

  /** Another `CouponPools` over a connection of its own to the same data. */
  another(options: Partial<CouponPoolsOptions> = {}): CouponPools {
    return this.over(this.connect(), options);
  }

  /** A `CouponPools` over this store, with the bench's clock. */
  over(store: Store, options: Partial<CouponPoolsOptions> = {}): CouponPools {
    return new CouponPools({
      store,
      clock: () => this.now,
      onAlert: (alert) => void this.alerts.push(alert),
      ...this.options,
      ...options,
    });
  }

  /** A pool with these codes. */
  async pool(handle: string, codes: readonly string[], settings: object = {}): Promise<void> {
    await this.pools.create({ handle, kind: "static", ...settings });
    if (codes.length > 0) await this.pools.upload(handle, codes.join("\n"), { header: false });
  }

  /** Promises 1 and 3, row by row: no code has two holders, none is lost, and the public figures add up. */
  async audit(handle: string, tenant = "default") {
    const rows = await new Stand(this.store, tenant, {}, handle).audit();
    const { remaining, assigned, expired, void: taken, added } = await this.over(this.store, { tenant }).get(handle);
    assert.equal((remaining ?? 0) + assigned + expired + taken, added);
    assert.equal(assigned, rows.assigned);
    assert.equal(added, rows.added - rows.undone);
    return { remaining, assigned, expired, added };
  }
}

/** Runs the tests over the memory store and over SQLite. `open` gives a fresh bench. */
export function overEveryStore(title: string, tests: (open: () => Bench) => void): void {
  describe(`${title}, over memory`, () => {
    tests(() => Bench.inMemory());
  });
  describe(`${title}, over sqlite`, () => {
    const folder = mkdtempSync(join(tmpdir(), "coupon-pools-"));
    const open: SqliteDatabase[] = [];
    let files = 0;
    after(() => {
      for (const database of open) database.close?.();
      rmSync(folder, { recursive: true, force: true });
    });
    tests(() => {
      files += 1;
      const path = join(folder, `${files}.db`);
      return new Bench(() => {
        const database = new Database(path);
        open.push(database);
        return sqlite(database, { synchronous: "normal" });
      });
    });
  });
}

/** The same, and over the memory store with uploads in threads. */
export function overEveryStoreAndThread(title: string, tests: (open: () => Bench) => void): void {
  overEveryStore(title, tests);
  describe(`${title}, in a thread`, () => {
    tests(() => Bench.inMemory({ uploads: channelled() }));
  });
}

/** What a thread over a channel lets a test do and see. */
export interface Channelled {
  glues?: Partial<Glues>;
  /** Whether its script is there. */
  loads?: boolean;
  /** Called with the way to let it die. */
  onStart?: (die: (cause: unknown) => void) => void;
  /** Hears what it is told, and what it says. */
  onMessage?: (message: unknown) => void;
  onEnd?: () => void;
}

/** Uploads over a channel, as they run in workers: all that crosses is cloned, and nothing else is shared. */
export function channelled({ glues = {}, loads = true, onStart, onMessage, onEnd }: Channelled = {}): UploadRunner {
  return {
    run(job) {
      const { port1, port2 } = new MessageChannel();
      if (loads) serve(port2 as unknown as Port, { manage, xlsx, spreadsheets, ...glues }, null);
      if (onMessage) for (const port of [port1, port2]) port.addEventListener("message", ({ data }) => onMessage(data));
      const end = () => {
        port1.close();
        onEnd?.();
      };
      return uploadIn({ port: port1 as unknown as Port, onLost: (lost) => onStart?.(lost), end }, job as UploadJob);
    },
  };
}

export type Method = Exclude<keyof Store, "traits" | "close">;

/** One call of a store, and the way to let it happen. */
export interface Call {
  method: Method;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests of every method.
  request: any;
  go: () => Promise<unknown>;
}

/** A store whose calls are written down, and may be changed by `around`. */
export function watched(store: Store, around: (call: Call) => unknown = (call) => call.go()) {
  const calls: Call[] = [];
  const proxy = new Proxy(store, {
    get(target, name: Method) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return async (request: unknown) => {
        const call: Call = { method: name, request, go: () => method.call(target, request) };
        calls.push(call);
        return around(call);
      };
    },
  });
  return {
    store: proxy,
    calls,
    /** The requests of one method so far. */
    of: (method: Method) => calls.filter((call) => call.method === method).map((call) => call.request),
  };
}

/** `count` codes: `PREFIX-1`, `PREFIX-2`, … */
export const codes = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);

/** The error that a call ends with. */
export async function failure(promise: Promise<unknown>, what = "the call"): Promise<CouponPoolsError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof Error, `${what} was to fail and did not`);
  return outcome as CouponPoolsError;
}

/** Fails instead of waiting for ever. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within 2 s`)), 2_000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A promise and its ends. */
export function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** The whole of a stream as text. */
export async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream as unknown as BodyInit).text().then((text) => text.replace(/^\uFEFF/, ""));
}
