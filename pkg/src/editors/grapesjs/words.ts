/** The plugin's words in the editor's language. */

import type { Editor } from "grapesjs";
import { en, type Word } from "./texts.js";

/** Says a word of the plugin's own, with figures and names put in. */
export type Words = (word: Word, values?: Record<string, string | number>) => string;

export function wordsOf(editor: Editor): Words {
  return (word, values = {}) => {
    const params: Record<string, string> = {};
    for (const [name, value] of Object.entries(values)) {
      params[name] = typeof value === "number" ? new Intl.NumberFormat(editor.I18n.getLocale()).format(value) : value;
    }
    // `{date}` belongs to the text itself.
    if (word === "validUntil") params.date = "{date}";
    return editor.I18n.t(`couponPools.${word}`, { params }) ?? en.couponPools[word];
  };
}
