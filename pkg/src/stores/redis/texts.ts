/** Texts on their way into scripts and back: rows keep contact, message and slot on one line, tabs between them. */

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n" };

export const escapeText = (text: string): string =>
  /[\\\t\n]/.test(text) ? text.replace(/[\\\t\n]/g, (letter) => ESCAPES[letter] as string) : text;

export const unescapeText = (text: string): string =>
  text.includes("\\")
    ? text.replace(/\\(.)/g, (_, letter: string) => (letter === "t" ? "\t" : letter === "n" ? "\n" : letter))
    : text;
