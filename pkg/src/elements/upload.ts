/** `<coupon-pool-upload>`: takes a file of codes, shows how it was understood, stores it, and takes it back. */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { CouponPoolsError } from "../errors.js";
import type { UploadOptions, UploadProgress, UploadReport } from "../options.js";
import type { PoolChange } from "./dashboard.js";
import { HostElement, keepFile } from "./host-element.js";
import { buttons, fields, tables, theme } from "./theme.js";
import { type Correction, corrected, previewTable, questionOf, readingForm, readingStyle } from "./upload-reading.js";
import { progressText, rejectedPart, reportFigures, reportStyle, reportWarnings } from "./upload-report.js";
import { type UploadOutcome, UploadRun } from "./upload-run.js";

const ACCEPTED = ".csv,.txt,.tsv,.xlsx,.xlsm,.xlsb,.xls,.ods,text/csv,text/plain,text/tab-separated-values";
/** How often figures change, in milliseconds: more often nobody can read them. */
const STEP_MS = 200;

/** What is shown. */
type Stage =
  | { kind: "pick"; told?: string }
  | { kind: "running"; file: File; storing: boolean; progress: UploadProgress | null }
  | { kind: "checked"; file: File; said: UploadOptions; report: UploadReport; rejected: Blob | null }
  | { kind: "stored"; file: File; report: UploadReport; rejected: Blob | null }
  | {
      kind: "failed";
      file: File;
      said: UploadOptions;
      storing: boolean;
      error: CouponPoolsError;
      rejected: Blob | null;
    };

/**
 * Uploads run where the host runs them: in a worker where `CouponPools` was given `uploadWorker()`, at the server where
 * the host is a client. Events: `pool-changed` with a `PoolChange`; `upload-finished` when the person is done with a
 * stored file. Slot `hint`: stands in the drop area. An element that leaves the page cancels its upload.
 */
export class CouponPoolUpload extends HostElement {
  static override properties: PropertyDeclarations = {
    pool: { type: String },
    stage: { state: true },
    over: { state: true },
    lookFirst: { state: true },
    timeZone: { state: true },
    name: { state: true },
    undoing: { state: true },
    failure: { state: true },
  };
  static override styles = [
    theme,
    buttons,
    fields,
    tables,
    reportStyle,
    readingStyle,
    css`
    :host {
      display: grid;
      gap: 14px;
    }

    .drop {
      display: grid;
      gap: 10px;
      justify-items: center;
      padding: 32px 20px;
      border: 1.5px dashed var(--_edge);
      border-radius: var(--_radius);
      background: var(--_sunk);
      text-align: center;
    }

    .drop.over {
      border-color: var(--_accent);
      background: var(--_accent-soft);
    }

    .drop .help {
      max-inline-size: 52ch;
      text-wrap: balance;
    }

    .drop input:focus-visible + .button {
      outline: 2px solid var(--_accent);
      outline-offset: 2px;
    }

    .running {
      display: grid;
      gap: 10px;
      padding: 20px;
      border: 1px solid var(--_line);
      border-radius: var(--_radius);
      background: var(--_sunk);
    }

    .running .line {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: space-between;
      gap: 8px 12px;
      min-block-size: 34px;
      font-variant-numeric: tabular-nums;
    }

    progress {
      inline-size: 100%;
      block-size: 10px;
      border: 0;
      border-radius: 5px;
      background: var(--_line);
      overflow: hidden;
      appearance: none;
    }

    progress::-webkit-progress-bar {
      background: var(--_line);
    }

    progress::-webkit-progress-value {
      background: var(--_accent);
    }

    progress::-moz-progress-bar {
      background: var(--_accent);
    }

    progress:indeterminate::-webkit-progress-bar {
      background: linear-gradient(90deg, var(--_line) 30%, var(--_accent) 50%, var(--_line) 70%);
      background-size: 200% 100%;
    }

    @media (prefers-reduced-motion: no-preference) {
      progress:indeterminate::-webkit-progress-bar {
        animation: passing 1.5s linear infinite;
      }
    }

    @keyframes passing {
      from {
        background-position: 200% 0;
      }
    }

    h3:focus {
      outline: none;
    }

    .last {
      position: sticky;
      inset-block-end: -20px;
      margin-block-end: -20px;
      padding-block: 12px 20px;
      border-block-start: 1px solid var(--_line);
      background: var(--_surface);
    }
  `,
  ];

  /** The handle of the pool that codes are added to. */
  declare pool: string;
  declare private stage: Stage;
  declare private over: boolean;
  declare private lookFirst: boolean;
  declare private timeZone: string;
  /** The pool's name. */
  declare private name: string;
  declare private undoing: boolean;
  declare private failure: unknown;

  readonly #run = new UploadRun();
  /** Counts what was asked for: the outcome of what somebody has turned away from is not shown. */
  #turn = 0;
  #settled: Promise<boolean> = Promise.resolve(false);

  constructor() {
    super();
    this.pool = "";
    this.stage = { kind: "pick" };
    this.over = false;
    this.lookFirst = true;
    this.timeZone = "UTC";
    this.name = "";
    this.undoing = false;
  }

  /** Whether an upload is under way. */
  get busy(): boolean {
    return this.#run.busy;
  }

  /** When the last upload has ended, and whether it was stored. */
  get settled(): Promise<boolean> {
    return this.#settled;
  }

  /** Takes a file, as if it were dropped here. */
  take(file: File): void {
    void this.#start(file, {}, !this.lookFirst);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#turn++;
    this.#run.cancel();
    this.stage = { kind: "pick" };
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if ((changed.has("pool") || changed.has("host")) && this.pool !== "") {
      if (changed.get("pool")) this.#pick();
      void this.#learn();
    }
  }

  /** Dates are shown in the pool's own time zone, and questions name it. */
  async #learn(): Promise<void> {
    const { host, pool } = this;
    try {
      const row = await host?.get(pool);
      if (row === undefined || pool !== this.pool) return;
      this.timeZone = row.timeZone;
      this.name = row.name;
    } catch (error) {
      if (pool === this.pool) this.failure = error;
    }
  }

  protected override render(): TemplateResult {
    const { stage } = this;
    return html`
      ${this.failure === undefined ? nothing : html`<p class="notice" role="alert">${this.wordsOf(this.failure)}</p>`}
      ${stage.kind === "pick" ? this.#pickView(stage) : nothing}
      ${stage.kind === "running" ? this.#runningView(stage) : nothing}
      ${stage.kind === "checked" ? this.#checkedView(stage) : nothing}
      ${stage.kind === "stored" ? this.#storedView(stage) : nothing}
      ${stage.kind === "failed" ? this.#failedView(stage) : nothing}
    `;
  }

  #pickView({ told = "" }: Stage & { kind: "pick" }): TemplateResult {
    const { upload } = this.words;
    return html`
      <p class="notice fine" role="status" ?hidden=${told === ""}>${told}</p>
      <div part="drop" class=${`drop ${this.over ? "over" : ""}`} @dragenter=${this.#drag} @dragover=${this.#drag} @dragleave=${this.#left} @drop=${this.#drop}>
        <p>
          <input id="file" type="file" class="unseen" accept=${ACCEPTED} aria-describedby="kinds" ?disabled=${this.host === undefined} @change=${this.#chosen}>
          <label for="file" part="button" class="button">${upload.choose}</label> ${upload.drop}
        </p>
        <p class="help" id="kinds">${upload.kinds}</p>
        <slot name="hint"></slot>
        <label class="check"><input id="look-first" type="checkbox" .checked=${this.lookFirst}
          @change=${(event: Event) => {
            this.lookFirst = (event.target as HTMLInputElement).checked;
          }}> ${upload.lookFirst}</label>
      </div>`;
  }

  #runningView({ file, storing, progress }: Stage & { kind: "running" }): TemplateResult {
    const { words, figures } = this;
    const doing = (storing ? words.upload.storing : words.upload.checking)(file.name, figures.size(file.size));
    const share = progress?.totalBytes ? progress.bytes / progress.totalBytes : nothing;
    return html`<div class="running">
      <h3 id="doing" tabindex="-1">${doing}</h3>
      <progress aria-labelledby="doing" max="1" value=${share}></progress>
      <div class="line">
        <span id="progress" class="quiet">${progress === null ? "" : progressText(progress, words, figures)}</span>
        <button type="button" part="button" @click=${() => this.#run.cancel()}>${words.common.cancel}</button>
      </div>
    </div>`;
  }

  #checkedView({ file, said, report, rejected }: Stage & { kind: "checked" }): TemplateResult {
    const { words, figures } = this;
    return html`
      <h3 tabindex="-1">${words.upload.checked(file.name)}</h3>
      ${reportFigures(report, true, words, figures)} ${reportWarnings(report, words, figures)}
      <h4>${words.upload.howRead}</h4>
      ${readingForm(report, words, figures, (better) => this.#start(file, corrected(said, better), false))}
      ${previewTable(report, words, figures, this.timeZone)}
      ${rejectedPart(report, words, figures, this.#keeper(file, rejected))}
      <div class="actions end last">
        <button type="button" part="button" @click=${() => this.#pick()}>${words.upload.another}</button>
        <button type="button" part="button primary" class="primary" ?disabled=${report.added === 0} @click=${() => this.#start(file, said, true)}>
          ${words.upload.add(figures.count(report.added))}
        </button>
      </div>`;
  }

  #storedView({ file, report, rejected }: Stage & { kind: "stored" }): TemplateResult {
    const { words, figures } = this;
    return html`
      <h3 tabindex="-1">${words.upload.stored(file.name)}</h3>
      ${reportFigures(report, false, words, figures)} ${reportWarnings(report, words, figures)}
      ${rejectedPart(report, words, figures, this.#keeper(file, rejected))}
      <div class="actions end last">
        ${
          report.batch !== null && report.added > 0
            ? html`<button type="button" part="button" ?disabled=${this.undoing} @click=${() => this.#undo(report.batch ?? "")}>${words.upload.undo}</button>`
            : nothing
        }
        <button type="button" part="button" @click=${() => this.#pick()}>${words.upload.another}</button>
        <button type="button" part="button primary" class="primary" @click=${() => this.tell("upload-finished", { handle: this.pool })}>${words.upload.done}</button>
      </div>`;
  }

  #failedView({ file, said, storing, error, rejected }: Stage & { kind: "failed" }): TemplateResult {
    const { words } = this;
    const change = (better: Correction) => this.#start(file, corrected(said, better), storing);
    const question = questionOf(error, this.name, words, change);
    const keep = error.code === "UPLOAD_NOTHING_USABLE" ? this.#keeper(file, rejected) : null;
    return html`
      <h3 tabindex="-1">${file.name}</h3>
      ${question ?? html`<p class="notice" role="alert">${file.name}: ${this.wordsOf(error)}</p>`}
      ${keep === null ? nothing : html`<p><button type="button" part="button" class="plain" @click=${keep}>${words.upload.download}</button></p>`}
      <div class="actions end last">
        <button type="button" part="button" @click=${() => this.#pick()}>${words.upload.another}</button>
      </div>`;
  }

  #keeper(file: File, rejected: Blob | null): (() => void) | null {
    const name = `${file.name.replace(/\.[^.]*$/, "")}-rejected.csv`;
    return rejected === null ? null : () => keepFile(name, new Blob([rejected], { type: "text/csv" }));
  }

  /** Runs a check, or an upload that stores; shows what became of it. */
  async #start(file: File, said: UploadOptions, storing: boolean): Promise<void> {
    const { host, pool } = this;
    if (host === undefined) return;
    const mine = ++this.#turn;
    this.failure = undefined;
    this.#show({ kind: "running", file, storing, progress: null });
    let shown = Number.NEGATIVE_INFINITY;
    const follow = (progress: UploadProgress) => {
      const now = performance.now();
      if (mine !== this.#turn || now - shown < STEP_MS) return;
      shown = now;
      this.stage = { kind: "running", file, storing, progress };
    };
    const running = this.#run.start(host, pool, file, storing ? said : { ...said, dryRun: true }, follow);
    if (storing) this.#settled = running.then(({ report }) => report !== undefined);
    const outcome = await running;
    if (storing && outcome.report !== undefined && this.isConnected) this.#changed("uploaded");
    if (mine === this.#turn) this.#show(this.#after(outcome, file, said, storing));
  }

  #after({ report, error, rejected }: UploadOutcome, file: File, said: UploadOptions, storing: boolean): Stage {
    if (report !== undefined)
      return storing ? { kind: "stored", file, report, rejected } : { kind: "checked", file, said, report, rejected };
    if (error === undefined) return { kind: "pick", told: storing ? this.words.upload.cancelled : "" };
    const known = error as CouponPoolsError;
    return {
      kind: "failed",
      file,
      said,
      storing,
      error: Object.assign(known, { details: known.details ?? {} }),
      rejected,
    };
  }

  async #undo(batch: string): Promise<void> {
    const { host, pool } = this;
    if (host === undefined) return;
    this.undoing = true;
    this.failure = undefined;
    try {
      const { removed, kept } = await host.undo(pool, batch);
      this.#changed("undone");
      this.#show({
        kind: "pick",
        told: this.words.page.undoDone(this.figures.count(removed), this.figures.count(kept)),
      });
    } catch (error) {
      this.failure = error;
    }
    this.undoing = false;
  }

  #changed(what: PoolChange["what"]): void {
    this.tell<PoolChange>("pool-changed", { handle: this.pool, what });
  }

  #pick(): void {
    this.#turn++;
    this.#run.cancel();
    this.failure = undefined;
    this.#show({ kind: "pick" });
  }

  /** Shows the next stage; the keyboard and a screen reader go on at its heading, or at the file chooser. */
  #show(stage: Stage): void {
    const first = stage.kind === "pick" && this.stage.kind === "pick";
    this.stage = stage;
    if (first) return;
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector<HTMLElement>(stage.kind === "pick" ? "#file" : "#asked, h3")?.focus();
    });
  }

  #chosen(event: Event): void {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file !== undefined) this.take(file);
    input.value = "";
  }

  #drag(event: DragEvent): void {
    event.preventDefault();
    this.over = true;
  }

  #left(): void {
    this.over = false;
  }

  #drop(event: DragEvent): void {
    event.preventDefault();
    this.over = false;
    const [file] = event.dataTransfer?.files ?? [];
    if (file !== undefined && this.host !== undefined) this.take(file);
  }
}
