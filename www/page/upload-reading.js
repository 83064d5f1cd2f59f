/** How a file was understood: its first rows, and every detection with the way to say otherwise. */

import { count, el, lastDay } from "./dom.js";
import { reasonText, VERDICTS } from "./upload-words.js";

const ENCODINGS = {
  "utf-8": "UTF-8",
  "utf-16le": "UTF-16 LE",
  "utf-16be": "UTF-16 BE",
  "windows-1252": "Windows-1252",
};
const DELIMITERS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "": "none: a code on each line" };
const DATE_ORDERS = { dmy: "day, month, year", mdy: "month, day, year" };
/** How many rows may be named as the header. */
const HEADER_ROWS = 6;
/** How many columns are shown: the file may have a thousand. */
const SHOWN_COLUMNS = 8;

/** The form of the detections; `change` hears the options that say otherwise, with `columns: null` where they are others now. */
export function readingForm({ format }, change) {
  const { kind, sheet, encoding, delimiter, header, headerRow, columns, codeColumn, expiryColumn, dateOrder } = format;
  const names = columns.map((_, index) => [index, columnName(format, index)]);
  const fields = [];
  if (kind === "csv") {
    fields.push(
      choice("Encoding", Object.entries(ENCODINGS), encoding, (value) => change({ encoding: value, columns: null })),
      choice("Columns parted by", delimitersWith(delimiter ?? ""), delimiter ?? "", (value) =>
        change({ delimiter: value, columns: null }),
      ),
    );
  } else {
    const input = el("input", { type: "text", value: sheet ?? "", autocomplete: "off" });
    input.addEventListener("change", () => change({ sheet: input.value, columns: null }));
    fields.push(el("label", { className: "field" }, "Worksheet", input));
  }
  const rows = Array.from({ length: Math.max(HEADER_ROWS, headerRow ?? 0) }, (_, row) => [row + 1, `row ${row + 1}`]);
  fields.push(
    choice("Names of the columns", [[0, "none"], ...rows], header ? (headerRow ?? 1) : 0, (value) =>
      change({ header: value === "0" ? false : Number(value), columns: null }),
    ),
    choice("Codes", names, codeColumn, (value) => change({ columns: { code: Number(value) } })),
    choice("Expiry", [["", "none"], ...names], expiryColumn ?? "", (value) =>
      change({ columns: { expiresAt: value === "" ? null : Number(value) } }),
    ),
  );
  if (expiryColumn !== null && dateOrder !== null) {
    fields.push(
      choice("Dates are written", Object.entries(DATE_ORDERS), dateOrder, (value) =>
        change({ columns: { dateOrder: value } }),
      ),
    );
  }
  return el("div", { className: "reading" }, ...fields);
}

/** What the file's reader asks when it cannot tell: the question with its answers, or nothing. */
export function questionOf({ code, details }, change) {
  const question = (text, answers, say) =>
    el(
      "section",
      { className: "question" },
      el("h4", {}, text),
      el(
        "div",
        { className: "actions" },
        ...answers.map(([value, answer]) => el("button", { type: "button", on: { click: () => say(value) } }, answer)),
      ),
    );
  if (code === "UPLOAD_SHEET_UNKNOWN" || code === "UPLOAD_SHEET_MISSING")
    return question("Which worksheet holds the codes?", numbered(details.sheets), (index) =>
      change({ sheet: index + 1, columns: null }),
    );
  if (code === "UPLOAD_COLUMN_UNKNOWN" || code === "UPLOAD_COLUMN_MISSING") {
    const shown = details.columns.map((name, index) => {
      const example = details.examples?.[index];
      return example ? `${name}: ${example}` : name;
    });
    return question("Which column holds the codes?", numbered(shown), (index) => change({ columns: { code: index } }));
  }
  if (code === "UPLOAD_DATES_AMBIGUOUS")
    return question(`How is a date such as ${details.value} written?`, Object.entries(DATE_ORDERS), (dateOrder) =>
      change({ columns: { dateOrder } }),
    );
  return null;
}

const numbered = (texts) => texts.map((text, index) => [index, text]);

/** The first rows, cell by cell. */
export function previewTable({ preview, format }) {
  const width = Math.min(SHOWN_COLUMNS, format.columns.length);
  const role = (index) => (index === format.codeColumn ? "code" : index === format.expiryColumn ? "expiry" : null);
  const head = (index) =>
    el(
      "th",
      { scope: "col", className: role(index) ?? "" },
      columnName(format, index),
      role(index) === null ? null : el("span", { className: "pill" }, role(index)),
    );
  const shown = Array.from({ length: width }, (_, index) => index);
  const more = format.columns.length - width;
  return el(
    "div",
    { className: "scroll" },
    el(
      "table",
      { className: "preview" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col", className: "number" }, "Row"),
          ...shown.map(head),
          ...rest(more),
          el("th", { scope: "col" }, "Taken as"),
        ),
      ),
      el("tbody", {}, ...preview.map((row) => previewRow(row, shown, more))),
    ),
  );
}

const rest = (more) => (more > 0 ? [el("th", { scope: "col", className: "quiet" }, `${count(more)} more`)] : []);

function previewRow({ row, verdict, cells, code, expiresAt, reason }, shown, more) {
  const cell = (index) => {
    const { value = "", verdict: taken = "ignored" } = cells[index] ?? {};
    return el("td", { className: taken }, taken === "code" || taken === "rejected" ? el("code", {}, value) : value);
  };
  const until = code !== null && expiresAt !== null ? `, until ${lastDay(expiresAt)}` : "";
  return el(
    "tr",
    { className: verdict },
    el("td", { className: "number" }, count(row)),
    ...shown.map(cell),
    ...(more > 0 ? [el("td", {}, "…")] : []),
    el(
      "td",
      {},
      el("span", { className: `verdict ${verdict}` }, reason === null ? VERDICTS[verdict] : reasonText(reason)),
      until,
    ),
  );
}

const delimitersWith = (delimiter) => Object.entries({ [delimiter]: `“${delimiter}”`, ...DELIMITERS });

function columnName({ header, columns }, index) {
  return header && columns[index] ? columns[index] : `column ${index + 1}`;
}

function choice(label, options, chosen, say) {
  const select = el(
    "select",
    { on: { change: () => say(select.value) } },
    ...options.map(([value, text]) => el("option", { value: String(value) }, text)),
  );
  select.value = String(chosen);
  return el("label", { className: "field" }, label, select);
}
