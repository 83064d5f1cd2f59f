// The demo's lines: headings, tables, checks. At most 100 columns; colours only on a terminal that wants them.

const WIDTH = 76;
const INDENT = "   ";
const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== "dumb";
const style = (number) => (text) => (coloured ? `\x1b[${number}m${text}\x1b[0m` : text);
const bold = style(1);
const dim = style(2);
const green = style(32);
const red = style(31);
/** How an alert looks. */
export const attention = style(33);
/** How a code looks. */
export const code = style(36);

let headings = 0;
const outcomes = [];

export function line(text = "") {
  console.log(text);
}

export function say(text) {
  line(INDENT + text);
}

/** Prints a paragraph, broken at spaces. */
export function wrap(text) {
  let row = "";
  for (const word of text.split(" ")) {
    if (row !== "" && row.length + word.length >= WIDTH) {
      say(row);
      row = "";
    }
    row += row === "" ? word : ` ${word}`;
  }
  say(row);
}

export function heading(title, about) {
  headings++;
  line();
  line(bold(`${String(headings).padStart(2)} ${title}`));
  if (about !== undefined) say(dim(about));
  line();
}

export function rule() {
  line();
  line(dim(INDENT + "─".repeat(WIDTH)));
}

/** Prints rows under aligned columns: `{ name?, right? }` each. */
export function table(columns, rows) {
  const widths = columns.map(({ name = "" }, index) =>
    Math.max(name.length, ...rows.map((row) => plain(row[index]).length)),
  );
  const print = (cells) =>
    cells
      .map((cell, index) => {
        const gap = " ".repeat(widths[index] - plain(cell).length);
        return columns[index].right ? gap + cell : cell + gap;
      })
      .join("   ")
      .trimEnd();
  if (columns.some(({ name }) => name !== undefined)) say(dim(print(columns.map(({ name = "" }) => name))));
  for (const row of rows) say(print(row));
}

function plain(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the terminal's own.
  return text.replace(/\x1b\[\d+m/g, "");
}

/** Says whether what was shown is so. */
export function check(claim, holds) {
  outcomes.push({ claim, holds });
  say(holds ? `${green("✓")} ${claim}` : `${red("✗ NOT SO:")} ${claim}`);
}

export function passed() {
  return outcomes.filter(({ holds }) => holds).length;
}

export function failures() {
  return outcomes.filter(({ holds }) => !holds).map(({ claim }) => claim);
}
