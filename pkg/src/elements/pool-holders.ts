/** `<coupon-pool-holders>`: who got what, looked up by a code or a contact, and the pool's exports. */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { FoundCode, PoolRow } from "../options.js";
import { HostElement, keepFile } from "./host-element.js";
import { poolPageStyle } from "./pool-page-parts.js";
import { buttons, fields, tables, theme } from "./theme.js";

/** Part of a pool's page; needs the pool's row. */
export class CouponPoolHolders extends HostElement {
  static override properties: PropertyDeclarations = {
    row: { attribute: false },
    found: { state: true },
    looked: { state: true },
    next: { state: true },
    told: { state: true },
    failure: { state: true },
  };
  static override styles = [
    theme,
    buttons,
    fields,
    tables,
    poolPageStyle,
    css`
    :host {
      container-type: inline-size;
      display: grid;
      gap: 16px;
    }

    .look {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto;
      gap: 8px;
      align-items: end;
    }

    td {
      overflow-wrap: anywhere;
    }

    td.when {
      white-space: nowrap;
    }

    td code {
      white-space: nowrap;
    }
  `,
  ];

  declare row: PoolRow;
  declare private found: FoundCode[] | null;
  declare private looked: string;
  declare private next: string | null;
  declare private told: string;
  declare private failure: unknown;

  #turn = 0;

  constructor() {
    super();
    this.#forget();
  }

  #forget(): void {
    this.found = null;
    this.looked = "";
    this.next = null;
    this.told = "";
    this.failure = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const before = changed.get("row");
    if (before !== undefined && before.handle !== this.row.handle) this.#forget();
  }

  protected override render(): TemplateResult {
    const { page } = this.words;
    return html`
      <section class="card" aria-labelledby="holders">
        <h3 id="holders">${page.holders}</h3>
        <form class="look" @submit=${this.#submit}>
          <div class="field">
            <label for="look">${page.lookFor}</label>
            <input id="look" type="text" autocomplete="off" spellcheck="false" maxlength="512" required placeholder=${page.lookForHint}>
          </div>
          <button type="submit" part="button">${page.find}</button>
        </form>
        ${this.failure === undefined ? nothing : html`<p class="notice" role="alert">${this.wordsOf(this.failure)}</p>`}
        <p class=${this.found?.length ? "unseen" : "quiet"} role="status" ?hidden=${this.found === null}>${
          this.found === null
            ? ""
            : this.found.length === 0
              ? page.nothingFound(this.looked)
              : page.found(this.figures.count(this.found.length))
        }</p>
        ${this.found === null || this.found.length === 0 ? nothing : this.#table(this.found)}
        ${this.next === null ? nothing : html`<p><button type="button" part="button" @click=${() => this.#find(this.looked, this.next)}>${this.words.common.more}</button></p>`}
      </section>
      <section class="card" aria-labelledby="export">
        <div><h3 id="export">${page.export}</h3><p class="help">${page.exportHelp}</p></div>
        <div class="actions">
          <button type="button" part="button" @click=${() => this.#export("draws")}>${page.exportDraws}</button>
          <button type="button" part="button" @click=${() => this.#export("remaining")}>${page.exportRemaining}</button>
          <span class="quiet" role="status">${this.told}</span>
        </div>
      </section>`;
  }

  #table(found: readonly FoundCode[]): TemplateResult {
    const { words, figures } = this;
    const { code, status, contact, message, drawn, until } = words.page.holderColumns;
    const stateOf = (row: FoundCode) => (row.redeemedAt === null ? row.status : "redeemed");
    return html`<div class="scroll" tabindex="0" role="group" aria-label=${words.page.holders}><table>
      <thead><tr>
        <th scope="col">${code}</th><th scope="col">${status}</th><th scope="col">${contact}</th>
        <th scope="col">${message}</th><th scope="col">${drawn}</th><th scope="col">${until}</th>
      </tr></thead>
      <tbody>${found.map(
        (row) => html`<tr>
          <td><code>${row.code}</code></td>
          <td><span class="badge">${words.page.statuses[stateOf(row)] ?? stateOf(row)}</span></td>
          <td>${row.contact ?? words.common.none}</td>
          <td>${row.message ?? words.common.none}</td>
          <td class="when">${row.drawnAt === null ? words.common.none : figures.moment(row.drawnAt)}</td>
          <td class="when">${row.expiresAt === null ? words.common.none : figures.lastDay(row.expiresAt, this.row.timeZone)}</td>
        </tr>`,
      )}</tbody>
    </table></div>`;
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.renderRoot.querySelector<HTMLInputElement>("#look")?.value.trim() ?? "";
    if (text !== "") void this.#find(text, null);
  }

  /** Looks for a contact of this name, and for a code of this text; more pages are of the contact. */
  async #find(text: string, cursor: string | null): Promise<void> {
    const { host, row } = this;
    if (host === undefined) return;
    const turn = ++this.#turn;
    this.failure = undefined;
    try {
      const contact = await host.find(row.handle, { contact: text }, { cursor });
      const code = cursor === null && text.length <= 255 ? await host.find(row.handle, { code: text }) : [];
      if (turn !== this.#turn) return;
      const before = cursor === null ? [] : (this.found ?? []);
      this.found = [...before, ...code, ...contact];
      this.next = contact.next;
      this.looked = text;
    } catch (error) {
      if (turn === this.#turn) this.failure = error;
    }
  }

  async #export(what: "draws" | "remaining"): Promise<void> {
    const { host, row, words } = this;
    if (host === undefined) return;
    const name = `${row.handle}-${what}.csv`;
    this.failure = undefined;
    this.told = words.page.exporting;
    try {
      keepFile(name, new Blob([await new Response(host.export(row.handle, what)).blob()], { type: "text/csv" }));
      this.told = words.page.exported(name);
    } catch (error) {
      this.told = "";
      this.failure = error;
    }
  }
}
