/**
 * An upload's thread: reads the file and runs the flow over it. What only the page can do, it asks the page for: the
 * store's calls, the notifier, the stream of rejected rows, the clock. No code of the host's runs here.
 */

import type { Perform } from "../driver.js";
import { type Engine, type Glue, instantiate, type SheetArtefacts, type SheetClass } from "../engine.js";
import { Failure } from "../failures.js";
import { LOOK_UPS } from "../look-ups.js";
import { Reading, uploadOf } from "../reading.js";
import { open, type UploadSource } from "../source.js";
import { PageFailure, toPlain } from "./errors.js";
import type { Port, Start, ToPage, ToThread } from "./messages.js";

/** The glue of the artefacts that uploads use; their modules come from the page, which has compiled them. */
export interface Glues {
  manage: Glue<{ Engine: new () => Engine }>;
  xlsx: Glue<{ Sheet: SheetClass }>;
  spreadsheets: Glue<{ Sheet: SheetClass }>;
}

/** How often the page is told how far a file has been read, and asked for the time, in milliseconds. */
const TELL_MS = 50;

/** The page, as the thread sees it. */
class ThePage {
  /** Its clock, when it was last heard. */
  now = 0;
  /** When that was, by the thread's own; nothing was heard before the first answer. */
  heard = Number.NEGATIVE_INFINITY;
  readonly #port: Port;
  readonly #asked = new Map<number, { resolve: (reply: unknown) => void; reject: (failure: Failure) => void }>();
  #asks = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  /** Asks the page to perform a step. */
  ask(step: string, request: unknown): Promise<unknown> {
    const ask = ++this.#asks;
    return new Promise((resolve, reject) => {
      this.#asked.set(ask, { resolve, reject });
      this.say({ ask, step, request }, buffersIn(request));
    });
  }

  say(message: ToPage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  /** Takes an answer. */
  hear(message: Extract<ToThread, { answer: number }>): void {
    this.now = message.now;
    this.heard = performance.now();
    const asked = this.#asked.get(message.answer);
    this.#asked.delete(message.answer);
    if ("failure" in message) asked?.reject(new Failure(message.whose, new PageFailure(message.failure)));
    else asked?.resolve(message.reply);
  }
}

/** Serves one upload over a port. `alive` names a lock that is held for as long as the thread lives. */
export function serve(port: Port, glues: Glues, alive: string | null): void {
  const page = new ThePage(port);
  const aborter = new AbortController();
  port.onmessage = ({ data }: MessageEvent<ToThread>) => {
    if ("answer" in data) page.hear(data);
    else if ("abort" in data) aborter.abort(new PageFailure(data.abort));
    else
      uploadFor(page, data.start, glues, aborter.signal).then(
        (done) => page.say({ done }),
        (error) => page.say({ error: toPlain(error) }),
      );
  };
  page.say({ alive });
}

async function uploadFor(page: ThePage, start: Start, glues: Glues, signal: AbortSignal): Promise<unknown> {
  page.now = start.now;
  const source = start.source ?? pulled(page);
  const fromPage = (name: keyof SheetArtefacts) => ({
    glue: glues[name],
    load: () => page.ask("artefact", name) as Promise<WebAssembly.Module>,
  });
  const artefacts: SheetArtefacts = { xlsx: fromPage("xlsx"), spreadsheets: fromPage("spreadsheets") };
  const { Engine } = await instantiate({ glue: glues.manage, load: () => start.module });
  const pieces = open(source);
  try {
    const reading = new Reading(source, pieces, artefacts, start.sheet, signal);
    return await uploadOf(reading, new Engine(), start.args, performerFor(page), () => page.now);
  } finally {
    pieces.close();
  }
}

/** What the thread can do itself, it does; the page is told of the reading now and then, and asked for all else. */
function performerFor(page: ThePage): Perform {
  return (step, request) => {
    const look = LOOK_UPS[step];
    if (look) return look(request);
    if (step === "tell" && performance.now() - page.heard < TELL_MS) return undefined;
    return page.ask(step, request);
  };
}

/** The source is a stream of the page's. */
function pulled(page: ThePage): UploadSource {
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const value = (await page.ask("pull", null)) as Uint8Array | null;
    return value === null ? { done: true, value: undefined } : { done: false, value };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

/** The memory of a request's columns, which nobody else uses: it moves over instead of being copied. */
function buffersIn(request: unknown, found: ArrayBuffer[] = []): ArrayBuffer[] {
  if (ArrayBuffer.isView(request)) {
    if (request.buffer instanceof ArrayBuffer && !found.includes(request.buffer)) found.push(request.buffer);
  } else if (typeof request === "object" && request !== null) {
    for (const value of Object.values(request)) if (typeof value === "object") buffersIn(value, found);
  }
  return found;
}
