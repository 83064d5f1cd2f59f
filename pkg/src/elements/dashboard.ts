/** `<coupon-pools-dashboard>`: every pool with its stock, and from there a pool's page, its uploads and its settings. */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import type { PoolsHost } from "../host.js";
import type { About, PastAlert, PoolRow } from "../options.js";
import { chartStyle } from "./draws-chart.js";
import { everyPage, HostElement } from "./host-element.js";
import { FIRST_VIEW, PoolList, type PoolView, type SortKey } from "./pool-list.js";
import { poolTable, poolTableStyle } from "./pool-table.js";
import { pagesNav, poolTools, poolToolsStyle } from "./pool-tools.js";
import { stockStyle } from "./stock.js";
import { buttons, dialogs, fields, tables, theme } from "./theme.js";
import type { CouponPoolUpload } from "./upload.js";

/** Rows of one page of the table: more make every change of it slower, and nobody reads further. */
const PAGE_ROWS = 50;
/** Dynamic pools whose alerts are asked for when the list is read: each is a request to a server. */
const WATCHED_POOLS = 50;

/** What `pool-changed` says. */
export interface PoolChange {
  handle: string;
  what: "created" | "edited" | "archived" | "restored" | "uploaded" | "undone";
}

type OpenDialog = { kind: "form"; row: PoolRow | null } | { kind: "upload"; row: PoolRow } | null;

/**
 * Events: `pool-opened` with the handle, or `null` for the list (set `pool` to go there); `pool-changed` with a
 * `PoolChange`. Slot `upload-hint`: stands in the upload's drop area. The table is read in requests of 1,000 pools.
 */
export class CouponPoolsDashboard extends HostElement {
  static override properties: PropertyDeclarations = {
    pool: { type: String },
    heading: { type: String },
    rows: { state: true },
    archived: { state: true },
    alerts: { state: true },
    view: { state: true },
    page: { state: true },
    dialog: { state: true },
    failure: { state: true },
    about: { state: true },
  };
  static override styles = [
    theme,
    buttons,
    fields,
    tables,
    dialogs,
    stockStyle,
    chartStyle,
    poolTableStyle,
    poolToolsStyle,
    css`
    :host {
      container-type: inline-size;
    }

    .card {
      border: 1px solid var(--_line);
      border-radius: var(--_radius);
      background: var(--_surface);
    }

    .head {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: space-between;
      gap: 8px 16px;
      padding: 16px 20px 12px;
    }

    .head p {
      font-size: 13px;
    }

    .blank {
      display: grid;
      justify-items: center;
      gap: 10px;
      padding: 48px 24px;
      text-align: center;
    }

    .blank p {
      max-inline-size: 46ch;
      color: var(--_quiet);
      text-wrap: pretty;
    }

    .notice {
      display: flex;
      align-items: center;
      justify-content: space-between;
      gap: 12px;
      margin: 12px 20px;
    }

    @container (max-width: 760px) {
      .head {
        padding-inline: 16px;
      }
    }
  `,
  ];

  /** The handle of the pool whose page is open; none for the list. */
  declare pool: string | null;
  /** What stands above the list. Default: the text `list.title`; "" for nothing. */
  declare heading: string | undefined;
  declare private rows: PoolRow[] | null;
  declare private archived: PoolRow[] | null;
  declare private alerts: Map<string, PastAlert[]>;
  declare private view: PoolView;
  declare private page: number;
  declare private dialog: OpenDialog;
  declare private failure: unknown;
  declare private about: About | null;

  #dialog = createRef<HTMLDialogElement>();
  #list: PoolList | null = null;
  /** Counts readings: a late answer does not overwrite a newer one. */
  #reading = 0;
  /** What has the focus when a dialog closes. */
  #from: { handle: string | null; action: string } | null = null;

  constructor() {
    super();
    this.pool = null;
    this.rows = null;
    this.archived = null;
    this.alerts = new Map();
    this.view = FIRST_VIEW;
    this.page = 0;
    this.dialog = null;
    this.about = null;
  }

  protected override connected(_host: PoolsHost): void {
    this.rows = null;
    this.archived = null;
    void this.refresh();
  }

  /** Reads all pools again: for hosts that know that somebody else has changed or drawn something. */
  async refresh(): Promise<void> {
    const { host } = this;
    if (host === undefined) return;
    const turn = ++this.#reading;
    const read = (archived: boolean) =>
      everyPage(
        (cursor) => host.list({ archived, cursor, limit: 1_000 }),
        (rows) => {
          // The first thousand are shown while the others are on their way.
          if (!archived && this.rows === null && turn === this.#reading) this.rows = [...rows];
        },
      );
    try {
      const rows = await read(false);
      const archived =
        rows.length === 0 || this.archived !== null || this.view.state === "archived" ? await read(true) : null;
      const about = this.about ?? (await host.about());
      if (turn !== this.#reading) return;
      this.rows = rows;
      this.archived = archived;
      this.about = about;
      this.failure = undefined;
      await this.#watch(rows, turn);
    } catch (error) {
      if (turn === this.#reading) this.failure = error;
    }
  }

  /** Gives a file to the upload that is open, as if it were dropped there. */
  takeFile(file: File): void {
    this.renderRoot.querySelector<CouponPoolUpload>("coupon-pool-upload")?.take(file);
  }

  /** Asks for the alerts of dynamic pools: only these say that a shop gives no codes. */
  async #watch(rows: readonly PoolRow[], turn: number): Promise<void> {
    const { host } = this;
    const alerts = new Map<string, PastAlert[]>();
    const dynamic = rows.filter(({ kind }) => kind === "dynamic").slice(0, WATCHED_POOLS);
    for (const { handle } of dynamic) {
      if (host === undefined || turn !== this.#reading) return;
      try {
        alerts.set(handle, await host.alerts(handle));
      } catch {
        // A pool that has just gone, or a host that does not tell: its row has no badge.
      }
    }
    if (turn === this.#reading && (alerts.size > 0 || this.alerts.size > 0)) this.alerts = alerts;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (["rows", "archived", "alerts", "locale", "texts"].some((name) => changed.has(name))) {
      const rows = [...(this.rows ?? []), ...(this.archived ?? [])];
      this.#list = this.rows === null ? null : new PoolList(rows, this.figures.collator, Date.now(), this.alerts);
    }
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("dialog") && this.dialog !== null) this.#dialog.value?.showModal();
  }

  protected override render(): TemplateResult {
    return html`
      ${
        this.pool === null
          ? this.#listView()
          : html`<coupon-pool-page
            exportparts="button, badge, bar, bar-fill, chart"
            .host=${this.host} .texts=${this.texts} .locale=${this.locale} .handle=${this.pool} .about=${this.about}
            @pool-closed=${() => this.#go(null)}
            @pool-edit=${(event: CustomEvent<PoolRow>) => this.#openDialog({ kind: "form", row: event.detail }, null, "edit")}
            @pool-upload=${(event: CustomEvent<PoolRow>) => this.#openDialog({ kind: "upload", row: event.detail }, null, "upload")}
            @pool-changed=${(event: CustomEvent<PoolChange>) => this.#changed(event.detail, false)}
          ></coupon-pool-page>`
      }
      ${this.#dialogView()}
    `;
  }

  #listView(): TemplateResult {
    const { words, figures } = this;
    const list = this.#list;
    const heading = this.heading ?? words.list.title;
    return html`<section part="card" class="card">
      <div part="head" class="head">
        <div>
          ${heading === "" ? nothing : html`<h2>${heading}</h2>`}
          <p class="quiet" role="status">
            ${this.rows === null ? (this.failure === undefined && this.host !== undefined ? words.common.loading : "") : words.list.shown(figures.count(this.rows.length))}
          </p>
        </div>
        <button type="button" part="button primary" class="primary" data-action="new" ?disabled=${this.host === undefined}
          @click=${() => this.#openDialog({ kind: "form", row: null }, null, "new")}>${words.list.newPool}</button>
      </div>
      ${this.failure === undefined ? nothing : this.#failureView()}
      ${this.host === undefined ? html`<p class="blank quiet">${words.common.noHost}</p>` : nothing}
      ${list === null ? nothing : this.rows?.length === 0 && this.view === FIRST_VIEW ? this.#emptyView() : this.#poolsView(list)}
    </section>`;
  }

  #failureView(): TemplateResult {
    return html`<p class="notice" role="alert">
      <span>${this.wordsOf(this.failure)}</span>
      <button type="button" part="button" @click=${() => this.refresh()}>${this.words.common.tryAgain}</button>
    </p>`;
  }

  #emptyView(): TemplateResult {
    const { list } = this.words;
    return html`<div class="blank">
      <h3>${list.emptyTitle}</h3>
      <p>${list.emptyHelp}</p>
      <slot name="empty"></slot>
      ${
        this.archived?.length
          ? html`<button type="button" class="plain" @click=${() => this.#filter({ state: "archived" })}>${list.showArchived}</button>`
          : nothing
      }
    </div>`;
  }

  #poolsView(list: PoolList): TemplateResult {
    const { words, figures, view } = this;
    const all = list.look(view);
    const pages = Math.max(1, Math.ceil(all.length / PAGE_ROWS));
    const page = Math.min(this.page, pages - 1);
    const rows = all.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
    return html`
      ${poolTools(view, words, (some) => this.#filter(some))}
      ${
        rows.length === 0
          ? html`<div class="blank">
            <h3>${words.list.nothingTitle}</h3>
            <p>${words.list.nothingHelp}</p>
            <button type="button" part="button" @click=${() => this.#clear()}>${words.list.clear}</button>
          </div>`
          : html`<div class="scroll">${poolTable({
              rows,
              view,
              figures,
              texts: words,
              now: Date.now(),
              states: (row) => list.states(row),
              sort: (key) => this.#sort(key),
              open: ({ handle }) => this.#go(handle),
              upload: (row) => this.#openDialog({ kind: "upload", row }, row.handle, "upload"),
              edit: (row) => this.#openDialog({ kind: "form", row }, row.handle, "edit"),
            })}</div>`
      }
      ${
        pages > 1 || view !== FIRST_VIEW
          ? pagesNav(
              { page, pages, first: page * PAGE_ROWS + 1, shown: rows.length, all: all.length },
              words,
              figures,
              (to) => this.#turn(to),
            )
          : nothing
      }`;
  }

  #dialogView(): TemplateResult {
    const { dialog, words } = this;
    const title =
      dialog === null
        ? ""
        : dialog.kind === "upload"
          ? words.upload.title(dialog.row.name)
          : dialog.row === null
            ? words.form.newTitle
            : words.form.editTitle(dialog.row.name);
    return html`<dialog part="dialog" ${ref(this.#dialog)} class=${dialog?.kind === "upload" ? "wide" : ""} aria-labelledby="dialog-title"
      @close=${(event: Event) => event.target === this.#dialog.value && this.#dialogClosed()}>
      <div class="dialog-head">
        <h2 id="dialog-title">${title}</h2>
        <button type="button" part="button" class="plain" aria-label=${words.common.close} @click=${() => this.#dialog.value?.close()}>✕</button>
      </div>
      ${
        dialog === null
          ? nothing
          : dialog.kind === "form"
            ? html`<coupon-pool-form exportparts="button" .host=${this.host} .texts=${this.texts} .locale=${this.locale} .row=${dialog.row} .about=${this.about}
              @pool-saved=${(event: CustomEvent<PoolRow>) => this.#saved(dialog.row, event.detail)}
              @pool-cancelled=${() => this.#dialog.value?.close()}></coupon-pool-form>`
            : html`<coupon-pool-upload exportparts="button" .host=${this.host} .texts=${this.texts} .locale=${this.locale} .pool=${dialog.row.handle}
              @pool-changed=${(event: CustomEvent<PoolChange>) => this.#changed(event.detail, false)}
              @upload-finished=${() => this.#dialog.value?.close()}>
              <slot name="upload-hint" slot="hint"></slot>
            </coupon-pool-upload>`
      }
    </dialog>`;
  }

  #openDialog(dialog: OpenDialog, handle: string | null, action: string): void {
    this.#from = { handle, action };
    this.dialog = dialog;
  }

  async #dialogClosed(): Promise<void> {
    void this.#awaitUpload(this.dialog);
    this.dialog = null;
    await this.updateComplete;
    const { handle, action } = this.#from ?? { handle: null, action: "new" };
    // The row may have been drawn anew, or be gone.
    const row = handle === null ? null : this.renderRoot.querySelector(`tr[data-handle="${CSS.escape(handle)}"]`);
    const page = this.renderRoot.querySelector("coupon-pool-page")?.shadowRoot ?? null;
    const again = (row ?? page ?? this.renderRoot).querySelector<HTMLElement>(`[data-action="${action}"]`);
    (again ?? this.renderRoot.querySelector<HTMLElement>('[data-action="new"]'))?.focus();
  }

  /** An upload that was closed may have been stored all the same: too late to be cancelled. */
  async #awaitUpload(dialog: OpenDialog): Promise<void> {
    const upload = this.renderRoot.querySelector<CouponPoolUpload>("coupon-pool-upload");
    if (dialog?.kind !== "upload" || upload === null || !upload.busy) return;
    const { handle } = dialog.row;
    if (await upload.settled) this.#changed({ handle, what: "uploaded" }, true);
  }

  #saved(before: PoolRow | null, after: PoolRow): void {
    const what =
      before === null
        ? "created"
        : before.archived === after.archived
          ? "edited"
          : after.archived
            ? "archived"
            : "restored";
    this.#changed({ handle: after.handle, what }, true, after);
    this.#from = { handle: after.handle, action: before === null && after.kind === "static" ? "upload" : "edit" };
    this.#dialog.value?.close();
  }

  /** Something has changed: the row at once where it is known, then everybody who listens, then the whole row. */
  #changed(change: PoolChange, announce: boolean, row?: PoolRow): void {
    if (row !== undefined) this.#put(row);
    if (announce) this.tell("pool-changed", change);
    void this.#readAgain(change.handle);
  }

  async #readAgain(handle: string): Promise<void> {
    try {
      const row = await this.host?.get(handle);
      if (row !== undefined) this.#put(row);
    } catch (error) {
      this.failure = error;
    }
  }

  /** Puts a row where it belongs. */
  #put(row: PoolRow): void {
    const others = (rows: PoolRow[] | null) => (rows ?? []).filter(({ handle }) => handle !== row.handle);
    this.rows = row.archived ? others(this.rows) : [...others(this.rows), row];
    if (this.archived !== null) this.archived = row.archived ? [...others(this.archived), row] : others(this.archived);
    void (this.renderRoot.querySelector("coupon-pool-page") as { take?: (row: PoolRow) => void } | null)?.take?.(row);
  }

  #go(pool: string | null): void {
    if (!this.tell("pool-opened", { handle: pool }, true)) return;
    const before = this.pool;
    this.pool = pool;
    if (pool !== null || before === null) return;
    void this.updateComplete.then(() => {
      this.renderRoot
        .querySelector<HTMLElement>(`tr[data-handle="${CSS.escape(before)}"] [data-action="open"]`)
        ?.focus();
    });
  }

  #filter(some: Partial<PoolView>): void {
    this.view = { ...this.view, ...some };
    this.page = 0;
    if (some.state === "archived" && this.archived === null) {
      this.archived = [];
      void this.refresh();
    }
  }

  #clear(): void {
    this.view = { ...FIRST_VIEW, sort: this.view.sort, descending: this.view.descending };
    this.page = 0;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("#search")?.focus());
  }

  /** Names go up first; figures go down first, where the largest is asked for more often. */
  #sort(key: SortKey): void {
    const { sort, descending } = this.view;
    const first = !(key === "name" || key === "kind");
    this.#filter({ sort: key, descending: sort === key ? !descending : first });
  }

  #turn(page: number): void {
    this.page = page;
    void this.updateComplete.then(() => this.renderRoot.querySelector("table")?.scrollIntoView({ block: "nearest" }));
  }
}
