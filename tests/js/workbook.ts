/** Small .xlsx files for tests, made of their markup. */

import { zip } from "./zip.mjs";

const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/** A cell: text, a number, or the cell's own markup. */
export type Cell = string | number | { xml: string } | null;

export interface Sheet {
  name: string;
  rows: Cell[][];
  hidden?: boolean;
}

/** A workbook of these worksheets; `formats` are the number formats of styles 1, 2, … */
export function workbook(sheets: Sheet[], formats: string[] = []): Uint8Array {
  const texts = new Map<string, number>();
  const pages = sheets.map(({ rows }) => {
    const lines = rows.map(
      (row, index) => `<row r="${index + 1}">${row.map((cell) => cellOf(cell, texts)).join("")}</row>`,
    );
    return `<worksheet><sheetData>${lines.join("")}</sheetData></worksheet>`;
  });
  const relations = [
    ...sheets.map((_, index) => relation(`s${index + 1}`, "worksheet", `worksheets/sheet${index + 1}.xml`)),
    relation("t", "sharedStrings", "sharedStrings.xml"),
    relation("f", "styles", "styles.xml"),
  ];
  const listed = sheets.map(
    ({ name, hidden }, index) =>
      `<sheet name="${escaped(name)}" sheetId="${index + 1}"${hidden ? ' state="hidden"' : ""} r:id="s${index + 1}"/>`,
  );
  const described = formats.map((code, index) => `<numFmt numFmtId="${200 + index}" formatCode="${escaped(code)}"/>`);
  const styles = ["<xf/>", ...formats.map((_, index) => `<xf numFmtId="${200 + index}"/>`)];
  return zip({
    "_rels/.rels": `<Relationships>${relation("w", "officeDocument", "xl/workbook.xml")}</Relationships>`,
    "xl/workbook.xml": `<workbook xmlns:r="${OFFICE}"><sheets>${listed.join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships>${relations.join("")}</Relationships>`,
    "xl/styles.xml": `<styleSheet><numFmts>${described.join("")}</numFmts><cellXfs>${styles.join("")}</cellXfs></styleSheet>`,
    "xl/sharedStrings.xml": `<sst>${[...texts.keys()].map((text) => `<si><t>${escaped(text)}</t></si>`).join("")}</sst>`,
    ...Object.fromEntries(pages.map((page, index) => [`xl/worksheets/sheet${index + 1}.xml`, page])),
  });
}

function cellOf(cell: Cell, texts: Map<string, number>): string {
  if (cell === null) return "<c/>";
  if (typeof cell === "object") return cell.xml;
  if (typeof cell === "number") return `<c><v>${cell}</v></c>`;
  if (!texts.has(cell)) texts.set(cell, texts.size);
  return `<c t="s"><v>${texts.get(cell)}</v></c>`;
}

const relation = (id: string, type: string, target: string) =>
  `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;

const escaped = (text: string) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
