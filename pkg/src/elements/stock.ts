/** A pool's stock at a glance: its bar and share, and the badges that ask for somebody. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { PoolRow } from "../options.js";
import type { Figures } from "./figures.js";
import type { PoolState } from "./pool-state.js";
import type { Texts } from "./texts/english.js";

/** A badge for each state. */
export function badges(states: readonly PoolState[], texts: Texts): TemplateResult | typeof nothing {
  if (states.length === 0) return nothing;
  return html`${states.map((state) => html`<span part="badge" class=${`badge ${state}`}>${texts.states[state]}</span>`)}`;
}

/** How much of what was added is left: a bar and a share; a dash where there is no such figure. */
export function stockBar(row: PoolRow, states: readonly PoolState[], figures: Figures, texts: Texts): TemplateResult {
  const { percentRemaining: share, added } = row;
  if (share === null || added === 0) return html`<span class="quiet">${texts.common.none}</span>`;
  const look = states.includes("low") ? "low" : "";
  // Set by script: a style attribute would need a content security policy that allows any.
  const width = `inline-size: ${share}%`;
  return html`<span class="stock">
    <span part="bar" class=${`bar ${look}`} aria-hidden="true"><span part="bar-fill" .style=${width as unknown as CSSStyleDeclaration}></span></span>
    <span class="percent">${figures.percent(share)}</span>
  </span>`;
}

export const stockStyle = css`
  .stock {
    display: flex;
    align-items: center;
    gap: 10px;
    min-inline-size: 110px;
  }

  .bar {
    flex: 1 1 60px;
    max-inline-size: 160px;
    block-size: 8px;
    border-radius: 4px;
    background: var(--_line);
    overflow: hidden;
  }

  .bar > span {
    display: block;
    block-size: 100%;
    border-radius: 4px;
    background: var(--_accent);
  }

  .bar.low > span {
    background: var(--_low-bar);
  }

  .percent {
    flex: none;
    min-inline-size: 48px;
    text-align: end;
    font-variant-numeric: tabular-nums;
  }
`;
