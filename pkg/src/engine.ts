/** Instances of the wasm engine: one that calls share, and fresh ones for work that must not outlive its memory. */

/** The engine as the bindings export it. */
export interface Engine {
  /** Begins a flow; nothing happens before its first `resume`. */
  start(kind: string, args: unknown): Flow;
  /** Parses a template and keeps it under an id, until `forget`. */
  compile(parts: readonly { part: string; text: string }[], mode: string, nonce: string | undefined): Compiled;
  /** Lets a template go. */
  forget(id: number): void;
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

/** wasm-bindgen's glue: each call gives a fresh instance of it, with a memory of its own once it is initialised. */
export type Glue = () => {
  (options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  initSync(options: { module: WebAssembly.Module }): unknown;
  Engine: new () => Engine;
};

/** A wasm artefact: its glue, and where its compiled module comes from: at once, or by a promise that is made once. */
export interface Artefact {
  glue: Glue;
  load: () => WebAssembly.Module | Promise<WebAssembly.Module>;
}

/** The artefacts of the package. Each host's entry knows where they are. */
export interface Artefacts {
  /** Draws: draw, release. */
  core: Artefact;
  /** Also templates: compile, render. */
  mail: Artefact;
  /** Everything: also pools, uploads, look-ups, exports, previews, maintenance. */
  manage: Artefact;
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
    const { glue, load } = this.#artefact;
    const module = load();
    return module instanceof Promise
      ? module.then((ready) => instantiateLater(glue, ready))
      : instantiate(glue, module);
  }

  /** Stops sharing an engine that has crashed. */
  discard(engine: Engine): void {
    if (this.#shared === engine) this.#shared = undefined;
  }
}

function instantiate(createGlue: Glue, module: WebAssembly.Module): Engine {
  const glue = createGlue();
  glue.initSync({ module });
  return new glue.Engine();
}

/** Browsers refuse large synchronous work on the page's thread. */
async function instantiateLater(createGlue: Glue, module: WebAssembly.Module): Promise<Engine> {
  const glue = createGlue();
  await glue({ module_or_path: module });
  return new glue.Engine();
}
