/** `<coupon-pool-page>`: one pool: its figures, draws a day, settings, uploads, who got what, exports, alerts. */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import type { PoolsHost } from "../host.js";
import type { About, Batch, PastAlert, PoolRow } from "../options.js";
import type { UsageRow } from "../store.js";
import type { PoolChange } from "./dashboard.js";
import { chartStyle, daysOf, drawsFigure, forecastOf } from "./draws-chart.js";
import { HostElement } from "./host-element.js";
import { alertList, batchTable, poolPageStyle, settingsList } from "./pool-page-parts.js";
import { statesOf } from "./pool-state.js";
import { badges, stockBar, stockStyle } from "./stock.js";
import { buttons, dialogs, fields, tables, theme } from "./theme.js";

const DAYS = 30;
const DAY = 86_400_000;

type Question = { kind: "archive" } | { kind: "undo"; batch: Batch } | null;

/** Events: `pool-changed` with a `PoolChange`; `pool-edit` and `pool-upload` with the row; `pool-closed`. */
export class CouponPoolPage extends HostElement {
  static override properties: PropertyDeclarations = {
    handle: { type: String },
    about: { attribute: false },
    row: { state: true },
    usage: { state: true },
    alerts: { state: true },
    batches: { state: true },
    next: { state: true },
    question: { state: true },
    told: { state: true },
    failure: { state: true },
  };
  static override styles = [
    theme,
    buttons,
    fields,
    tables,
    dialogs,
    stockStyle,
    chartStyle,
    poolPageStyle,
    css`
    :host {
      container-type: inline-size;
    }
  `,
  ];

  declare handle: string;
  declare about: About | null;
  declare private row: PoolRow | null;
  declare private usage: UsageRow[];
  declare private alerts: PastAlert[];
  declare private batches: Batch[];
  declare private next: string | null;
  declare private question: Question;
  declare private told: string;
  declare private failure: unknown;

  #dialog = createRef<HTMLDialogElement>();
  #title = createRef<HTMLElement>();
  #reading = 0;

  constructor() {
    super();
    this.handle = "";
    this.about = null;
    this.row = null;
    this.question = null;
    this.#forget();
  }

  #forget(): void {
    this.usage = [];
    this.alerts = [];
    this.batches = [];
    this.next = null;
    this.told = "";
    this.failure = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (!changed.has("handle") && !changed.has("host")) return;
    this.row = null;
    this.#forget();
    void this.refresh().then(async () => {
      await this.updateComplete;
      this.#title.value?.focus();
    });
  }

  protected override connected(_host: PoolsHost): void {}

  protected override updated(changed: PropertyValues): void {
    if (changed.has("question") && this.question !== null) this.#dialog.value?.showModal();
  }

  /** The pool's row, fresh from whoever has just read it. */
  take(row: PoolRow): void {
    if (row.handle !== this.handle || this.row === null) return;
    this.row = row;
    void this.refresh();
  }

  /** Reads the pool again. */
  async refresh(): Promise<void> {
    const { host, handle } = this;
    if (host === undefined || handle === "") return;
    const turn = ++this.#reading;
    try {
      const now = Date.now();
      const row = await host.get(handle);
      if (turn !== this.#reading) return;
      this.row = row;
      const stored = row.kind !== "fixed";
      const [usage, batches, alerts] = await Promise.all([
        stored ? host.usage(handle, { from: (Math.floor(now / DAY) - DAYS + 1) * DAY, to: now + DAY }) : [],
        stored ? host.batches(handle, { limit: 10 }) : Object.assign([], { next: null }),
        host.alerts(handle),
      ]);
      if (turn !== this.#reading) return;
      this.usage = usage;
      this.batches = batches;
      this.next = batches.next;
      this.alerts = alerts;
    } catch (error) {
      if (turn === this.#reading) this.failure = error;
    }
  }

  protected override render(): TemplateResult {
    const { words, row } = this;
    return html`
      <p><button type="button" part="button" class="plain back" data-action="back" @click=${() => this.tell("pool-closed", { handle: this.handle })}>
        <span aria-hidden="true" class="arrow-back">←</span> ${words.page.back}
      </button></p>
      ${this.failure === undefined ? nothing : html`<p class="notice" role="alert">${this.wordsOf(this.failure)}</p>`}
      ${row === null ? (this.failure === undefined ? html`<p class="quiet">${words.common.loading}</p>` : nothing) : this.#poolView(row)}
      ${this.#questionView()}
    `;
  }

  #poolView(row: PoolRow): TemplateResult {
    const { words, figures } = this;
    const now = Date.now();
    const states = statesOf(row, now, this.alerts);
    const stored = row.kind !== "fixed";
    return html`
      <header class="pool-head">
        <div>
          <h2 tabindex="-1" ${ref(this.#title)}>${row.name}</h2>
          <p class="under">
            <span class="badge">${words.kinds[row.kind]}</span> ${badges(states, words)}
            <code class="tag">{% coupon "${row.handle}" %}</code>
            <button type="button" class="plain small" aria-label=${`${words.page.copy}: ${words.page.tag}`} @click=${() => this.#copy(row.handle)}>${words.page.copy}</button>
          </p>
        </div>
        <div class="actions">
          <button type="button" part="button" data-action="archive" @click=${() => (row.archived ? this.#archive(false) : this.#ask({ kind: "archive" }))}>
            ${row.archived ? words.page.restore : words.page.archive}
          </button>
          <button type="button" part="button" data-action="edit" @click=${() => this.tell("pool-edit", row)}>${words.page.edit}</button>
          ${
            row.kind === "static" && !row.archived
              ? html`<button type="button" part="button primary" class="primary" data-action="upload" @click=${() => this.tell("pool-upload", row)}>${words.page.upload}</button>`
              : nothing
          }
        </div>
      </header>
      <p class="told" role="status">${this.told}</p>
      ${stored ? this.#figures(row) : nothing}
      <div class="columns">
        <div class="stack">
          ${
            stored
              ? html`<section class="card" aria-labelledby="draws">
                <div class="card-head"><h3 id="draws">${words.page.drawsADay}</h3><span class="quiet">${forecastOf(row, figures, words)}</span></div>
                ${drawsFigure(daysOf(this.usage, now, DAYS), figures, words)}
              </section>
              <coupon-pool-holders exportparts="button" .host=${this.host} .texts=${this.texts} .locale=${this.locale} .row=${row}></coupon-pool-holders>
              ${
                row.kind === "static" || this.batches.length > 0
                  ? html`<section class="card" aria-labelledby="uploads">
                    <h3 id="uploads">${words.page.uploads}</h3>
                    ${batchTable(row, this.batches, figures, words, (batch) => this.#ask({ kind: "undo", batch }))}
                    ${this.next === null ? nothing : html`<p><button type="button" part="button" @click=${() => this.#more()}>${words.common.more}</button></p>`}
                  </section>`
                  : nothing
              }`
              : nothing
          }
        </div>
        <div class="stack">
          <section class="card" aria-labelledby="settings">
            <h3 id="settings">${words.page.settings}</h3>
            ${settingsList(row, this.about, figures, words)}
          </section>
          <section class="card" aria-labelledby="alerts">
            <h3 id="alerts">${words.page.alerts}</h3>
            ${alertList(this.alerts, row, figures, words)}
          </section>
        </div>
      </div>`;
  }

  #figures(row: PoolRow): TemplateResult {
    const { words, figures } = this;
    const one = (name: string, value: TemplateResult | string) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
    const states = statesOf(row, Date.now(), this.alerts);
    return html`<dl class="figures">
      ${one(words.page.remaining, row.remaining === null ? words.common.none : figures.number(row.remaining))}
      ${row.buffered === null ? nothing : one(words.page.inStock, figures.number(row.buffered))}
      ${one(words.page.assigned, figures.number(row.assigned))}
      ${one(words.page.share, stockBar(row, states, figures, words))}
      ${row.expired > 0 ? one(words.page.expired, figures.number(row.expired)) : nothing}
      ${row.redeemed > 0 ? one(words.page.redeemed, figures.number(row.redeemed)) : nothing}
      ${row.fellBack > 0 ? one(words.page.fellBack, figures.number(row.fellBack)) : nothing}
    </dl>`;
  }

  #questionView(): TemplateResult {
    const { words, question } = this;
    const file = question?.kind === "undo" ? (question.batch.note?.fileName ?? words.page.withoutName) : "";
    const title =
      question === null
        ? ""
        : question.kind === "archive"
          ? words.page.archiveTitle(this.row?.name ?? "")
          : words.page.undoTitle(file);
    const help = question?.kind === "undo" ? words.page.undoHelp : words.page.archiveHelp;
    return html`<dialog ${ref(this.#dialog)} part="dialog" aria-labelledby="question" aria-describedby="question-help"
      @close=${() => {
        this.question = null;
      }}>
      <div class="dialog-head"><h2 id="question">${title}</h2></div>
      <p id="question-help" class="quiet">${help}</p>
      <div class="actions end ask">
        <button type="button" part="button" @click=${() => this.#dialog.value?.close()}>${words.common.cancel}</button>
        <button type="button" part="button primary" class="primary" @click=${() => this.#answer()}>
          ${question?.kind === "undo" ? words.page.undo : words.page.archive}
        </button>
      </div>
    </dialog>`;
  }

  #ask(question: Question): void {
    this.question = question;
  }

  #answer(): void {
    const { question } = this;
    this.#dialog.value?.close();
    if (question?.kind === "archive") void this.#archive(true);
    if (question?.kind === "undo") void this.#undo(question.batch);
  }

  async #archive(archived: boolean): Promise<void> {
    await this.#attempt(async (host) => {
      this.row = await host.edit(this.handle, { archived });
      this.#changed(archived ? "archived" : "restored");
    });
  }

  async #undo({ batch }: Batch): Promise<void> {
    await this.#attempt(async (host) => {
      const { removed, kept } = await host.undo(this.handle, batch);
      this.told = this.words.page.undoDone(this.figures.count(removed), this.figures.count(kept));
      this.#changed("undone");
      await this.refresh();
    });
  }

  async #more(): Promise<void> {
    await this.#attempt(async (host) => {
      const more = await host.batches(this.handle, { cursor: this.next, limit: 50 });
      this.batches = [...this.batches, ...more];
      this.next = more.next;
    });
  }

  async #copy(handle: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(`{% coupon "${handle}" %}`);
      this.told = this.words.page.copied;
    } catch (error) {
      this.failure = error;
    }
  }

  #changed(what: PoolChange["what"]): void {
    this.tell<PoolChange>("pool-changed", { handle: this.handle, what });
  }

  async #attempt(work: (host: PoolsHost) => Promise<void>): Promise<void> {
    const { host } = this;
    if (host === undefined) return;
    this.failure = undefined;
    try {
      await work(host);
    } catch (error) {
      this.failure = error;
    }
  }
}
