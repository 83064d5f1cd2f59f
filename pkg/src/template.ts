/** Compiled templates: parsed once in the engine; their static text stays here, as slices of the source. */

import { guarded, hasCrashed } from "./driver.js";
import type { Compiled, Engine } from "./engine.js";
import { CouponPoolsError } from "./errors.js";
import type { Template, TemplateMode, TemplateParts } from "./options.js";

const PARTS = ["subject", "preheader", "html", "text", "amp"] as const;

interface InEngine {
  id: number;
  /** Static segments of each part. */
  statics: string[][];
}

/** The engine's side of a template goes when this side does. */
const collected =
  typeof FinalizationRegistry === "undefined"
    ? undefined // Workers before 2025-05: there an engine lives no longer than its request.
    : new FinalizationRegistry<{ engine: WeakRef<Engine>; id: number }>(({ engine, id }) => {
        const living = engine.deref();
        if (living !== undefined && !hasCrashed(living)) living.forget(id);
      });

/** A template that is parsed once; accepted wherever a template is. */
export class CompiledTemplate<T extends Template = Template> {
  /** How it is read where a call does not say. */
  readonly mode: TemplateMode;
  readonly #parts: readonly { part: string; text: string }[];
  readonly #engines = new WeakMap<Engine, Map<TemplateMode, InEngine>>();
  readonly #engine: () => Engine | Promise<Engine>;

  /** @internal Use `pools.compile`. */
  constructor(template: T, mode: TemplateMode, engine: () => Engine | Promise<Engine>) {
    this.mode = mode;
    this.#parts = partsOf(template);
    this.#engine = engine;
  }

  /** Parses now and resolves to the template, or rejects with its `TemplateError`; otherwise the first render does. */
  get ready(): Promise<this> {
    return Promise.resolve(this.#engine()).then((engine) => {
      this.in(engine, this.mode);
      return this;
    });
  }

  /** @internal The template in one engine, parsed there on first use. */
  in(engine: Engine, mode: TemplateMode): InEngine {
    let modes = this.#engines.get(engine);
    if (modes === undefined) {
      modes = new Map();
      this.#engines.set(engine, modes);
    }
    let compiled = modes.get(mode);
    if (compiled === undefined) {
      const { id, segments }: Compiled = guarded(engine, () => engine.compile(this.#parts, mode, undefined));
      collected?.register(this, { engine: new WeakRef(engine), id });
      compiled = { id, statics: segments.map((ends, part) => slices(this.#parts[part]?.text ?? "", ends)) };
      modes.set(mode, compiled);
    }
    return compiled;
  }

  /** @internal How many parts there are. */
  get size(): number {
    return this.#parts.length;
  }

  /** @internal The mail in the template's own shape, from the text of each part. */
  shape(texts: readonly string[]): T {
    if (this.#parts[0]?.part === "whole") return texts[0] as T;
    return Object.fromEntries(this.#parts.map(({ part }, index) => [part, texts[index]])) as unknown as T;
  }
}

function partsOf(template: Template): { part: string; text: string }[] {
  if (typeof template === "string") return [{ part: "whole", text: template }];
  const parts: { part: string; text: string }[] = [];
  for (const [part, text] of Object.entries((template as TemplateParts | null) ?? {})) {
    if (text === undefined) continue;
    if (!(PARTS as readonly string[]).includes(part) || typeof text !== "string") throw noTemplate();
    parts.push({ part, text });
  }
  if (parts.length === 0 || Array.isArray(template)) throw noTemplate();
  return parts;
}

function noTemplate(): CouponPoolsError {
  return new CouponPoolsError(`a template is a text, or an object of texts: ${PARTS.join(", ")}`, {
    code: "INVALID_ARGUMENT",
    details: { option: "template" },
  });
}

/** Segments as start, end, start, end, … */
function slices(text: string, ends: Uint32Array): string[] {
  const list: string[] = [];
  for (let index = 0; index < ends.length; index += 2) list.push(text.slice(ends[index], ends[index + 1]));
  return list;
}

/** Joins static segments and values: a piece from 0 up is a segment, a negative one the value `~piece`. */
export function assemble(statics: readonly string[], pieces: Int32Array, values: readonly string[]): string {
  let text = "";
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index] as number;
    text += piece >= 0 ? statics[piece] : values[~piece];
  }
  return text;
}
