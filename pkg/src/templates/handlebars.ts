/**
 * Our tags as Handlebars 4 helpers: `handlebars.registerHelper(couponHelpers())`. Helpers are synchronous and draw
 * nothing: they print markers, and the render that follows (`pools.render(output, { …, marks })`) draws what the output
 * shows. `{{#if}}` and `{{#each}}` decide whether a helper is reached.
 */

import { TemplateError } from "../errors.js";
import type { MarkName, MarkOptions, Marks } from "../marks.js";
import { type Carrier, checkOption, MARKS, mark } from "./carried.js";

/** What Handlebars hands to a helper, as far as ours look at it. */
interface HelperOptions {
  hash: Record<string, unknown>;
  data?: Frame;
  fn?: (context: unknown) => string;
  inverse?: (context: unknown) => string;
}

/** A data frame; blocks and partials make new ones over it. */
type Frame = Carrier & { _parent?: Frame };

type Helper = (this: unknown, ...given: unknown[]) => string;

/** `{{coupon "spring-sale"}}`, `{{coupon_expiry "spring-sale"}}` and `{{#ifcoupon "spring-sale"}} … {{else}} … {{/ifcoupon}}`. */
export function couponHelpers(): Record<"coupon" | "coupon_expiry" | "ifcoupon", Helper> {
  return {
    coupon: (...given) => marked("coupon", given).marker,
    coupon_expiry: (...given) => marked("coupon_expiry", given).marker,
    ifcoupon(...given) {
      const { marks, marker, options } = marked("ifcoupon", given);
      const { fn, inverse } = options;
      if (fn === undefined || inverse === undefined)
        throw syntax("ifcoupon", 'it is a block; write {{#ifcoupon "spring-sale"}} … {{/ifcoupon}}');
      // Which branch is shown is known only when codes are drawn, so both are printed, each between markers.
      return marker + fn(this) + mark(marks, "else") + inverse(this) + mark(marks, "endifcoupon");
    },
  };
}

/** Runtime options that carry marks to the helpers: `template(context, withMarks(marks))`. */
export function withMarks<Options extends { data?: unknown }>(
  marks: Marks,
  options?: Options,
): Options & { data: object } {
  return { ...(options as Options), data: { ...(options?.data as object | undefined), [MARKS]: marks } };
}

function marked(tag: MarkName, given: unknown[]): { marks: Marks | undefined; marker: string; options: HelperOptions } {
  const options = given.at(-1) as HelperOptions;
  if (given.length !== 2) throw syntax(tag, `it takes one pool's handle, and options such as slot="second"`);
  for (const option of Object.keys(options.hash)) checkOption(tag, option);
  const marks = marksOf(options.data);
  return { marks, marker: mark(marks, tag, plain(given[0]), options.hash as MarkOptions), options };
}

/** Frames copy names from those below them, but no symbols. */
function marksOf(frame: Frame | undefined): Marks | undefined {
  for (let below = frame; below !== undefined; below = below._parent) {
    if (below[MARKS] !== undefined) return below[MARKS];
  }
  return undefined;
}

/** Safe strings stand for a text. */
function plain(value: unknown): unknown {
  const safe = value as { toHTML?: () => unknown } | null | undefined;
  return typeof safe?.toHTML === "function" ? safe.toHTML() : value;
}

function syntax(tag: string, text: string): TemplateError {
  return new TemplateError(`${tag}: ${text}`, { code: "TEMPLATE_SYNTAX", details: { tag } });
}
