/** What an upload did, or would do: figures, warnings, rejected rows; and how far one has come. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { UploadProgress, UploadReport } from "../options.js";
import type { Figures } from "./figures.js";
import type { Texts } from "./texts/english.js";

/** How many rejected rows are shown; all of them are in the file. */
const SHOWN_ROWS = 50;

/** The figures of a report. */
export function reportFigures(
  report: UploadReport,
  checked: boolean,
  { upload }: Texts,
  figures: Figures,
): TemplateResult {
  const { rows, added, duplicatesInFile, duplicatesInPool, rejectedCount } = report;
  const names = upload.figures;
  const one = (value: number, name: string, look = "") =>
    html`<div class=${look}><dt>${name}</dt><dd>${figures.number(value)}</dd></div>`;
  return html`<dl class="figures">
    ${one(rows, names.rows)} ${one(added, checked ? names.toAdd : names.added, "main")}
    ${one(duplicatesInFile, names.inFile)} ${one(duplicatesInPool, names.inPool)}
    ${one(rejectedCount, names.rejected, rejectedCount > 0 ? "bad" : "")}
  </dl>`;
}

/** What a person should know about the file. */
export function reportWarnings(
  { warnings }: UploadReport,
  { upload }: Texts,
  figures: Figures,
): TemplateResult | typeof nothing {
  if (warnings.length === 0) return nothing;
  return html`<ul class="warnings">${warnings.map(
    ({ kind, count, row }) =>
      html`<li>${upload.warning(figures.count(count), upload.warnings[kind] ?? kind, row === null ? "" : figures.number(row))}</li>`,
  )}</ul>`;
}

/** The rejected rows: why, what to do, the first of them, and all of them as a file. */
export function rejectedPart(
  report: UploadReport,
  { upload }: Texts,
  figures: Figures,
  keep: (() => void) | null,
): TemplateResult | typeof nothing {
  const { rejected, rejectedCount, reasons } = report;
  if (rejectedCount === 0) return nothing;
  const shown = rejected.slice(0, SHOWN_ROWS);
  const of =
    rejectedCount > shown.length
      ? `, ${upload.firstOf(figures.number(shown.length), figures.number(rejectedCount))}`
      : "";
  return html`<section class="refused" aria-labelledby="rejected">
    <div class="part-head">
      <h4 id="rejected">${upload.rejectedRows}${of}</h4>
      ${keep === null ? nothing : html`<button type="button" part="button" class="plain" @click=${keep}>${upload.download}</button>`}
    </div>
    <ul class="reasons">${reasons.map(
      ({ reason, count, advice }) =>
        html`<li><strong>${upload.times(figures.number(count), upload.reasons[reason] ?? reason)}</strong>: ${upload.advice[reason] ?? advice}</li>`,
    )}</ul>
    <div class="scroll rows" tabindex="0" role="group" aria-label=${upload.rejectedRows}><table>
      <thead><tr><th scope="col" class="number">${upload.row}</th><th scope="col">${upload.why}</th><th scope="col">${upload.value}</th></tr></thead>
      <tbody>${shown.map(
        ({ row, reason, value }) =>
          html`<tr><td class="number">${figures.number(row)}</td><td>${upload.reasons[reason] ?? reason}</td><td><code>${value ?? ""}</code></td></tr>`,
      )}</tbody>
    </table></div>
  </section>`;
}

/** How far an upload has come: rows, bytes, rows a second, time left. */
export function progressText(progress: UploadProgress, { upload }: Texts, figures: Figures): string {
  const { rows, bytes, totalBytes, rowsPerSecond, secondsLeft } = progress;
  const size =
    totalBytes === undefined ? figures.size(bytes) : upload.of(figures.size(bytes), figures.size(totalBytes));
  const parts = [upload.rows(figures.count(rows)), size];
  // Two digits: more change faster than they can be read.
  if (rowsPerSecond > 0) parts.push(upload.pace(figures.count(Number(rowsPerSecond.toPrecision(2)))));
  if (secondsLeft !== undefined) parts.push(timeLeft(secondsLeft, upload, figures));
  return parts.join(" · ");
}

/** In steps that do not flicker. */
function timeLeft(seconds: number, upload: Texts["upload"], figures: Figures): string {
  if (seconds < 5) return upload.moment;
  if (seconds < 55) return upload.seconds(figures.number(Math.ceil(seconds / 5) * 5));
  return upload.minutes(figures.number(Math.ceil(seconds / 60)));
}

export const reportStyle = css`
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(110px, 1fr));
    gap: 8px;
  }

  .figures > div {
    display: flex;
    flex-direction: column-reverse;
    justify-content: flex-end;
    padding: 8px 12px;
    border-radius: 7px;
    background: var(--_sunk);
  }

  .figures dd {
    font-size: 18px;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }

  .figures dt {
    color: var(--_quiet);
    font-size: 12.5px;
  }

  .figures .main dd {
    color: var(--_accent);
  }

  .figures .bad dd {
    color: var(--_out);
  }

  .warnings {
    display: grid;
    gap: 6px;
    font-size: 13px;
  }

  .warnings li {
    padding: 6px 10px;
    border-radius: 6px;
    background: var(--_low-soft);
    color: var(--_low);
  }

  .refused {
    display: grid;
    gap: 8px;
  }

  .part-head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 4px 12px;
  }

  .reasons {
    display: grid;
    gap: 4px;
    color: var(--_quiet);
    font-size: 13px;
  }

  .reasons strong {
    color: var(--_text);
    font-weight: 500;
  }
`;
