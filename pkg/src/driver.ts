/** The driver: performs the steps of a flow with the callbacks that the host injected, until the flow is done. */

import type { Engine, FlowState } from "./engine.js";
import { type EngineError, typedError } from "./engine-error.js";
import { CouponPoolsError, EngineCrashedError } from "./errors.js";
import { type DateRequest, formatDate, type LocalTime, resolveInstants } from "./intl.js";
import type { ClaimAnswer, ClaimItem, CodeBlock, FoundRow, Page, Store } from "./store.js";
import { cut, pack, type Texts, unpack } from "./texts.js";

/** What flows of one call may use. */
export interface Callbacks {
  store: Store;
  tenant: string;
  clock: () => number;
  notify?: (alert: unknown) => void | Promise<void>;
  /** The next chunk of an upload, `null` at its end; before the first, the worksheet that all chunks are sheet text of. */
  read?: (progress: { rows: number; bytes: number }) => Promise<Uint8Array | { kind: string; name: string } | null>;
  /** Hears how far an upload has come, each time the store has taken a block. */
  progress?: (progress: { rows: number; bytes: number }) => void;
  /** Takes a piece of an export, or of the rejected rows of an upload; resolves when more is wanted. */
  emit?: (piece: Uint8Array) => Promise<void>;
}

/** How long a notifier may take before its delivery counts as failed and is tried again later. */
const NOTIFY_MS = 10_000;

/** An answer of the store that the contract does not allow. */
class Malformed {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Engines that trapped: nothing in them is touched again. */
const crashed = new WeakSet<object>();

/** Whether an engine has trapped. */
export function hasCrashed(engine: Engine): boolean {
  return crashed.has(engine);
}

/** A callback of the host that failed within a step of the store. */
class HostFailure {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Failures that are the caller's own wish. */
export class Cancelled {
  readonly reason: unknown;
  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** What a flow came to, and the host's own failures on the way, by number: errors inside `done` may name them. */
export interface Run {
  done: unknown;
  failures: readonly unknown[];
}

/** Runs one flow to its end. */
export async function run(engine: Engine, kind: string, args: unknown, callbacks: Callbacks): Promise<Run> {
  const failures: unknown[] = [];
  const perform = performer(callbacks);
  const now = () => instantOf(callbacks.clock());
  const flow = guarded(engine, () => engine.start(kind, args));
  try {
    let state = guarded(engine, () => flow.resume(now(), undefined));
    for (;;) {
      if ("done" in state) return { done: state.done, failures };
      if ("error" in state) throw typedError(state.error as EngineError, failures);
      state = await next(state);
    }
  } finally {
    if (!crashed.has(engine)) flow.free();
  }

  async function next(state: { step: string; request: unknown }): Promise<FlowState> {
    let reply: unknown;
    try {
      reply = await perform(state.step, state.request);
    } catch (error) {
      const [cause, whose] = blame(error, state.step);
      const number = failures.push(cause) - 1;
      return guarded(engine, () => flow.fail(now(), number, whose));
    }
    return guarded(engine, () => flow.resume(now(), reply));
  }
}

function blame(error: unknown, step: string): [unknown, "store" | "host" | "abort" | "answer"] {
  if (error instanceof Cancelled) return [error.reason, "abort"];
  if (error instanceof Malformed) return [error.cause, "answer"];
  if (error instanceof HostFailure) return [error.cause, "host"];
  return [error, HOST_STEPS.has(step) ? "host" : "store"];
}

/** A clock that tells no time would hand out codes that have expired. */
function instantOf(now: unknown): number {
  if (typeof now === "number" && Number.isFinite(now)) return Math.floor(now);
  throw new CouponPoolsError("clock() did not answer milliseconds since 1970", {
    code: "INVALID_ARGUMENT",
    details: { option: "clock" },
  });
}

/**
 * Calls into an engine. A trap becomes a typed error, after which the engine is not called again; an error that the
 * bindings made on purpose becomes the class it names.
 */
export function guarded<T>(engine: object, call: () => T): T {
  if (crashed.has(engine)) throw engineCrashed(undefined);
  try {
    return call();
  } catch (error) {
    if (error instanceof CouponPoolsError) throw error;
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      crashed.add(engine);
      throw engineCrashed(error);
    }
    if (error instanceof Error && "class" in error) throw typedError(error as EngineError);
    throw error;
  }
}

function engineCrashed(cause: unknown): EngineCrashedError {
  const message = "the engine crashed and is replaced; nothing that it had not stored is kept";
  return new EngineCrashedError(message, { code: "ENGINE_CRASHED", cause });
}

const HOST_STEPS = new Set(["read", "emit", "notify", "normalize", "instants", "dates"]);

function performer(callbacks: Callbacks): (step: string, request: unknown) => unknown {
  const { store, tenant } = callbacks;
  // The block on its way to the store while the next is parsed.
  let started: Promise<unknown> | undefined;
  return (step, request) => {
    switch (step) {
      case "claim":
        return claim(store, tenant, request as ClaimColumns);
      case "add_block": {
        const { block, ...rest } = request as {
          block: BlockColumns;
          pool: string;
          batch: string;
          number: number;
          now: number;
          lease: number;
        };
        started = store.addBlock({ tenant, ...rest, block: toBlock(block) });
        // Its failure is heard when it is settled.
        started.catch(() => undefined);
        return undefined;
      }
      case "settle":
        return settle(started, callbacks, request as { rows: number; bytes: number });
      case "contains": {
        const { block, pool } = request as { block: BlockColumns; pool: string };
        return store.contains({ tenant, pool, block: toBlock(block) });
      }
      case "codes":
        return store.codes({ tenant, ...(request as PageColumns) }).then((page) => read(() => codesToColumns(page)));
      case "draws":
        return store.draws({ tenant, ...(request as PageColumns) }).then((page) => read(() => drawsToColumns(page)));
      case "notify":
        return notify(callbacks, request);
      case "read":
        return callbacks.read?.(request as { rows: number; bytes: number }) ?? null;
      case "emit":
        return callbacks.emit?.(request as Uint8Array);
      case "normalize":
        return pack(unpack(request as Texts).map((text) => text.normalize("NFC")));
      case "instants": {
        const { timeZone, times } = request as { timeZone: string; times: LocalTime[] };
        return resolveInstants(timeZone, times);
      }
      case "dates":
        return (request as DateRequest[]).map(formatDate);
      default:
        return plain(store, step, { tenant, ...(request as object) });
    }
  };
}

/** Waits for the block, and tells how far the upload has come with it. */
async function settle(
  started: Promise<unknown> | undefined,
  callbacks: Callbacks,
  progress: { rows: number; bytes: number },
): Promise<unknown> {
  const answer = await started;
  try {
    callbacks.progress?.(progress);
  } catch (error) {
    throw error instanceof Cancelled ? error : new HostFailure(error);
  }
  return answer;
}

/** Calls of the store contract that carry no lists of codes: as they are. */
function plain(store: Store, step: string, request: object): Promise<unknown> {
  const method = step.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const call = (store as unknown as Record<string, (request: object) => Promise<unknown>>)[method];
  if (typeof call !== "function") throw new TypeError(`the store has no method "${method}"`);
  return call.call(store, request);
}

async function notify(callbacks: Callbacks, alert: unknown): Promise<void> {
  if (callbacks.notify === undefined) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`onAlert took longer than ${NOTIFY_MS} ms`)), NOTIFY_MS);
  });
  try {
    await Promise.race([callbacks.notify(alert), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

interface ClaimColumns {
  pool: string;
  version: number;
  now: number;
  reuse: "per-message" | "per-contact" | "until-expired";
  expiresAt: number | null;
  minValidity: number;
  uses: string;
  holders: string;
  contacts: Texts;
  messages: Texts;
  slots: Texts;
  fallsBack: Uint8Array;
}

/** Length of a key: SHA-256 in base64url. */
const KEY_LENGTH = 43;
const CODE = 1;
const REPEAT = 2;
const FRESH = 4;
const EXPIRED = 8;

async function claim(store: Store, tenant: string, columns: ClaimColumns): Promise<unknown> {
  const { pool, version, now, reuse, expiresAt, minValidity } = columns;
  const uses = cut(columns.uses, KEY_LENGTH);
  const holders = cut(columns.holders, KEY_LENGTH);
  const contacts = unpack(columns.contacts);
  const messages = unpack(columns.messages);
  const slots = unpack(columns.slots);
  const items: ClaimItem[] = new Array(uses.length);
  // A send has one message: its text is kept once, however many uses a store keeps.
  let message = "";
  for (let index = 0; index < uses.length; index++) {
    if (messages[index] !== message) message = messages[index] as string;
    items[index] = {
      use: uses[index] as string,
      holder: holders[index] ?? null,
      contact: contacts[index] as string,
      message,
      slot: slots[index] as string,
      fallsBack: columns.fallsBack[index] === 1,
    };
  }
  const answer = await store.claim({ tenant, pool, version, now, reuse, expiresAt, minValidity, items });
  return read(() => (answer.status === "stale" ? answer : claimedToColumns(answer, items.length)));
}

/** Reads an answer of the store; what cannot be read is the store's fault. */
function read<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    throw new Malformed(error);
  }
}

function insist(fits: boolean, what: string): asserts fits {
  if (!fits) throw new TypeError(`the store's answer has no ${what}`);
}

function claimedToColumns(answer: ClaimAnswer & { status: "claimed" }, count: number): unknown {
  const { status, outcomes, remaining, added, alerts } = answer;
  insist(status === "claimed" && Array.isArray(outcomes) && outcomes.length === count, "outcome for each item");
  insist(Number.isSafeInteger(remaining) && Number.isSafeInteger(added), "counts");
  const codes = new Array<string>(count);
  const numbers = new Float64Array(count);
  const expiries = new Float64Array(count).fill(Number.NaN);
  const answers = new Uint32Array(count);
  const flags = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const outcome = outcomes[index] as (typeof outcomes)[number];
    if (outcome.code === null) {
      insist(outcome.reason === "expired" || outcome.reason === "empty", "reason");
      codes[index] = "";
      flags[index] = outcome.reason === "expired" ? EXPIRED : 0;
      continue;
    }
    insist(typeof outcome.code === "string" && outcome.code !== "", "code");
    insist(Number.isSafeInteger(outcome.number) && outcome.number > 0 && outcome.answers > 0, "draw");
    codes[index] = outcome.code;
    numbers[index] = outcome.number;
    if (outcome.expiresAt !== null) expiries[index] = outcome.expiresAt;
    answers[index] = outcome.answers;
    flags[index] = CODE | (outcome.repeat ? REPEAT : 0) | (outcome.fresh ? FRESH : 0);
  }
  return { status: "claimed", codes: pack(codes), numbers, expiries, answers, flags, remaining, added, alerts };
}

interface BlockColumns {
  codes: Texts;
  keys: Texts | null;
  fingerprints: Uint8Array;
  runs: { expiresAt: number | null; count: number }[];
}

function toBlock(block: BlockColumns): CodeBlock {
  const codes = unpack(block.codes);
  const keys = block.keys === null ? codes : unpack(block.keys).map((key, index) => key || (codes[index] as string));
  return { codes, keys, fingerprints: block.fingerprints, runs: block.runs };
}

interface PageColumns {
  pool: string;
  cursor: string | null;
  limit: number;
}

function instants(count: number, at: (index: number) => number | null): Float64Array {
  const column = new Float64Array(count);
  for (let index = 0; index < count; index++) column[index] = at(index) ?? Number.NaN;
  return column;
}

function codesToColumns(page: Page<{ code: string; expiresAt: number | null }>): unknown {
  const { rows, next } = page;
  return {
    codes: pack(rows.map((row) => row.code)),
    expiries: instants(rows.length, (index) => rows[index]?.expiresAt ?? null),
    next,
  };
}

function drawsToColumns(page: Page<FoundRow>): unknown {
  const { rows, next } = page;
  return {
    texts: pack(rows.flatMap((row) => [row.code, row.batch, row.contact, row.message, row.slot])),
    forgotten: Uint8Array.from(rows, (row) => (row.contact === null ? 1 : 0)),
    numbers: instants(rows.length, (index) => rows[index]?.number ?? null),
    instants: Float64Array.from(
      rows.flatMap((row) => [row.expiresAt, row.drawnAt, row.redeemedAt]),
      (at) => at ?? Number.NaN,
    ),
    next,
  };
}
