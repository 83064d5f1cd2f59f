/** What the page says of a file: reasons, verdicts and warnings in words, and figures of an upload under way. */

import { count } from "./dom.js";

export const REASONS = {
  empty: "no code",
  "too-long": "longer than 255 characters",
  "invisible-character": "a character that cannot be seen",
  "damaged-character": "a damaged character",
  "line-break": "a line break in the code",
  "unclosed-quote": "a quote that is never closed",
  "rounded-number": "a number that a spreadsheet rounded",
  "date-cell": "a date",
  "boolean-cell": "true or false",
  "error-cell": "an error of the spreadsheet",
  "formula-without-result": "a formula without its result",
  "uncertain-number": "a number whose digits are not certain",
  "missing-column": "too few columns",
  "bad-date": "not a date",
};

export const VERDICTS = {
  ignored: "not read",
  header: "header",
  code: "new",
  duplicate: "twice in the file",
  "in-pool": "already in the pool",
};

const NOTICES = {
  trimmed: "white space around the code was removed",
  unescaped: "a spreadsheet’s mark before the code was removed",
  "encoding-guessed": "read as Windows-1252: look at the special characters",
  "above-header": "rows above the header were left out",
  formulas: "the code is the result of a formula",
  "long-numbers": "numbers of more than 15 digits: look whether all are right",
  "bare-numbers": "numbers that may have lost leading zeros",
  "header-guessed": "the first row was taken as a header",
  "expiry-guessed": "the expiry column was found by its dates",
  "dates-ignored": "a column of dates without a known name was not read as the expiry",
  "delimiter-in-codes": "codes hold a comma, semicolon, tab or bar: two columns in one?",
  "zeros-lost": "some numbers are a digit short: leading zeros may be lost",
};

export const reasonText = (reason) => REASONS[reason] ?? reason;

/** About the whole file, or about so many rows of it. */
export function warningText({ kind, count: times, row }) {
  const what = NOTICES[kind] ?? kind;
  const where = row ? ` (row ${count(row)}${times > 1 ? " and others" : ""})` : "";
  return `${times > 1 ? `${count(times)} rows: ` : ""}${what}${where}.`;
}

const UNITS = ["bytes", "kB", "MB", "GB"];

/** “11.3 MB”, as browsers and systems count: by thousands. */
export function bytesText(bytes) {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toPrecision(2)} ${UNITS[unit]}`;
}

/** “about 20 s left”, in steps that do not flicker. */
export function timeLeftText(seconds) {
  if (seconds === undefined) return "";
  if (seconds < 5) return "a few seconds left";
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  return `about ${Math.ceil(seconds / 60)} min left`;
}
