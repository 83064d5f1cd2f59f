/** What every element has in common: a host, texts that can be replaced, figures in the reader's language. */

import { LitElement, type PropertyDeclarations, type PropertyValues } from "lit";
import type { CouponPoolsError } from "../errors.js";
import type { PoolsHost } from "../host.js";
import { type Figures, figuresOf } from "./figures.js";
import { english, type SomeTexts, type Texts, withTexts } from "./texts/english.js";

/** An element over coupon pools. */
export abstract class HostElement extends LitElement {
  static override properties: PropertyDeclarations = {
    host: { attribute: false },
    texts: { attribute: false },
    locale: { type: String },
  };

  /** Where the pools are: `CouponPools` in the page, or `createClient()` from `coupon-pools/client`. */
  declare host: PoolsHost | undefined;
  /** A table of texts such as `german`, or some texts in place of the English ones. */
  declare texts: SomeTexts | undefined;
  /** How numbers and dates are written, a BCP 47 tag. Default: the language of the texts, as the reader's browser has it. */
  declare locale: string | undefined;

  #given: SomeTexts | undefined;
  #words: Texts = english;

  /** Every text, in the language that was chosen. */
  protected get words(): Texts {
    if (this.#given !== this.texts) {
      this.#given = this.texts;
      this.#words = withTexts(english, this.texts);
    }
    return this.#words;
  }

  protected get figures(): Figures {
    return figuresOf(this.locale ?? spoken(this.words.language));
  }

  /** Sends an event that leaves shadow roots. Answers whether nobody prevented what it announces. */
  protected tell<Detail>(type: string, detail: Detail, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  /** An error in words for people: by its code, or else as it says itself. */
  protected wordsOf(error: unknown): string {
    const { code = "", message = "" } = error as Partial<CouponPoolsError>;
    return this.words.errors[code] ?? (message || this.words.common.failed);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("host") && this.host !== undefined) this.connected(this.host);
  }

  /** There is a host, or another one. */
  protected connected(_host: PoolsHost): void {}
}

/** The reader's own variety of a language: `en-GB` of `en`. */
function spoken(language: string): string {
  return navigator.languages.find((one) => one === language || one.startsWith(`${language}-`)) ?? language;
}

/** Hands a file to the person. */
export function keepFile(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Every row of what comes in pages. */
export async function everyPage<Row>(
  page: (cursor: string | null) => Promise<Row[] & { next: string | null }>,
  some?: (rows: Row[]) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | null = null; ; ) {
    const more: Row[] & { next: string | null } = await page(cursor);
    rows.push(...more);
    cursor = more.next;
    if (cursor === null) return rows;
    some?.(rows);
  }
}
