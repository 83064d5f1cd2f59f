/** The table of pools: one page of rows, whose columns can be sorted, with what can be done to each pool. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { PoolRow } from "../options.js";
import { daysOf, drawsBars, forecastOf } from "./draws-chart.js";
import type { Figures } from "./figures.js";
import type { PoolView, SortKey } from "./pool-list.js";
import type { PoolState } from "./pool-state.js";
import { badges, stockBar } from "./stock.js";
import type { Texts } from "./texts/english.js";

/** How many days a row's chart has; rows know the draws of a week. */
const CHART_DAYS = 7;

/** What the table is made from. */
export interface PoolTable {
  rows: readonly PoolRow[];
  states: (row: PoolRow) => readonly PoolState[];
  view: PoolView;
  now: number;
  texts: Texts;
  figures: Figures;
  sort: (key: SortKey) => void;
  open: (row: PoolRow) => void;
  upload: (row: PoolRow) => void;
  edit: (row: PoolRow) => void;
}

const COLUMNS: readonly SortKey[] = ["name", "kind", "remaining", "assigned", "share", "draws"];
const NUMBERS: ReadonlySet<string> = new Set(["remaining", "assigned"]);

export function poolTable(table: PoolTable): TemplateResult {
  const { rows, view, texts } = table;
  const heading = (key: SortKey) => {
    const sorted = view.sort === key;
    const order = sorted ? (view.descending ? "descending" : "ascending") : nothing;
    return html`<th scope="col" class=${`${key} ${NUMBERS.has(key) ? "number" : ""}`} aria-sort=${order}>
      <button type="button" class="link sort" @click=${() => table.sort(key)}>
        ${texts.list.columns[key]}<span aria-hidden="true" class="arrow">${sorted ? (view.descending ? "↓" : "↑") : "\u00a0"}</span>
      </button>
    </th>`;
  };
  // Rows have no keys: another order fills those that are there, which is twice as fast as making new ones.
  // Roles by name: on narrow screens rows are laid out as cards, which takes a table's own roles away.
  return html`<table part="table" role="table" class="pools">
    <caption class="unseen">${texts.list.title}</caption>
    <thead role="rowgroup">
      <tr role="row">
        ${COLUMNS.map(heading)}
        <th scope="col" class="row-actions"><span class="unseen">${texts.list.columns.actions}</span></th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map((row) => poolRow(row, table))}
    </tbody>
  </table>`;
}

function poolRow(row: PoolRow, table: PoolTable): TemplateResult {
  const { texts, figures, now } = table;
  const { handle, name, kind, remaining, assigned, expired, buffered, fixedCode } = row;
  const { columns } = texts.list;
  return html`<tr role="row" part="row" data-handle=${handle}>
    <th scope="row" role="rowheader" class="name">
      <span class="title">
        <button type="button" class="link open" data-action="open" @click=${() => table.open(row)}>${name}</button>
        ${badges(table.states(row), texts)}
      </span>
      <code class="quiet">${handle}</code>
    </th>
    <td role="cell" class="kind" data-label=${columns.kind}>
      <span>${texts.kinds[kind]}${kind === "fixed" ? html`<small><code>${fixedCode}</code></small>` : nothing}</span>
    </td>
    <td role="cell" class="number" data-label=${columns.remaining}>
      <span>
        ${remaining === null ? texts.common.none : figures.number(remaining)}
        ${buffered === null ? nothing : html`<small>${texts.list.inStock(figures.count(buffered))}</small>`}
        ${expired > 0 ? html`<small>${texts.list.expired(figures.count(expired))}</small>` : nothing}
      </span>
    </td>
    <td role="cell" class="number" data-label=${columns.assigned}>
      ${kind === "fixed" ? texts.common.none : figures.number(assigned)}
    </td>
    <td role="cell" class="share" data-label=${columns.share}>${stockBar(row, table.states(row), figures, texts)}</td>
    <td role="cell" class="draws" data-label=${columns.draws}>
      <span class="chart-line">
        ${kind === "fixed" ? nothing : drawsBars(daysOf(row.usage, now, CHART_DAYS), figures, texts)}
        <small>${forecastOf(row, figures, texts)}</small>
      </span>
    </td>
    <td role="cell" class="row-actions">
      ${
        kind === "static" && !row.archived
          ? html`<button type="button" part="button" data-action="upload" aria-label=${texts.list.uploadInto(name)} @click=${() => table.upload(row)}>
            ${texts.list.upload}
          </button>`
          : nothing
      }
      <button type="button" part="button" data-action="edit" aria-label=${texts.list.editPool(name)} @click=${() => table.edit(row)}>
        ${texts.list.edit}
      </button>
    </td>
  </tr>`;
}

export const poolTableStyle = css`
  .sort {
    color: inherit;
    font-size: inherit;
    white-space: nowrap;
  }

  .arrow {
    display: inline-block;
    inline-size: 1em;
  }

  th.number .arrow {
    order: -1;
  }

  th.number .sort {
    gap: 2px;
  }

  .pools tbody tr:hover > * {
    background: var(--_sunk);
  }

  .pools :is(th, td):first-child {
    padding-inline-start: 20px;
  }

  .pools :is(th, td):last-child {
    padding-inline-end: 20px;
  }

  .name > code {
    display: block;
  }

  .title {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 3px 8px;
  }

  .open {
    font-weight: 600;
    overflow-wrap: anywhere;
  }

  .chart-line {
    display: flex;
    align-items: center;
    gap: 12px;
  }

  .chart-line small {
    max-inline-size: 150px;
    line-height: 1.35;
  }

  .chart-line .chart {
    flex: none;
  }

  .row-actions {
    text-align: end;
    white-space: nowrap;
  }

  .row-actions button + button {
    margin-inline-start: 6px;
  }

  @container (max-width: 900px) {
    .chart-line small {
      display: none;
    }
  }

  @container (max-width: 760px) {
    .pools td.draws:has(.chart-line small:only-child) {
      display: none;
    }

    .chart-line {
      flex-direction: row-reverse;
    }

    .chart-line small {
      display: block;
      max-inline-size: none;
    }

    .pools,
    .pools :is(tbody, tr, td, tbody th) {
      display: block;
    }

    .pools thead {
      display: none;
    }

    .pools tbody tr {
      padding: 14px 16px;
      border-block-end: 1px solid var(--_line);
    }

    .pools tbody tr:last-child {
      border-block-end: 0;
    }

    .pools tbody :is(th, td),
    .pools tbody :is(th, td):is(:first-child, :last-child) {
      padding: 0;
      border: 0;
    }

    .pools tbody th {
      margin-block-end: 8px;
    }

    .pools td[data-label] {
      display: flex;
      align-items: baseline;
      justify-content: space-between;
      gap: 16px;
      padding-block: 3px;
      text-align: end;
    }

    .pools td[data-label]::before {
      content: attr(data-label);
      flex: none;
      color: var(--_quiet);
      font-size: 12.5px;
    }

    .pools td.share .stock {
      flex: 0 1 200px;
    }

    .pools td.row-actions {
      display: flex;
      gap: 8px;
      margin-block-start: 10px;
    }

    .row-actions button {
      flex: 1;
      min-block-size: 40px;
      margin: 0;
    }

    .row-actions button + button {
      margin: 0;
    }
  }
`;
