/** How all elements look: colours that hosts may replace, for light and dark pages, and the parts that all share. */

import { css } from "lit";

/** Custom properties with their defaults, and what every element builds on. */
export const theme = css`
  :host {
    --_surface: var(--coupon-pools-surface, light-dark(#ffffff, #1a1e1c));
    --_sunk: var(--coupon-pools-sunk, light-dark(#f5f7f6, #131614));
    --_text: var(--coupon-pools-text, light-dark(#1b211e, #e8ece9));
    --_quiet: var(--coupon-pools-quiet, light-dark(#59635e, #9ba6a0));
    --_line: var(--coupon-pools-line, light-dark(#dde3df, #303733));
    --_edge: var(--coupon-pools-edge, light-dark(#8a958f, #69746e));
    --_accent: var(--coupon-pools-accent, light-dark(#14705a, #5cc2a3));
    --_on-accent: var(--coupon-pools-on-accent, light-dark(#ffffff, #0d1f19));
    --_accent-soft: var(--coupon-pools-accent-soft, light-dark(#e3f1ec, #1c382f));
    --_low: var(--coupon-pools-warning, light-dark(#855000, #f0bb6a));
    --_low-soft: var(--coupon-pools-warning-soft, light-dark(#fdf0d9, #3b2d14));
    --_low-bar: var(--coupon-pools-warning-bar, light-dark(#d98a12, #d9992f));
    --_out: var(--coupon-pools-danger, light-dark(#ad241d, #ff9d93));
    --_out-soft: var(--coupon-pools-danger-soft, light-dark(#fce9e7, #43211e));
    --_radius: var(--coupon-pools-radius, 8px);
    --_mono: var(--coupon-pools-mono, ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace);
    display: block;
    color: var(--_text);
    font: var(--coupon-pools-font, 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
    text-align: start;
  }

  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }

  h2,
  h3,
  h4,
  p,
  dl,
  dd,
  ul,
  ol,
  figure {
    margin: 0;
    padding: 0;
  }

  ul,
  ol {
    list-style: none;
  }

  h2,
  h3,
  h4 {
    font-weight: 600;
    line-height: 1.3;
    text-wrap: balance;
  }

  h2 {
    font-size: 20px;
    letter-spacing: -0.01em;
    overflow-wrap: anywhere;
  }

  h3 {
    font-size: 15px;
  }

  h4 {
    font-size: 13.5px;
  }

  code {
    font-family: var(--_mono);
    font-size: 0.9em;
    font-variant-ligatures: none;
    overflow-wrap: anywhere;
  }

  .quiet {
    color: var(--_quiet);
  }

  .number {
    text-align: end;
    font-variant-numeric: tabular-nums;
  }

  .unseen {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }
`;

/** Buttons and links. */
export const buttons = css`
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 6px;
    min-block-size: 34px;
    padding: 5px 13px;
    border: 1px solid var(--_line);
    border-radius: 7px;
    background: var(--_surface);
    color: var(--_text);
    font: inherit;
    font-weight: 500;
    line-height: 1.4;
    text-decoration: none;
    white-space: nowrap;
    cursor: pointer;
  }

  :is(button, .button):hover:not(:disabled) {
    border-color: var(--_edge);
    background: var(--_sunk);
  }

  :is(button, .button).primary {
    border-color: var(--_accent);
    background: var(--_accent);
    color: var(--_on-accent);
  }

  :is(button, .button).primary:hover:not(:disabled) {
    border-color: var(--_accent);
    background: color-mix(in oklab, var(--_accent) 88%, var(--_text));
  }

  button.plain {
    border-color: transparent;
    background: none;
    color: var(--_accent);
  }

  button.danger {
    color: var(--_out);
  }

  button.link {
    min-block-size: 0;
    padding: 0;
    border: 0;
    border-radius: 3px;
    background: none;
    text-align: start;
    white-space: normal;
  }

  button.link:hover:not(:disabled) {
    background: none;
    text-decoration: underline;
    text-underline-offset: 3px;
  }

  button:disabled {
    color: var(--_quiet);
    cursor: default;
    opacity: 0.6;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }

  .actions.end {
    justify-content: flex-end;
  }
`;

/** Fields of forms. */
export const fields = css`
  .field {
    display: grid;
    gap: 4px;
    align-content: start;
    min-inline-size: 0;
  }

  .field > :is(label, span.label),
  legend {
    color: var(--_quiet);
    font-size: 13px;
    font-weight: 500;
  }

  legend {
    padding: 0 0 6px;
  }

  fieldset {
    min-inline-size: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }

  input:not([type="radio"], [type="checkbox"], [type="file"]),
  select {
    inline-size: 100%;
    min-block-size: 34px;
    padding: 5px 10px;
    border: 1px solid var(--_edge);
    border-radius: 7px;
    background: var(--_surface);
    color: inherit;
    font: inherit;
  }

  select {
    padding-inline-end: 6px;
  }

  ::placeholder {
    color: var(--_quiet);
    opacity: 1;
  }

  :is(input, select):disabled {
    border-color: var(--_line);
    background: var(--_sunk);
    color: var(--_quiet);
  }

  [aria-invalid="true"] {
    border-color: var(--_out) !important;
  }

  :is(input[type="radio"], input[type="checkbox"]) {
    inline-size: 16px;
    block-size: 16px;
    margin: 0;
    accent-color: var(--_accent);
  }

  .check {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    text-align: start;
  }

  .help {
    color: var(--_quiet);
    font-size: 12.5px;
  }

  .wrong {
    color: var(--_out);
    font-size: 12.5px;
  }

  .notice {
    padding: 9px 12px;
    border-radius: 7px;
    background: var(--_out-soft);
    color: var(--_out);
    overflow-wrap: anywhere;
  }

  .notice.fine {
    background: var(--_accent-soft);
    color: var(--_accent);
  }
`;

/** Tables, and the badges that stand in them. */
export const tables = css`
  .scroll {
    position: relative;
    overflow-x: auto;
  }

  table {
    inline-size: 100%;
    border-collapse: collapse;
  }

  th,
  td {
    padding: 9px 12px;
    border-block-end: 1px solid var(--_line);
    font-weight: 400;
    text-align: start;
    vertical-align: middle;
  }

  thead th {
    padding-block: 7px;
    color: var(--_quiet);
    font-size: 12.5px;
    font-weight: 500;
    white-space: nowrap;
  }

  :is(th, td).number {
    text-align: end;
  }

  tbody tr:last-child > * {
    border-block-end: 0;
  }

  small {
    display: block;
    color: var(--_quiet);
    font-size: 12.5px;
  }

  .badge {
    display: inline-block;
    padding: 1px 8px;
    border-radius: 99px;
    background: var(--_sunk);
    box-shadow: inset 0 0 0 1px var(--_line);
    color: var(--_quiet);
    font-size: 12px;
    font-weight: 500;
    line-height: 18px;
    white-space: nowrap;
  }

  .badge.fine {
    background: var(--_accent-soft);
    box-shadow: none;
    color: var(--_accent);
  }

  .badge:is(.low, .expiring) {
    background: var(--_low-soft);
    box-shadow: none;
    color: var(--_low);
  }

  .badge:is(.empty, .failing) {
    background: var(--_out-soft);
    box-shadow: none;
    color: var(--_out);
  }
`;

/** Dialogs. */
export const dialogs = css`
  dialog {
    inline-size: min(560px, calc(100% - 24px));
    max-block-size: calc(100% - 32px);
    padding: 20px 22px;
    border: 1px solid var(--_line);
    border-radius: 12px;
    background: var(--_surface);
    color: var(--_text);
    box-shadow: 0 16px 48px rgb(0 0 0 / 0.24);
  }

  dialog.wide {
    inline-size: min(860px, calc(100% - 24px));
  }

  dialog::backdrop {
    background: rgb(0 0 0 / 0.4);
  }

  .dialog-head {
    display: flex;
    align-items: flex-start;
    justify-content: space-between;
    gap: 12px;
    position: sticky;
    z-index: 1;
    inset-block-start: -20px;
    margin: -20px -22px 8px;
    padding: 14px 22px 6px;
    background: var(--_surface);
  }

  .dialog-head h2 {
    padding-block: 6px;
    font-size: 17px;
  }

  .dialog-head button {
    inline-size: 34px;
    color: inherit;
    padding: 0;
    flex: none;
  }
`;
