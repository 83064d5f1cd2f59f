/** Numbers, dates, sizes and lists as the reader's language writes them. */

import type { Count } from "./texts/english.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** One language's ways of writing, made once: an `Intl` object costs some 50 µs. */
export class Figures {
  readonly #number: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #days = new Map<string, Intl.DateTimeFormat>();
  readonly #sizes: Intl.NumberFormat[];
  readonly collator: Intl.Collator;

  constructor(readonly locale: string) {
    this.#number = new Intl.NumberFormat(locale);
    this.#percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
    this.#moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
    this.#weekday = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
    this.#sizes = UNITS.map(
      (unit) =>
        new Intl.NumberFormat(locale, {
          style: "unit",
          unit,
          unitDisplay: unit === "byte" ? "long" : "short",
          maximumSignificantDigits: 3,
        }),
    );
    this.collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  }

  number(value: number): string {
    return this.#number.format(value);
  }

  count(value: number): Count {
    return { value, text: this.#number.format(value) };
  }

  /** Of a share in hundredths. A pool that still holds a code never shows 0%, nor one that has given any 100%. */
  percent(hundredths: number): string {
    const shown = hundredths > 0 && hundredths < 0.1 ? 0.1 : hundredths < 100 && hundredths > 99.9 ? 99.9 : hundredths;
    return this.#percent.format(shown / 100);
  }

  /** Day and time, in the reader's own time zone. */
  moment(at: number): string {
    return this.#moment.format(at);
  }

  /** A day, in the pool's time zone. */
  day(at: number, timeZone = "UTC"): string {
    let format = this.#days.get(timeZone);
    if (format === undefined) {
      try {
        format = new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeZone });
      } catch {
        // A zone that this browser does not know yet.
        format = new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeZone: "UTC" });
      }
      this.#days.set(timeZone, format);
    }
    return format.format(at);
  }

  /** The last day on which something is valid that ends at this instant (exclusive). */
  lastDay(expiresAt: number, timeZone = "UTC"): string {
    return this.day(expiresAt - 1, timeZone);
  }

  /** A UTC day, short, for a chart. */
  shortDay(at: number): string {
    return this.#weekday.format(at);
  }

  /** “11.3 MB”, as browsers and systems count: by thousands. */
  size(bytes: number): string {
    let [value, unit] = [bytes, 0];
    while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
    return this.#sizes[unit]?.format(value) ?? String(bytes);
  }
}

const known = new Map<string, Figures>();

/** The figures of a language; English for a tag that is none. */
export function figuresOf(locale: string): Figures {
  let figures = known.get(locale);
  if (figures === undefined) {
    try {
      figures = new Figures(locale);
    } catch {
      figures = new Figures("en");
    }
    known.set(locale, figures);
  }
  return figures;
}
