/** The performer: performs the steps of flows with the callbacks that the host injected. */

import {
  type BlockColumns,
  type ClaimColumns,
  claimedToColumns,
  codesToColumns,
  drawsToColumns,
  type PageColumns,
  toBlock,
  toItems,
} from "./columns.js";
import type { Perform } from "./driver.js";
import { CouponPoolsError } from "./errors.js";
import { blame, Failure } from "./failures.js";
import type { Listener } from "./listener.js";
import { LOOK_UPS } from "./look-ups.js";
import { type Calls, pause, type Send } from "./shops/calls.js";
import type { Store } from "./store.js";

/** How far an upload has come; `totalBytes` where it is known. */
export interface Progress {
  rows: number;
  bytes: number;
  totalBytes?: number | undefined;
}

/** What flows of one call may use. */
export interface Callbacks {
  store: Store;
  tenant: string;
  clock: () => number;
  notify?: (alert: unknown) => void | Promise<void>;
  /** Hears what happened. */
  events?: Listener;
  /** Calls to the shops that fill dynamic pools. */
  calls?: Calls;
  /** Has the `top_up` flow fill a dynamic pool for a draw that found it empty. */
  fill?: (need: { pool: string; count: number; wait: number }) => Promise<void>;
  /** Hears how far an upload has come: at each piece that is read, and each time the store has taken a block. */
  progress?: (progress: Progress) => void;
  /** Takes a piece of an export, or of the rejected rows of an upload; resolves when more is wanted. */
  emit?: (piece: Uint8Array) => Promise<void>;
}

/** How long a notifier may take before its delivery counts as failed and is tried again later. */
const NOTIFY_MS = 10_000;

/** A clock that tells no time would hand out codes that have expired. */
export function instantOf(now: unknown): number {
  if (typeof now === "number" && Number.isFinite(now)) return Math.floor(now);
  throw new CouponPoolsError("clock() did not answer milliseconds since 1970", {
    code: "INVALID_ARGUMENT",
    details: { option: "clock" },
  });
}

/** Performs steps, one after another. */
export function performer(callbacks: Callbacks): Perform {
  const { store, tenant } = callbacks;
  // The block on its way to the store while the next is parsed.
  let started: Promise<unknown> | undefined;
  return (step, request, keep = () => 0) => {
    switch (step) {
      case "top_up":
        return callbacks.fill?.(request as { pool: string; count: number; wait: number });
      case "shop":
        return callbacks.calls?.traits((request as { shop: string }).shop) ?? null;
      case "send":
        return callbacks.calls?.send(request as Send);
      case "receive":
        return callbacks.calls?.receive((request as { wait: number }).wait, keep);
      case "pause":
        return pause((request as { wait: number }).wait);
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
        return settle(started, callbacks, request as Progress);
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
      case "tell":
        return callbacks.progress?.(request as Progress);
      case "emit":
        return callbacks.emit?.(request as Uint8Array);
      default: {
        const look = LOOK_UPS[step];
        return look ? look(request) : plain(store, step, { tenant, ...(request as object) });
      }
    }
  };
}

/** Waits for the block, and tells how far the upload has come with it. */
async function settle(started: Promise<unknown> | undefined, callbacks: Callbacks, progress: Progress) {
  const answer = await started;
  try {
    callbacks.progress?.(progress);
  } catch (error) {
    throw blame(error, "tell");
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

async function claim(store: Store, tenant: string, columns: ClaimColumns): Promise<unknown> {
  const { pool, version, now, reuse, expiresAt, minValidity } = columns;
  const items = toItems(columns);
  const answer = await store.claim({ tenant, pool, version, now, reuse, expiresAt, minValidity, items });
  return read(() => (answer.status === "stale" ? answer : claimedToColumns(answer, items.length)));
}

/** Reads an answer of the store; what cannot be read is the store's fault. */
function read<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    throw new Failure("answer", error);
  }
}
