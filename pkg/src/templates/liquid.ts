/**
 * Our tags in LiquidJS 10: `engine.plugin(couponTags())`. A tag prints a marker; Liquid's own conditions and loops decide
 * whether it is reached; the render that follows (`pools.render(output, { …, marks })`) draws what the output shows.
 *
 * Nothing of LiquidJS is loaded from here: the tags stand on the engine that they are plugged into.
 */

import type { Context, Emitter, Liquid, Parser, RenderOptions, TagToken, Template, TopLevelToken } from "liquidjs";
import { TemplateError } from "../errors.js";
import type { MarkName, MarkOptions, Marks } from "../marks.js";
import { type Carrier, checkOption, MARKS, mark } from "./carried.js";

/** A plugin with `{% coupon %}`, `{% coupon_expiry %}` and `{% ifcoupon %} … {% else %} … {% endifcoupon %}`. */
export function couponTags(): (this: Liquid) => void {
  return function plug(this: Liquid): void {
    this.registerTag("coupon", named("coupon"));
    this.registerTag("coupon_expiry", named("coupon_expiry"));
    this.registerTag("ifcoupon", IfCoupon as unknown as TagClass);
  };
}

/**
 * Render options that carry marks to the tags: `engine.parseAndRender(text, scope, withMarks(marks))`. Globals of a render
 * take the place of the engine's own: pass those along where there are any, `withMarks(marks, { globals })`.
 */
export function withMarks(marks: Marks, options: RenderOptions = {}): RenderOptions {
  return { ...options, globals: { ...options.globals, [MARKS]: marks } };
}

type TagClass = Parameters<Liquid["registerTag"]>[1];

/** What LiquidJS hands to a tag's class. The parser is there since 10.13. */
type Given = [token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser?: Parser];

/** The arguments of a tag: literals or Liquid values. */
class Arguments {
  readonly #tag: MarkName;
  readonly #liquid: Liquid;
  readonly #handle: string;
  readonly #options: [option: string, value: string][] = [];

  constructor(tag: MarkName, { tokenizer }: TagToken, liquid: Liquid) {
    this.#tag = tag;
    this.#liquid = liquid;
    const handle = tokenizer.readValue();
    if (handle === undefined) throw syntax(tag, "the pool's handle is missing");
    this.#handle = handle.getText();
    for (const { name, value } of tokenizer.readHashes(liquid.options.keyValueSeparator)) {
      checkOption(tag, name.content);
      if (value === undefined) throw syntax(tag, `${name.content}: has no value`);
      this.#options.push([name.content, value.getText()]);
    }
    tokenizer.skipBlank();
    if (!tokenizer.end()) throw syntax(tag, `"${tokenizer.remaining()}" is no option`);
  }

  /** The marker. A generator, as LiquidJS wants it: it awaits values where it renders asynchronously. */
  *mark(context: Context): Generator<unknown, string, unknown> {
    const handle = yield this.#liquid._evalValue(this.#handle, context);
    const options: Record<string, unknown> = {};
    for (const [option, text] of this.#options) options[option] = yield this.#liquid._evalValue(text, context);
    return mark(marksOf(context), this.#tag, plain(handle), options as MarkOptions);
  }
}

/** A tag that prints one marker. */
function named(tag: "coupon" | "coupon_expiry"): TagClass {
  class Coupon {
    readonly name = tag;
    readonly #arguments: Arguments;

    constructor(
      readonly token: Given[0],
      _: Given[1],
      readonly liquid: Liquid,
    ) {
      this.#arguments = new Arguments(tag, token, liquid);
    }

    *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
      emitter.write((yield this.#arguments.mark(context)) as string);
    }
  }
  return Coupon as unknown as TagClass;
}

/** Both branches are rendered, each between markers: which of them is shown is known only when codes are drawn. */
class IfCoupon {
  readonly name = "ifcoupon";
  readonly #arguments: Arguments;
  readonly #first: Template[] = [];
  readonly #second: Template[] = [];
  #hasElse = false;

  constructor(
    readonly token: Given[0],
    rest: Given[1],
    readonly liquid: Liquid,
    parser: Given[3] = liquid.parser,
  ) {
    this.#arguments = new Arguments("ifcoupon", token, liquid);
    const stream = parser.parseStream(rest);
    stream
      .on<TagToken>("tag:else", () => {
        if (this.#hasElse) throw syntax("ifcoupon", "there is a second {% else %}; keep one");
        this.#hasElse = true;
      })
      .on<TagToken>("tag:endifcoupon", () => stream.stop())
      .on<Template>("template", (template) => void (this.#hasElse ? this.#second : this.#first).push(template))
      .on("end", () => {
        throw syntax("ifcoupon", "it is never closed; write {% endifcoupon %}");
      })
      .start();
  }

  *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const marks = marksOf(context);
    emitter.write((yield this.#arguments.mark(context)) as string);
    yield this.#branch(this.#first, context, emitter);
    if (this.#hasElse) {
      emitter.write(mark(marks, "else"));
      yield this.#branch(this.#second, context, emitter);
    }
    emitter.write(mark(marks, "endifcoupon"));
  }

  *#branch(templates: Template[], context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    yield this.liquid.renderer.renderTemplates(templates, context, emitter);
    if (context.breakCalled || context.continueCalled)
      throw syntax("ifcoupon", "{% break %} and {% continue %} cannot depend on a code; move them out of it");
  }

  /** For LiquidJS's static analysis, which wants a generator. */
  *children(): Generator<unknown, Template[], unknown> {
    yield;
    return [...this.#first, ...this.#second];
  }
}

function marksOf(context: Context): Marks | undefined {
  return (context.globals as Carrier)[MARKS];
}

/** Drops stand for a value. */
function plain(value: unknown): unknown {
  const drop = value as { valueOf(): unknown } | null | undefined;
  return typeof drop === "object" && drop !== null ? drop.valueOf() : value;
}

function syntax(tag: string, text: string): TemplateError {
  return new TemplateError(`${tag}: ${text}`, { code: "TEMPLATE_SYNTAX", details: { tag } });
}
