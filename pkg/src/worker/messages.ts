/** What the page and an upload's thread say to each other. Everything in here survives structured cloning. */

import type { Whose } from "../failures.js";
import type { SheetOptions } from "../sheets.js";
import type { UploadSource } from "../source.js";

/** A `Worker`, the thread within it, or one end of a `MessageChannel`. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** An upload. */
export interface Start {
  module: WebAssembly.Module;
  /** `null`: a stream, whose pieces are asked for by the step `pull`, so that its own errors stay with the page. */
  source: Exclude<UploadSource, ReadableStream | AsyncIterable<Uint8Array>> | null;
  args: object;
  sheet: SheetOptions;
  /** The page's clock. */
  now: number;
}

/** To the thread. Every answer brings the page's clock; errors stay with the page, which keeps them by number. */
export type ToThread =
  | { start: Start }
  | { answer: number; reply: unknown; now: number }
  | { answer: number; failure: number; whose: Whose; now: number }
  | { abort: number };

/** To the page. */
export type ToPage =
  /** The thread lives as long as it holds this lock; `null` where there are no locks. */
  | { alive: string | null }
  | { ask: number; step: string; request: unknown }
  | { done: unknown }
  | { error: PlainError };

/** An error as plain data: cloning drops the properties and the class of one that is not JavaScript's own. */
export type PlainError =
  | { class: string; message: string; code: string; details: object; cause: PlainError | undefined }
  /** One that the page keeps. */
  | { failure: number }
  /** JavaScript's own, or anything else that can be thrown and cloned. */
  | { thrown: unknown };
