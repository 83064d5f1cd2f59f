/** Workbooks that are uploaded: the same in every run and on every machine, packed as Excel packs them. */

import { zip } from "../tests/js/zip.mjs";
import { threeQuotedColumns } from "./files.mjs";

const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
/** Midnight of 2027-01-01 as a workbook counts days. */
const NEW_YEAR_2027 = 46_388;

/**
 * Codes in one column, or with an expiry (a date with a number format) and a note. Texts stand apart from the cells, as
 * Excel and most programs write them, and before the worksheet, where streaming readers want them.
 */
export function workbook(rows, columns) {
  const texts = new Map();
  const number = (text) => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, texts.size);
    return texts.size - 1;
  };
  const names = ["code", "expires_at", "note"].slice(0, columns);
  const lines = [
    rowOf(
      1,
      names.map((name) => ({ type: ' t="s"', value: number(name) })),
    ),
  ];
  const source = new TextDecoder().decode(threeQuotedColumns(rows)).split("\r\n");
  for (let row = 1; row <= rows; row++) {
    const [code, day, note] = source[row].slice(1, -1).split('","');
    const cells = [{ type: ' t="s"', value: number(code) }];
    if (columns > 1) {
      const days = Math.round((Date.parse(day) - Date.UTC(2027, 0, 1)) / 86_400_000);
      cells.push({ type: ' s="1"', value: NEW_YEAR_2027 + days }, { type: ' t="s"', value: number(note) });
    }
    lines.push(rowOf(row + 1, cells));
  }
  const relation = (id, type, target) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;
  const relations = (list) =>
    `${HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${list}</Relationships>`;
  const type = (part, name) =>
    `<Override PartName="${part}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${name}+xml"/>`;
  return zip({
    "[Content_Types].xml": `${HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${type("/xl/workbook.xml", "sheet.main")}${type("/xl/worksheets/sheet1.xml", "worksheet")}${type("/xl/styles.xml", "styles")}${type("/xl/sharedStrings.xml", "sharedStrings")}</Types>`,
    "_rels/.rels": relations(relation("rId1", "officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="Codes" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relations(
      relation("rId1", "worksheet", "worksheets/sheet1.xml") +
        relation("rId2", "styles", "styles.xml") +
        relation("rId3", "sharedStrings", "sharedStrings.xml"),
    ),
    "xl/styles.xml": `${HEAD}<styleSheet xmlns="${MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    "xl/sharedStrings.xml": `${HEAD}<sst xmlns="${MAIN}" count="${texts.size}" uniqueCount="${texts.size}">${[...texts.keys()].map((text) => `<si><t>${text}</t></si>`).join("")}</sst>`,
    "xl/worksheets/sheet1.xml": `${HEAD}<worksheet xmlns="${MAIN}"><dimension ref="A1:${"ABC"[columns - 1]}${rows + 1}"/><sheetViews><sheetView workbookViewId="0"/></sheetViews><sheetFormatPr defaultRowHeight="15"/><sheetData>${lines.join("")}</sheetData><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>`,
  });
}

function rowOf(row, cells) {
  const inside = cells.map(({ type, value }, column) => `<c r="${"ABC"[column]}${row}"${type}><v>${value}</v></c>`);
  return `<row r="${row}" spans="1:${cells.length}">${inside.join("")}</row>`;
}
