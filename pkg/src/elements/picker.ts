/** `<coupon-pool-picker>`: a field that names a pool, with its stock beside it. */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { PoolRow } from "../options.js";
import { everyPage, HostElement } from "./host-element.js";
import { FIRST_VIEW, PoolList } from "./pool-list.js";
import { badges } from "./stock.js";
import { fields, tables, theme } from "./theme.js";

/** How many pools are offered at once. */
const OFFERED = 50;

/**
 * A combobox as WAI-ARIA's authoring practices describe it, and a form field: its value is the pool's handle.
 * Events: `change` when a person has chosen; `value` holds the handle, `row` the pool.
 */
export class CouponPoolPicker extends HostElement {
  static formAssociated = true;
  static override properties: PropertyDeclarations = {
    value: { type: String },
    label: { type: String },
    audience: { type: Number },
    disabled: { type: Boolean },
    row: { state: true },
    pools: { state: true },
    typed: { state: true },
    active: { state: true },
    gone: { state: true },
    failure: { state: true },
  };
  static override styles = [
    theme,
    fields,
    tables,
    css`
    .box {
      position: relative;
    }

    ul {
      position: absolute;
      z-index: 10;
      inset-inline: 0;
      inset-block-start: calc(100% + 4px);
      max-block-size: 280px;
      padding: 4px;
      overflow-y: auto;
      border: 1px solid var(--_edge);
      border-radius: 7px;
      background: var(--_surface);
      box-shadow: 0 8px 24px rgb(0 0 0 / 0.18);
    }

    li {
      padding: 7px 10px;
      border-radius: 5px;
    }

    li[role="option"] {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      justify-content: space-between;
      gap: 2px 12px;
      cursor: pointer;
    }

    li.active {
      background: var(--_accent-soft);
      box-shadow: inset 0 0 0 2px var(--_accent);
    }

    li .name {
      font-weight: 500;
    }

    li[aria-selected="true"] .name::before {
      content: "✓ ";
    }

    .stock {
      min-block-size: 21px;
      font-size: 13px;
      font-variant-numeric: tabular-nums;
    }

    .few {
      color: var(--_low);
    }
  `,
  ];

  /** The handle of the chosen pool, or "". */
  declare value: string;
  /** What stands above the field. Default: the text `picker.label`; "" for nothing to be seen. */
  declare label: string | undefined;
  /** How many contacts the mail goes to: a smaller stock is warned of. */
  declare audience: number | undefined;
  declare disabled: boolean;
  /** The chosen pool, once it is known. */
  declare row: PoolRow | null;
  declare private pools: PoolList | null;
  /** What was typed since the list was opened; `null` while it is closed. */
  declare private typed: string | null;
  declare private active: number;
  declare private gone: boolean;
  declare private failure: unknown;

  readonly #internals = this.attachInternals();
  #reading = 0;

  constructor() {
    super();
    this.value = "";
    this.disabled = false;
    this.row = null;
    this.pools = null;
    this.typed = null;
    this.active = 0;
    this.gone = false;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has("value")) this.#internals.setFormValue(this.value === "" ? null : this.value);
    if (changed.has("host")) this.pools = null;
    if ((changed.has("value") || changed.has("host")) && this.row?.handle !== this.value) void this.refresh();
  }

  /** Reads the chosen pool's stock again. */
  async refresh(): Promise<void> {
    const { host, value } = this;
    this.gone = false;
    this.failure = undefined;
    if (this.row?.handle !== value) this.row = null;
    if (host === undefined || value === "") return;
    try {
      const row = await host.get(value);
      if (value === this.value) this.row = row;
    } catch (error) {
      if (value !== this.value) return;
      this.gone = (error as { code?: string }).code === "POOL_NOT_FOUND";
      if (!this.gone) this.failure = error;
    }
  }

  protected override updated(): void {
    this.renderRoot.querySelector("li.active")?.scrollIntoView({ block: "nearest" });
  }

  protected override render(): TemplateResult {
    const { words, typed, row } = this;
    const label = this.label ?? words.picker.label;
    const offered = this.#offered();
    const open = typed !== null;
    const chosen = offered[this.active];
    return html`<div class="field">
      <label for="pool" class=${label === "" ? "unseen" : ""}>${label || words.picker.label}</label>
      <div class="box">
        <input id="pool" part="input" type="text" role="combobox" autocomplete="off" spellcheck="false"
          aria-expanded=${open} aria-controls="pools" aria-autocomplete="list" aria-describedby="stock"
          aria-activedescendant=${open && chosen !== undefined ? `pool-${this.active}` : nothing}
          placeholder=${words.picker.choose} ?disabled=${this.disabled || this.host === undefined}
          .value=${typed ?? row?.name ?? this.value}
          @input=${(event: Event) => this.#open((event.target as HTMLInputElement).value)}
          @click=${() => typed === null && this.#open("")} @keydown=${this.#key} @blur=${this.#close}>
        <ul id="pools" part="list" role="listbox" aria-label=${label || words.picker.label} ?hidden=${!open}>
          ${open ? this.#options(offered) : nothing}
        </ul>
      </div>
      <p id="stock" class="stock" role="status">${this.#stock()}</p>
    </div>`;
  }

  #options(offered: readonly PoolRow[]): TemplateResult | TemplateResult[] {
    const { words, figures, pools } = this;
    if (pools === null)
      return html`<li role="option" aria-disabled="true" aria-selected="false" class="quiet">${words.common.loading}</li>`;
    if (offered.length === 0)
      return html`<li role="option" aria-disabled="true" aria-selected="false" class="quiet">${words.picker.nothing}</li>`;
    const more = pools.look({ ...FIRST_VIEW, search: this.typed ?? "" }).length - offered.length;
    return html`${offered.map(
      (
        row,
        index,
      ) => html`<li id=${`pool-${index}`} role="option" class=${index === this.active ? "active" : ""} aria-selected=${row.handle === this.value}
        @mousedown=${(event: Event) => event.preventDefault()} @click=${() => this.#choose(row)} @mousemove=${() => this.#point(index)}>
        <span><span class="name">${row.name}</span> ${badges(pools.states(row), words)}</span>
        <small>${row.remaining === null ? words.kinds[row.kind] : words.picker.left(figures.count(row.remaining))}</small>
      </li>`,
    )}
    ${more > 0 ? html`<li role="option" aria-disabled="true" aria-selected="false" class="quiet">${words.picker.more(figures.count(more))}</li>` : nothing}`;
  }

  #stock(): TemplateResult | string {
    const { words, figures, row, audience } = this;
    if (this.failure !== undefined) return html`<span class="wrong">${this.wordsOf(this.failure)}</span>`;
    if (this.gone) return html`<span class="wrong">${words.picker.gone(this.value)}</span>`;
    if (row === null) return "";
    if (row.remaining === null) return words.list.neverEnds;
    if (audience !== undefined && row.remaining < audience)
      return html`<span class="few">${words.picker.tooFew(figures.count(row.remaining), figures.count(audience))}</span>`;
    return words.picker.left(figures.count(row.remaining));
  }

  #offered(): PoolRow[] {
    if (this.pools === null || this.typed === null) return [];
    return this.pools.look({ ...FIRST_VIEW, search: this.typed }).slice(0, OFFERED);
  }

  #open(typed: string): void {
    if (this.typed === null) void this.#read();
    this.typed = typed;
    this.#start();
  }

  /** The list starts at what is chosen, and at the first match of what is typed. */
  #start(): void {
    const at = this.typed === "" ? this.#offered().findIndex(({ handle }) => handle === this.value) : 0;
    this.active = Math.max(0, at);
  }

  /** The pools, once and then again each time the list is opened, so that stocks are those of now. */
  async #read(): Promise<void> {
    const { host } = this;
    if (host === undefined) return;
    const turn = ++this.#reading;
    try {
      const rows = await everyPage((cursor) => host.list({ cursor, limit: 1_000 }));
      if (turn !== this.#reading) return;
      this.pools = new PoolList(rows, this.figures.collator, Date.now());
      this.#start();
    } catch (error) {
      if (turn !== this.#reading) return;
      this.failure = error;
      this.typed = null;
    }
  }

  #close(): void {
    this.typed = null;
  }

  #point(index: number): void {
    this.active = index;
  }

  #choose(row: PoolRow): void {
    this.row = row;
    this.value = row.handle;
    this.gone = false;
    this.failure = undefined;
    this.typed = null;
    void this.updateComplete.then(() => this.dispatchEvent(new Event("change", { bubbles: true })));
  }

  #key(event: KeyboardEvent): void {
    const offered = this.#offered();
    const open = this.typed !== null;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!open) this.#open("");
      else if (offered.length > 0) this.active = (this.active + step + offered.length) % offered.length;
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      const row = offered[this.active];
      if (row !== undefined) this.#choose(row);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    } else if (event.key === "Tab") this.#close();
  }
}
