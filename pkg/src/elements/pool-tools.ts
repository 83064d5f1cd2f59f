/** What stands around the table of pools: search, filters and order above it, its pages below it. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { Figures } from "./figures.js";
import type { PoolView, SortKey } from "./pool-list.js";
import type { Texts } from "./texts/english.js";

const KINDS = ["static", "dynamic", "fixed"] as const;
const STATES = ["low", "empty", "unfilled", "expiring", "failing", "archived"] as const;
const ORDERS = ["name", "remaining", "assigned", "share", "draws"] as const;

/** Search, filters, and on narrow screens, which have no headings to press, the order. */
export function poolTools(view: PoolView, texts: Texts, filter: (some: Partial<PoolView>) => void): TemplateResult {
  const { list, kinds, states } = texts;
  const choice = (
    id: string,
    label: string,
    chosen: string,
    options: readonly (readonly [string, string])[],
    say: (value: string) => void,
  ) =>
    html`<div class=${`field ${id}`}>
      <label class="unseen" for=${id}>${label}</label>
      <select id=${id} @change=${(event: Event) => say((event.target as HTMLSelectElement).value)}>
        ${options.map(([value, text]) => html`<option value=${value} .selected=${value === chosen}>${text}</option>`)}
      </select>
    </div>`;
  const order = (key: SortKey, descending: boolean) => `${key} ${descending ? "down" : "up"}`;
  return html`<div class="tools" role="search" part="tools">
    <div class="field search">
      <label class="unseen" for="search">${list.search}</label>
      <input id="search" type="search" autocomplete="off" spellcheck="false" placeholder=${list.searchHint} .value=${view.search}
        @input=${(event: Event) => filter({ search: (event.target as HTMLInputElement).value })}>
    </div>
    ${choice(
      "kind",
      list.kind,
      view.kind,
      [["all", list.allKinds], ...KINDS.map((kind) => [kind, kinds[kind]] as const)],
      (kind) => filter({ kind: kind as PoolView["kind"] }),
    )}
    ${choice(
      "state",
      list.state,
      view.state,
      [
        ["all", list.allStates],
        ["attention", list.attention],
        ...STATES.map((state) => [state, states[state]] as const),
      ],
      (state) => filter({ state: state as PoolView["state"] }),
    )}
    ${choice(
      "sort",
      list.sortBy,
      order(view.sort, view.descending),
      ORDERS.flatMap((key) => [
        [order(key, false), `${list.columns[key]}, ${list.sortedUp}`] as const,
        [order(key, true), `${list.columns[key]}, ${list.sortedDown}`] as const,
      ]),
      (value) => {
        const [sort, direction] = value.split(" ");
        filter({ sort: sort as SortKey, descending: direction === "down" });
      },
    )}
  </div>`;
}

/** Which rows are shown, and the ways to the others. */
export function pagesNav(
  { page, pages, first, shown, all }: { page: number; pages: number; first: number; shown: number; all: number },
  { list }: Texts,
  figures: Figures,
  turn: (page: number) => void,
): TemplateResult {
  const range = list.range(figures.number(first), figures.number(first + shown - 1), figures.number(all));
  return html`<nav class="pages" aria-label=${list.pages}>
    <span class="quiet" role="status">${all === 0 ? list.shown(figures.count(0)) : range}</span>
    ${
      pages > 1
        ? html`<span class="actions">
          <button type="button" part="button" ?disabled=${page === 0} @click=${() => turn(page - 1)}>${list.previous}</button>
          <button type="button" part="button" ?disabled=${page === pages - 1} @click=${() => turn(page + 1)}>${list.next}</button>
        </span>`
        : nothing
    }
  </nav>`;
}

export const poolToolsStyle = css`
  .tools {
    display: grid;
    grid-template-columns: minmax(160px, 2fr) repeat(2, minmax(120px, 1fr));
    gap: 10px;
    padding: 0 20px 12px;
    border-block-end: 1px solid var(--_line);
  }

  .tools .sort {
    display: none;
  }

  .pages {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 8px;
    padding: 10px 20px;
    border-block-start: 1px solid var(--_line);
    font-variant-numeric: tabular-nums;
  }

  @container (max-width: 760px) {
    .tools {
      grid-template-columns: 1fr 1fr;
      padding-inline: 16px;
    }

    .tools :is(.search, .sort) {
      display: grid;
      grid-column: 1 / -1;
    }

    .tools :is(input, select) {
      min-block-size: 40px;
    }

    .pages {
      padding-inline: 16px;
    }
  }
`;
