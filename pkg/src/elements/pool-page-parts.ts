/** Parts of a pool's page: its settings in words, its uploads, its alerts. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { About, Batch, PastAlert, PoolRow } from "../options.js";
import type { Figures } from "./figures.js";
import type { Texts } from "./texts/english.js";

/** The settings of a pool, in words. */
export function settingsList(row: PoolRow, about: About | null, figures: Figures, texts: Texts): TemplateResult {
  const { show, reuses, onEmptyChoices } = texts.form;
  const line = (name: string, value: string | TemplateResult) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const stored = row.kind !== "fixed";
  const onEmpty = typeof row.onEmpty === "string" ? onEmptyChoices[row.onEmpty] : show.fallback(row.onEmpty.fallback);
  const rungs = row.lowStock.map((rung) =>
    typeof rung === "number" ? figures.number(rung) : figures.percent(Number.parseFloat(rung)),
  );
  const until = row.expiresAt === null ? show.never : figures.lastDay(row.expiresAt, row.timeZone);
  const { dynamic } = row;
  return html`<dl class="settings">
    ${row.kind === "fixed" ? line(texts.form.fixedCode, html`<code>${row.fixedCode}</code>`) : nothing}
    ${
      dynamic === null
        ? nothing
        : html`${line(texts.form.shop, dynamic.shop)} ${line(show.rule, html`<code>${dynamic.rule}</code>`)}
          ${line(show.buffer, figures.number(dynamic.buffer))}`
    }
    ${
      stored
        ? html`${line(show.reuse, reuses[row.reuse])} ${line(show.onEmpty, onEmpty)}
          ${row.kind === "static" ? line(show.lowStock, rungs.join(" · ") || show.none) : nothing}
          ${line(show.expiresAt, until)} ${line(show.timeZone, row.timeZone)}`
        : nothing
    }
    ${line(show.created, figures.moment(row.createdAt))}
    </dl>
    ${row.warnings.map((warning) => html`<p class="notice low">${warning}</p>`)}
    ${about === null ? nothing : aboutLine(about, row, texts)}`;
}

/** What the pool stands on: what a crash or a failover would cost. */
function aboutLine({ store, shops }: About, row: PoolRow, { page }: Texts): TemplateResult {
  const worth = [page.durability[store.durability] ?? store.durability];
  if (store.failover === "may-lose" && store.durability !== "none") worth.push(page.mayLose);
  const shop = row.dynamic === null ? undefined : shops[row.dynamic.shop];
  return html`<p class="help">${page.keptBy(store.name)}: ${worth.join(", ")}.
    ${shop === undefined ? nothing : html`${page.shop(row.dynamic?.shop ?? "")}: ${shop.exact ? page.shopExact : page.shopInexact}.`}</p>`;
}

/** The uploads of a pool, each with its undo. */
export function batchTable(
  row: PoolRow,
  batches: readonly Batch[],
  figures: Figures,
  texts: Texts,
  undo: (batch: Batch) => void,
): TemplateResult {
  const { page } = texts;
  if (batches.length === 0) return html`<p class="quiet">${page.noUploads}</p>`;
  const { at, file, added, assigned, state } = page.uploadColumns;
  return html`<div class="scroll"><table class="batches">
    <thead><tr>
      <th scope="col">${file}</th><th scope="col">${at}</th>
      <th scope="col" class="number">${added}</th><th scope="col" class="number">${assigned}</th>
      <th scope="col"><span class="unseen">${state}</span></th>
    </tr></thead>
    <tbody>${batches.map(
      (batch) => html`<tr>
        <td>${batch.note?.fileName ?? html`<span class="quiet">${row.kind === "dynamic" ? page.topUp : page.withoutName}</span>`}</td>
        <td>${figures.moment(batch.at)}</td>
        <td class="number">${figures.number(batch.added)}</td>
        <td class="number">${figures.number(batch.assigned)}</td>
        <td class="number">${batchState(batch, texts, undo)}</td>
      </tr>`,
    )}</tbody>
  </table></div>`;
}

function batchState(batch: Batch, { page }: Texts, undo: (batch: Batch) => void): TemplateResult {
  if (batch.state !== "committed")
    return html`<span class="badge">${batch.state === "undone" ? page.undone : page.staged}</span>`;
  if (batch.added === 0) return html`<span class="badge">${page.nothingAdded}</span>`;
  const label = page.undoUpload(batch.note?.fileName ?? page.withoutName);
  return html`<button type="button" part="button" aria-label=${label} @click=${() => undo(batch)}>${page.undo}</button>`;
}

/** What was told of a pool, newest first. */
export function alertList(alerts: readonly PastAlert[], row: PoolRow, figures: Figures, texts: Texts): TemplateResult {
  if (alerts.length === 0) return html`<p class="quiet">${texts.page.noAlerts}</p>`;
  return html`<ol class="alerts">
    ${alerts.map(
      (alert) => html`<li class=${alert.type}>
        <span>${alertText(alert, row, figures, texts)}</span>
        <small>${figures.moment(alert.at)}${alert.sentAt === null ? ` · ${texts.page.waiting}` : ""}</small>
      </li>`,
    )}
  </ol>`;
}

/** An alert in words. */
export function alertText(alert: PastAlert, row: PoolRow, figures: Figures, { alerts }: Texts): string {
  switch (alert.type) {
    case "low-stock": {
      const rung = alert.rung.endsWith("%")
        ? figures.percent(Number.parseFloat(alert.rung))
        : figures.number(Number(alert.rung));
      return alerts["low-stock"](figures.number(alert.remaining), figures.number(alert.added), rung);
    }
    case "expiring-soon":
      return alerts["expiring-soon"](
        figures.count(alert.remaining),
        alert.expiresAt === null ? "" : figures.lastDay(alert.expiresAt, row.timeZone),
      );
    case "top-up-failing":
    case "rule-unusable":
      return alerts[alert.type](alert.words ?? "");
    default:
      return alerts["out-of-codes"];
  }
}

export const poolPageStyle = css`
  .back {
    margin-inline-start: -13px;
  }

  :host(:dir(rtl)) .arrow-back {
    transform: scaleX(-1);
  }

  .pool-head {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-start;
    justify-content: space-between;
    gap: 12px 24px;
    margin-block: 4px 12px;
  }

  .pool-head h2:focus {
    outline: none;
  }

  .under {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 8px;
    margin-block-start: 4px;
  }

  .tag {
    margin-inline-start: 4px;
    color: var(--_quiet);
    direction: ltr;
    unicode-bidi: isolate;
  }

  .small {
    min-block-size: 26px;
    padding: 0 8px;
    font-size: 13px;
  }

  .told {
    margin-block-end: 12px;
    padding: 9px 12px;
    border-radius: 7px;
    background: var(--_accent-soft);
    color: var(--_accent);
  }

  .told:empty {
    display: none;
  }

  .notice.low {
    background: var(--_low-soft);
    color: var(--_low);
  }

  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(130px, 1fr));
    gap: 12px;
    margin-block-end: 16px;
  }

  .figures > div {
    display: flex;
    flex-direction: column-reverse;
    justify-content: flex-end;
    padding: 12px 16px;
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    background: var(--_surface);
  }

  .figures dd {
    font-size: 20px;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }

  .figures .percent {
    min-inline-size: 0;
    order: -1;
  }

  .figures dt {
    color: var(--_quiet);
    font-size: 12.5px;
  }

  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(260px, 340px);
    gap: 16px;
    align-items: start;
  }

  .columns > .stack:first-child:empty {
    display: none;
  }

  .stack {
    display: grid;
    gap: 16px;
    min-inline-size: 0;
  }

  .card {
    display: grid;
    gap: 12px;
    padding: 16px 20px;
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    background: var(--_surface);
  }

  .card > * {
    min-inline-size: 0;
  }

  .card-head {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 4px 12px;
    font-size: 13px;
  }

  .settings {
    display: grid;
    gap: 9px;
  }

  .settings dt {
    color: var(--_quiet);
    font-size: 12.5px;
  }

  .settings dd {
    overflow-wrap: anywhere;
  }

  .card table :is(th, td):first-child {
    padding-inline-start: 0;
  }

  .card table :is(th, td):last-child {
    padding-inline-end: 0;
  }

  .batches td {
    white-space: nowrap;
  }

  .batches td:first-child {
    min-inline-size: 120px;
    white-space: normal;
    overflow-wrap: anywhere;
  }

  .alerts {
    display: grid;
    gap: 10px;
    max-block-size: 360px;
    overflow-y: auto;
  }

  .alerts li {
    padding-inline-start: 10px;
    border-inline-start: 3px solid var(--_low-bar);
  }

  .alerts li:is(.out-of-codes, .top-up-failing, .rule-unusable) {
    border-color: var(--_out);
  }

  .ask {
    margin-block-start: 18px;
  }

  @container (max-width: 820px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }

  @container (max-width: 480px) {
    .card {
      padding: 14px 16px;
    }

    .pool-head .actions {
      inline-size: 100%;
    }

    .pool-head .actions button {
      flex: 1;
      min-block-size: 40px;
    }

    .figures {
      grid-template-columns: 1fr 1fr;
    }
  }
`;
