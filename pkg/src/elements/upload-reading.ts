/** How a file was understood: its first rows, and every detection with the way to say otherwise. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { CouponPoolsError } from "../errors.js";
import type { PreviewRow, UploadColumns, UploadOptions, UploadReport } from "../options.js";
import type { Figures } from "./figures.js";
import type { Texts } from "./texts/english.js";

/** What a person says about a file; `columns: null` where earlier columns are others now. */
export type Correction = Omit<UploadOptions, "columns"> & { columns?: UploadColumns | null };

/** What was said before, and what is said now. */
export function corrected(said: UploadOptions, { columns, ...options }: Correction): UploadOptions {
  return { ...said, ...options, columns: columns === null ? {} : { ...said.columns, ...columns } };
}

const ENCODINGS = {
  "utf-8": "UTF-8",
  "utf-16le": "UTF-16 LE",
  "utf-16be": "UTF-16 BE",
  "windows-1252": "Windows-1252",
};
/** How many rows may be named as the header. */
const HEADER_ROWS = 6;
/** How many columns are shown: the file may have a thousand. */
const SHOWN_COLUMNS = 8;

/** The detections, each as a control; `change` hears what a person says instead. */
export function readingForm(
  { format }: UploadReport,
  texts: Texts,
  figures: Figures,
  change: (said: Correction) => void,
): TemplateResult {
  const { upload } = texts;
  const { kind, sheet, encoding, delimiter, header, headerRow, columns, codeColumn, expiryColumn, dateOrder } = format;
  const names = columns.map((_, index): [string, string] => [String(index), columnName(format, index, texts, figures)]);
  const rows = Array.from({ length: Math.max(HEADER_ROWS, headerRow ?? 0) }, (_, row): [string, string] => [
    String(row + 1),
    upload.headerRow(figures.number(row + 1)),
  ]);
  const delimiters = Object.entries({ [delimiter ?? ""]: `“${delimiter}”`, ...upload.delimiters });
  return html`<div class="reading">
    ${
      kind === "csv"
        ? html`${choice("encoding", upload.encoding, Object.entries(ENCODINGS), encoding, (value) =>
            change({ encoding: value as keyof typeof ENCODINGS, columns: null }),
          )}
          ${choice("delimiter", upload.delimiter, delimiters, delimiter ?? "", (value) => change({ delimiter: value, columns: null }))}`
        : html`<div class="field">
          <label for="sheet">${upload.sheet}</label>
          <input id="sheet" type="text" autocomplete="off" .value=${sheet ?? ""}
            @change=${(event: Event) => change({ sheet: (event.target as HTMLInputElement).value, columns: null })}>
        </div>`
    }
    ${choice(
      "header",
      upload.header,
      [["0", upload.headerNone], ...rows],
      String(header ? (headerRow ?? 1) : 0),
      (value) => change({ header: value === "0" ? false : Number(value), columns: null }),
    )}
    ${choice("codes", upload.codes, names, String(codeColumn), (value) => change({ columns: { code: Number(value) } }))}
    ${choice("expiry", upload.expiry, [["", upload.noExpiry], ...names], String(expiryColumn ?? ""), (value) =>
      change({ columns: { expiresAt: value === "" ? null : Number(value) } }),
    )}
    ${
      expiryColumn !== null && dateOrder !== null
        ? choice("dates", upload.dates, Object.entries(upload.dateOrders), dateOrder, (value) =>
            change({ columns: { dateOrder: value as "dmy" | "mdy" } }),
          )
        : nothing
    }
  </div>`;
}

function choice(
  id: string,
  label: string,
  options: readonly [string, string][],
  chosen: string,
  say: (value: string) => void,
): TemplateResult {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} @change=${(event: Event) => say((event.target as HTMLSelectElement).value)}>
      ${options.map(([value, text]) => html`<option value=${value} .selected=${value === chosen}>${text}</option>`)}
    </select>
  </div>`;
}

/** What is asked of the person, where the file or the pool leaves it open, with the answers; nothing if nothing is asked. */
export function questionOf(
  error: CouponPoolsError,
  pool: string,
  texts: Texts,
  change: (said: Correction) => void,
): TemplateResult | null {
  const { upload } = texts;
  const { code, details } = error;
  const ask = (
    text: string,
    answers: readonly (readonly [Correction, string])[],
    help?: string,
  ) => html`<section class="question" aria-labelledby="asked">
    <h4 id="asked" tabindex="-1">${text}</h4>
      ${help === undefined ? nothing : html`<p class="quiet">${help}</p>`}
    <div class="actions">
      ${answers.map(([said, answer]) => html`<button type="button" part="button" @click=${() => change(said)}>${answer}</button>`)}
    </div>
  </section>`;
  if (code === "UPLOAD_SHEET_UNKNOWN" || code === "UPLOAD_SHEET_MISSING")
    return ask(
      upload.whichSheet,
      listed(details.sheets).map((sheet, index) => [{ sheet: index + 1, columns: null }, sheet]),
    );
  if (code === "UPLOAD_COLUMN_UNKNOWN" || code === "UPLOAD_COLUMN_MISSING") {
    const examples = listed(details.examples);
    return ask(
      upload.whichColumn,
      listed(details.columns).map((name, index) => [
        { columns: { code: index } },
        examples[index] ? `${name}: ${examples[index]}` : name,
      ]),
    );
  }
  // The other one may be alive, in another tab or on another machine: only a person can tell. No later one is dropped.
  if (code === "UPLOAD_IN_PROGRESS")
    return ask(upload.inTheWay(pool), [[{ takeOver: String(details.batch) }, upload.takeOver]], upload.inTheWayHelp);
  if (code === "UPLOAD_DATES_AMBIGUOUS") {
    const orders = Object.entries(upload.dateOrders) as ["dmy" | "mdy", string][];
    return ask(
      upload.whichDates(String(details.value)),
      orders.map(([dateOrder, text]) => [{ columns: { dateOrder } }, text]),
    );
  }
  return null;
}

const listed = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** The first rows, cell by cell. */
export function previewTable(
  { preview, format }: UploadReport,
  texts: Texts,
  figures: Figures,
  timeZone: string,
): TemplateResult {
  const { upload } = texts;
  const shown = Array.from({ length: Math.min(SHOWN_COLUMNS, format.columns.length) }, (_, index) => index);
  const more = format.columns.length - shown.length;
  const role = (index: number) =>
    index === format.codeColumn ? upload.roleCode : index === format.expiryColumn ? upload.roleExpiry : null;
  return html`<div class="scroll rows" tabindex="0" role="group" aria-label=${upload.firstRows}><table class="preview">
    <thead><tr>
      <th scope="col" class="number">${upload.row}</th>
      ${shown.map(
        (index) => html`<th scope="col">${columnName(format, index, texts, figures)}
          ${role(index) === null ? nothing : html`<span class="badge fine">${role(index)}</span>`}</th>`,
      )}
      ${more > 0 ? html`<th scope="col">${upload.moreColumns(figures.count(more))}</th>` : nothing}
      <th scope="col">${upload.takenAs}</th>
    </tr></thead>
    <tbody>${preview.map((row) => previewRow(row, shown, more, texts, figures, timeZone))}</tbody>
  </table></div>`;
}

function previewRow(
  row: PreviewRow,
  shown: readonly number[],
  more: number,
  { upload }: Texts,
  figures: Figures,
  timeZone: string,
): TemplateResult {
  const { verdict, cells, code, expiresAt, reason } = row;
  const cell = (index: number) => {
    const { value = "", verdict: taken = "ignored" } = cells[index] ?? {};
    return html`<td class=${taken}>${taken === "code" || taken === "rejected" ? html`<code>${value}</code>` : value}</td>`;
  };
  const until = code !== null && expiresAt !== null ? `, ${upload.until(figures.lastDay(expiresAt, timeZone))}` : "";
  const taken = reason === null ? upload.verdicts[verdict] : (upload.reasons[reason] ?? reason);
  return html`<tr class=${verdict}>
    <td class="number">${figures.number(row.row)}</td>
    ${shown.map(cell)}
    ${more > 0 ? html`<td>…</td>` : nothing}
    <td class="taken"><span class=${`verdict ${verdict}`}>${taken}</span>${until}</td>
  </tr>`;
}

function columnName(
  { header, columns }: UploadReport["format"],
  index: number,
  { upload }: Texts,
  figures: Figures,
): string {
  return (header ? columns[index] : "") || upload.column(figures.number(index + 1));
}

export const readingStyle = css`
  .reading {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(130px, 1fr));
    gap: 10px 12px;
  }

  .question {
    display: grid;
    gap: 10px;
  }

  .question h4:focus {
    outline: none;
  }

  .rows {
    max-block-size: 260px;
    overflow-y: auto;
    border: 1px solid var(--_line);
    border-radius: 7px;
  }

  .rows :is(th, td) {
    padding-block: 5px;
  }

  .rows thead th {
    position: sticky;
    inset-block-start: 0;
    background: var(--_surface);
    box-shadow: inset 0 -1px 0 var(--_line);
  }

  .preview td,
  .preview th {
    max-inline-size: 200px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .preview td.taken {
    max-inline-size: none;
  }

  .preview td.ignored,
  .preview tr:is(.ignored, .header) > td {
    color: var(--_quiet);
  }

  .verdict.code {
    color: var(--_accent);
  }

  .verdict:is(.duplicate, .in-pool) {
    color: var(--_low);
  }

  .verdict.rejected,
  .preview td.rejected {
    color: var(--_out);
  }
`;
