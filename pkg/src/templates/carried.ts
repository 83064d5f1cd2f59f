/** How marks get through another engine to our tags in it: under a symbol, which no template can name. */

import { TemplateError } from "../errors.js";
import type { MarkName, MarkOptions, Marks } from "../marks.js";

// Of the registry, so that two copies of the package in one program understand each other.
export const MARKS: unique symbol = Symbol.for("coupon-pools marks") as never;

/** What carries marks. */
export type Carrier = { [MARKS]?: Marks };

const OPTIONS: Record<string, readonly string[]> = {
  coupon: ["slot", "fallback"],
  coupon_expiry: ["slot", "format", "locale", "fallback"],
  ifcoupon: ["slot"],
};

/** Whether a tag has an option; what it has is in the error. */
export function checkOption(tag: MarkName, option: string): void {
  const known = OPTIONS[tag] ?? [];
  if (known.includes(option)) return;
  throw new TemplateError(`${tag} has no option "${option}"; it has: ${known.join(", ")}`, {
    code: "TEMPLATE_SYNTAX",
    details: { tag, option },
  });
}

/** The marker of a tag, by the marks that the render was given. */
export function mark(marks: Marks | undefined, tag: MarkName, handle?: unknown, options: MarkOptions = {}): string {
  if (marks === undefined)
    throw new TemplateError(
      `${tag}: this render was given no marks; pass withMarks(marks), with marks = pools.marks()`,
      {
        code: "TEMPLATE_SYNTAX",
        details: { tag },
      },
    );
  return marks.tag(tag, handle as string, options);
}
