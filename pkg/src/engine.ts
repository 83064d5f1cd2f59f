/** Instances of the wasm engine: one that calls share, and fresh ones for work that must not outlive its memory. */

import type { Migration } from "./options.js";

/** The engine as the bindings export it. */
export interface Engine {
  /** Begins a flow; nothing happens before its first `resume`. */
  start(kind: string, args: unknown): Flow;
  /** Parses a template and keeps it under an id, until `forget`. */
  compile(
    parts: readonly { part: string; text: string }[],
    mode: string,
    nonce: string | undefined,
    next: string | undefined,
  ): Compiled;
  /** Lets a template go. */
  forget(id: number): void;
  /** Rewrites a vendor's coupon tags. Only `manage` has it. */
  migrate(
    parts: readonly { part: string; text: string }[],
    vendor: string,
    handles: readonly { name: string; handle: string }[],
  ): { texts: string[] } & Omit<Migration, "template">;
  /** So many different codes of a pattern. Only `manage` has it. */
  generate(pattern: unknown, count: number): { text: string; ends: Uint32Array };
}

/** A parsed template: where its static text stands, and what it asks for. */
export interface Compiled {
  id: number;
  /** For each part, the ends of its static segments' starts and ends in UTF-16 code units: start, end, start, end, … */
  segments: Uint32Array[];
}

/** A flow under way. */
export interface Flow {
  resume(now: number, reply: unknown): FlowState;
  fail(now: number, failure: number, whose: "store" | "host" | "abort" | "answer"): FlowState;
  free(): void;
}

/** What a flow has come to. */
export type FlowState = { step: string; request: unknown } | { done: unknown } | { error: unknown };

/** A worksheet that is being read, as the bindings export it. */
export interface Sheet {
  /** The next piece of sheet text, which may be empty; `undefined` at the end. */
  next(): Uint8Array | undefined;
  /** Bytes of the file that were read so far. */
  position(): number;
  /** What kind of file it is. */
  kind(): string;
  /** The worksheet's name. */
  name(): string;
}

/** Opens a file: a `Blob` where a thread may wait for one, or else a function that gives its bytes. */
export type SheetClass = new (
  file: Blob | ((offset: number, length: number) => Uint8Array),
  size: number,
  options: { sheet: string | number | undefined; limits: object },
) => Sheet;

/** wasm-bindgen's glue: each call gives a fresh instance of it, with a memory of its own once it is initialised. */
export type Glue<Exports> = () => Exports & {
  (options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  initSync(options: { module: WebAssembly.Module }): unknown;
};

/** A wasm artefact: its glue, and where its compiled module comes from: at once, or by a promise that is made once. */
export interface Artefact<Exports = { Engine: new () => Engine }> {
  glue: Glue<Exports>;
  load: () => WebAssembly.Module | Promise<WebAssembly.Module>;
}

/** The artefacts of the package. Each host's entry knows where they are. */
export interface Artefacts extends SheetArtefacts {
  /** Draws: draw, release. */
  core: Artefact;
  /** Also templates: compile, render. */
  mail: Artefact;
  /** Also pools, uploads, look-ups, exports, previews, top-ups, maintenance. */
  manage: Artefact;
}

/** Readers of spreadsheets, for uploads of such files. */
export interface SheetArtefacts {
  /** `.xlsx` and `.xlsm`. */
  xlsx: Artefact<{ Sheet: SheetClass }>;
  /** `.xlsb`, `.xls` and `.ods`. */
  spreadsheets: Artefact<{ Sheet: SheetClass }>;
}

/** A fresh instance of an artefact, whose memory goes when it does. Synchronous where the module is at hand. */
export function instantiate<Exports>({ glue, load }: Artefact<Exports>): Exports | Promise<Exports> {
  const module = load();
  if (module instanceof Promise) return module.then((ready) => instantiateLater(glue, ready));
  const exports = glue();
  exports.initSync({ module });
  return exports;
}

/** Browsers refuse large synchronous work on the page's thread. */
async function instantiateLater<Exports>(glue: Glue<Exports>, module: WebAssembly.Module): Promise<Exports> {
  const exports = glue();
  await exports({ module_or_path: module });
  return exports;
}

/** Engines over one artefact. A crashed engine is never used again; the next caller gets a new one. */
export class Engines {
  readonly #artefact: Artefact;
  #shared: Engine | Promise<Engine> | undefined;

  constructor(artefact: Artefact) {
    this.#artefact = artefact;
  }

  /** The engine that calls share. Synchronous where the module is at hand, so that no promise is shared. */
  shared(): Engine | Promise<Engine> {
    if (this.#shared === undefined) {
      const engine = this.fresh();
      this.#shared = engine;
      if (engine instanceof Promise) {
        engine.then(
          (ready) => {
            if (this.#shared === engine) this.#shared = ready;
          },
          () => {
            if (this.#shared === engine) this.#shared = undefined;
          },
        );
      }
    }
    return this.#shared;
  }

  /** An engine of its own, whose memory goes when it does. */
  fresh(): Engine | Promise<Engine> {
    const exports = instantiate(this.#artefact);
    return exports instanceof Promise ? exports.then(({ Engine }) => new Engine()) : new exports.Engine();
  }

  /** Stops sharing an engine that has crashed. */
  discard(engine: Engine): void {
    if (this.#shared === engine) this.#shared = undefined;
  }
}
