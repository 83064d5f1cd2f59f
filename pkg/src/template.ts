/** Compiled templates: parsed once in the engine; their static text stays here, as slices of the source. */

import { guarded, hasCrashed } from "./driver.js";
import type { Compiled, Engine } from "./engine.js";
import { CouponPoolsError } from "./errors.js";
import { nonceOf } from "./marks.js";
import type { NextEngine, Template, TemplateMode, TemplateOptions, TemplateParts } from "./options.js";

const PARTS = ["subject", "preheader", "html", "text", "amp"] as const;

/** A template in one engine. */
export interface InEngine {
  id: number;
  /** Static segments of each part. */
  statics: string[][];
  /** The same as bytes, once they were asked for. */
  bytes: Uint8Array[][] | undefined;
}

/** How a template is read, checked. */
interface Reading {
  mode: TemplateMode;
  nonce: string | undefined;
  next: NextEngine | undefined;
}

const MODES: ReadonlySet<unknown> = new Set<TemplateMode>(["html", "mjml", "text"]);
const ENGINES: ReadonlySet<unknown> = new Set<NextEngine>([
  "liquid",
  "handlebars",
  "mustache",
  "nunjucks",
  "jinja",
  "twig",
  "ejs",
]);

/** Checked here: at what is no text the engine crashes. */
function known(option: string, value: unknown, words: ReadonlySet<unknown>): void {
  if (words.has(value)) return;
  const given = typeof value === "string" ? `"${value}"` : value === null ? "null" : typeof value;
  throw new CouponPoolsError(`${option} is ${[...words].map((word) => `"${word}"`).join(", ")}, not ${given}`, {
    code: "INVALID_ARGUMENT",
    details: { option },
  });
}

function readingOf({ mode, marks, next }: TemplateOptions, usual: TemplateMode): Reading {
  const nonce = marks === undefined ? undefined : nonceOf(marks);
  if (marks !== undefined && nonce === undefined)
    throw new CouponPoolsError("marks are made by pools.marks()", {
      code: "INVALID_ARGUMENT",
      details: { option: "marks" },
    });
  known("mode", mode ?? usual, MODES);
  if (next !== undefined && next !== null) known("next", next, ENGINES);
  return { mode: mode ?? usual, nonce, next };
}

/** A template in one engine, by how it was read. */
interface Readings {
  plain: Map<string, InEngine>;
  /** Only the last: marks serve one render or one send. */
  marked: { nonce: string; how: string; template: InEngine } | undefined;
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
  readonly #engines = new WeakMap<Engine, Readings>();
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
      this.in(engine, {});
      return this;
    });
  }

  /** @internal The template in one engine, parsed there on first use. */
  in(engine: Engine, options: TemplateOptions): InEngine {
    let readings = this.#engines.get(engine);
    if (readings === undefined) {
      readings = { plain: new Map(), marked: undefined };
      this.#engines.set(engine, readings);
    }
    const reading = readingOf(options, this.mode);
    const { nonce } = reading;
    const how = `${reading.mode} ${reading.next ?? ""}`;
    if (nonce === undefined) {
      let template = readings.plain.get(how);
      if (template === undefined) {
        template = this.#parse(engine, reading);
        readings.plain.set(how, template);
      }
      return template;
    }
    if (readings.marked?.nonce !== nonce || readings.marked.how !== how) {
      const before = readings.marked;
      readings.marked = { nonce, how, template: this.#parse(engine, reading) };
      if (before !== undefined) engine.forget(before.template.id);
    }
    return readings.marked.template;
  }

  #parse(engine: Engine, { mode, nonce, next }: Reading): InEngine {
    const { id, segments }: Compiled = guarded(engine, () => engine.compile(this.#parts, mode, nonce, next));
    collected?.register(this, { engine: new WeakRef(engine), id });
    const statics = segments.map((ends, part) => slices(this.#parts[part]?.text ?? "", ends));
    return { id, statics, bytes: undefined };
  }

  /** @internal Its texts, for the engine. */
  get parts(): readonly { part: string; text: string }[] {
    return this.#parts;
  }

  /** @internal How many parts there are. */
  get size(): number {
    return this.#parts.length;
  }

  /** @internal The mail in the template's own shape, from what each part became. */
  shape<Part>(parts: readonly Part[]): Part | Record<string, Part> {
    if (this.#parts[0]?.part === "whole") return parts[0] as Part;
    return Object.fromEntries(this.#parts.map(({ part }, index) => [part, parts[index] as Part]));
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

const encoder = new TextEncoder();

/** The static segments of a template as UTF-8, encoded once: a mail as bytes is then mostly copied. */
export function staticBytes(template: InEngine): Uint8Array[][] {
  template.bytes ??= template.statics.map((segments) => segments.map((text) => encoder.encode(text)));
  return template.bytes;
}

/** As `assemble`, into a buffer that is large enough; answers how many bytes were written. */
export function assembleInto(
  buffer: Uint8Array,
  statics: readonly Uint8Array[],
  pieces: Int32Array,
  values: readonly string[],
): number {
  let at = 0;
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index] as number;
    if (piece >= 0) {
      const segment = statics[piece] as Uint8Array;
      buffer.set(segment, at);
      at += segment.length;
    } else {
      at += writeText(buffer, at, values[~piece] as string);
    }
  }
  return at;
}

/** A code is short and nearly always ASCII: letter by letter is faster than a call of the encoder. */
function writeText(buffer: Uint8Array, start: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return encoder.encodeInto(text, buffer.subarray(start)).written;
    buffer[start + index] = unit;
  }
  return text.length;
}

/** Joins static segments and values as UTF-8. */
export function assembleBytes(
  statics: readonly Uint8Array[],
  pieces: Int32Array,
  values: readonly string[],
): Uint8Array {
  let most = 0;
  for (const piece of pieces) most += piece >= 0 ? (statics[piece]?.length ?? 0) : 3 * (values[~piece]?.length ?? 0);
  const buffer = new Uint8Array(most);
  return buffer.subarray(0, assembleInto(buffer, statics, pieces, values));
}
