/** Small .xlsx files for tests, made of their markup. */

import { crc32, deflateRawSync } from "node:zlib";

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

/** A ZIP archive of these parts, deflated. */
export function zip(parts: Record<string, string | Uint8Array>): Uint8Array {
  const body: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(parts)) {
    const bytes = Buffer.from(content as string);
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), common, place, Buffer.from(name));
    const part = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    body.push(part);
    at += part.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(Object.keys(parts).length, 8);
  end.writeUInt16LE(Object.keys(parts).length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...body, list, end]));
}
