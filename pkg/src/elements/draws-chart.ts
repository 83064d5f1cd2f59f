/** Draws a day as small bars, with the sentence that says how long the stock will last. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import type { PoolRow } from "../options.js";
import type { UsageRow } from "../store.js";
import type { Figures } from "./figures.js";
import type { Texts } from "./texts/english.js";

const DAY = 86_400_000;

/** One day of a chart. */
export interface DayOfDraws {
  /** When it starts, in UTC. */
  at: number;
  draws: number;
}

/** The last `count` UTC days up to today, days without draws among them. */
export function daysOf(usage: readonly UsageRow[], now: number, count: number): DayOfDraws[] {
  const today = Math.floor(now / DAY);
  const days = Array.from({ length: count }, (_, index) => ({ at: (today - count + 1 + index) * DAY, draws: 0 }));
  for (const { at, draws } of usage) {
    const day = days[Math.floor(at / DAY) - (today - count + 1)];
    if (day !== undefined) day.draws += draws;
  }
  return days;
}

export const sumOf = (days: readonly DayOfDraws[]): number => days.reduce((sum, { draws }) => sum + draws, 0);

/** Small bars of one day each, as one shape: a table has hundreds. The newest stands at the end of the line. */
export function drawsBars(days: readonly DayOfDraws[], figures: Figures, texts: Texts): TemplateResult {
  const bars = days.map(({ draws }, index) => barOf(days, draws, index, SMALL));
  const shape = (some: typeof bars) =>
    some.map(({ x, height }) => `M${x} ${SMALL.height}v-${height}h${SMALL.step - 2}v${height}z`).join("");
  const label = texts.forecast.chart(days.length, figures.count(sumOf(days)));
  return html`<svg part="chart" class="chart" role="img" aria-label=${label} viewBox=${boxOf(days, SMALL)} preserveAspectRatio="none">
    <path class="none" d=${shape(bars.filter(({ draws }) => draws === 0))}></path>
    <path d=${shape(bars.filter(({ draws }) => draws > 0))}></path>
  </svg>`;
}

/** Tall bars, each with what it stands for. */
function tallBars(days: readonly DayOfDraws[], figures: Figures, texts: Texts): TemplateResult {
  const label = texts.forecast.chart(days.length, figures.count(sumOf(days)));
  return html`<svg part="chart" class="chart tall" role="img" aria-label=${label} viewBox=${boxOf(days, TALL)} preserveAspectRatio="none">
    ${days.map(({ at, draws }, index) => {
      const { x, height } = barOf(days, draws, index, TALL);
      return svg`<rect class=${draws === 0 ? "none" : ""} x=${x} y=${TALL.height - height} width=${TALL.step - 2} height=${height} rx="1">
        <title>${texts.forecast.perDay(figures.number(draws), figures.shortDay(at))}</title></rect>`;
    })}
  </svg>`;
}

const SMALL = { height: 24, step: 8 };
const TALL = { height: 96, step: 24 };

const boxOf = (days: readonly DayOfDraws[], { height, step }: typeof SMALL) => `0 0 ${days.length * step} ${height}`;

/** A day without draws has a line, one with a few at least twice that. */
function barOf(days: readonly DayOfDraws[], draws: number, index: number, { height, step }: typeof SMALL) {
  const most = Math.max(1, ...days.map((day) => day.draws));
  return { draws, x: index * step + 1, height: draws === 0 ? 1 : Math.max(2, Math.round((draws / most) * height)) };
}

/** How long the stock lasts at the present rate, in words. */
export function forecastOf(row: PoolRow, figures: Figures, { forecast }: Texts): string {
  if (row.kind === "fixed") return forecast.sameForAll;
  if (row.kind === "dynamic") return forecast.unlimited;
  if (row.added === 0) return "";
  if (row.remaining === 0) return forecast.gone;
  if (row.runsOutAt !== null) return forecast.until(figures.day(row.runsOutAt, row.timeZone));
  return row.usage.length === 0 ? forecast.quiet : forecast.steady;
}

/** A tall chart with its figures: what the bars show, as a table for those who do not see them. */
export function drawsFigure(days: readonly DayOfDraws[], figures: Figures, texts: Texts): TemplateResult {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return html`${nothing}`;
  const most = Math.max(...days.map(({ draws }) => draws));
  return html`<figure class="draws-figure">
    ${tallBars(days, figures, texts)}
    <figcaption class="quiet">
      <span>${figures.shortDay(first.at)}</span>
      <span>${texts.forecast.chart(days.length, figures.count(sumOf(days)))}, ${texts.forecast.most(figures.count(most))}</span>
      <span>${figures.shortDay(last.at)}</span>
    </figcaption>
    <div class="unseen"><table>
      <caption>${texts.page.drawsADay}</caption>
      <thead><tr><th scope="col">${texts.page.day}</th><th scope="col">${texts.page.draws}</th></tr></thead>
      <tbody>
        ${days
          .filter(({ draws }) => draws > 0)
          .map(
            ({ at, draws }) =>
              html`<tr><th scope="row">${figures.shortDay(at)}</th><td>${figures.number(draws)}</td></tr>`,
          )}
      </tbody>
    </table></div>
  </figure>`;
}

export const chartStyle = css`
  .chart {
    display: block;
    inline-size: 64px;
    block-size: 22px;
    overflow: visible;
    fill: var(--_accent);
  }

  .chart .none {
    fill: var(--_line);
  }

  :host(:dir(rtl)) .chart {
    transform: scaleX(-1);
  }

  .chart.tall {
    inline-size: 100%;
    block-size: 96px;
  }

  .draws-figure {
    position: relative;
    display: grid;
    gap: 6px;
  }

  figcaption {
    display: flex;
    justify-content: space-between;
    gap: 12px;
    font-size: 12.5px;
    font-variant-numeric: tabular-nums;
    text-align: center;
  }

  figcaption :is(:first-child, :last-child) {
    flex: none;
  }
`;
