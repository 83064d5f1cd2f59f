/** `<coupon-pool-form>`: makes a pool, or changes the settings of one. */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { CouponPoolsError } from "../errors.js";
import type { About, PoolRow } from "../options.js";
import { draftOf, EMPTY_DRAFT, fieldOf, newPoolOf, optionOf, type PoolDraft, patchOf, slugOf } from "./form-draft.js";
import { HostElement } from "./host-element.js";
import { buttons, fields, theme } from "./theme.js";

/** Fields that are chosen, not typed: what is wrong about one of them stands above the form. */
const CHOICES: ReadonlySet<string> = new Set(["kind", "reuse", "onEmpty", "shop"]);

/** Events: `pool-saved` with the pool's row, once it is stored; `pool-cancelled`. */
export class CouponPoolForm extends HostElement {
  static override properties: PropertyDeclarations = {
    row: { attribute: false },
    about: { attribute: false },
    draft: { state: true },
    busy: { state: true },
    failure: { state: true },
  };
  static override styles = [
    theme,
    buttons,
    fields,
    css`
    form {
      display: grid;
      gap: 16px;
    }

    .pair {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(190px, 1fr));
      gap: 16px;
    }

    .kinds {
      display: grid;
      gap: 8px;
    }

    .kinds label {
      display: grid;
      grid-template-columns: auto 1fr;
      gap: 0 10px;
      align-items: center;
      padding: 9px 12px;
      border: 1px solid var(--_line);
      border-radius: 7px;
      cursor: pointer;
    }

    .kinds label:has(:checked) {
      border-color: var(--_accent);
      background: var(--_accent-soft);
    }

    .kinds label:has(:focus-visible) {
      outline: 2px solid var(--_accent);
      outline-offset: 2px;
    }

    .kinds input:focus-visible {
      outline: none;
    }

    .kinds .help {
      grid-column: 2;
    }

    .kinds :checked ~ .help {
      color: inherit;
    }
  `,
  ];

  /** The pool to change; `null` makes a new one. */
  declare row: PoolRow | null;
  /** What the host has said about itself; asked for where it is missing. */
  declare about: About | null;
  declare private draft: PoolDraft;
  declare private busy: boolean;
  declare private failure: CouponPoolsError | null;

  /** Whether the handle still follows the name. */
  #follows = true;

  constructor() {
    super();
    this.row = null;
    this.about = null;
    this.draft = EMPTY_DRAFT;
    this.busy = false;
    this.failure = null;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has("row")) {
      this.draft = this.row === null ? EMPTY_DRAFT : draftOf(this.row);
      this.#follows = true;
      this.failure = null;
    }
    if (changed.has("host") && this.host !== undefined && this.about === null) void this.#learn();
  }

  /** Which shops there are; without an answer there are none to choose. */
  async #learn(): Promise<void> {
    this.about = (await this.host?.about().catch(() => null)) ?? null;
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>("#name")?.focus();
  }

  protected override render(): TemplateResult {
    const { words, draft, row, busy } = this;
    const text = words.form;
    const isNew = row === null;
    const shops = Object.keys(this.about?.shops ?? {});
    return html`<form novalidate @submit=${this.#submit}>
      ${this.#notice()}
      <div class="pair">
        ${this.#field("name", text.name, draft.name, { maxlength: 255 })}
        ${isNew ? this.#field("handle", text.handle, draft.handle, { maxlength: 64, help: text.handleHelp, spellcheck: false }) : nothing}
      </div>
      ${
        isNew
          ? html`<fieldset>
            <legend>${text.kind}</legend>
            <div class="kinds">
              ${this.#kind("static", text.kindStatic, text.kindStaticHelp)}
              ${shops.length > 0 ? this.#kind("dynamic", text.kindDynamic, text.kindDynamicHelp) : nothing}
              ${this.#kind("fixed", text.kindFixed, text.kindFixedHelp)}
            </div>
          </fieldset>`
          : nothing
      }
      ${draft.kind === "fixed" ? this.#field("fixedCode", text.fixedCode, draft.fixedCode, { maxlength: 255, spellcheck: false }) : this.#rules(shops)}
      <div class="actions end">
        <button type="button" part="button" @click=${() => this.tell("pool-cancelled", {})}>${words.common.cancel}</button>
        <button type="submit" part="button primary" class="primary" ?disabled=${busy}>${busy ? text.saving : isNew ? text.create : words.common.save}</button>
      </div>
    </form>`;
  }

  #rules(shops: readonly string[]): TemplateResult {
    const { draft, row } = this;
    const text = this.words.form;
    const fixed = row !== null && row.added > 0;
    return html`
      ${draft.kind === "dynamic" ? this.#dynamic(shops) : nothing}
      <div class="pair">
        ${this.#choice("reuse", text.reuse, draft.reuse, Object.entries(text.reuses), fixed ? { help: text.reuseFixed, disabled: true } : {})}
        ${this.#choice("onEmpty", text.onEmpty, draft.onEmpty, Object.entries(text.onEmptyChoices))}
      </div>
      ${draft.onEmpty === "fallback" ? this.#field("fallback", text.fallback, draft.fallback, { maxlength: 255, spellcheck: false }) : nothing}
      ${
        draft.kind === "static"
          ? html`<div class="pair">
            ${this.#field("lowStock", text.lowStock, draft.lowStock, { help: text.lowStockHelp })}
            ${this.#field("expiresAt", text.expiresAt, draft.expiresAt, { type: "date" })}
          </div>
          ${this.#zone()}`
          : nothing
      }`;
  }

  #dynamic(shops: readonly string[]): TemplateResult {
    const { draft } = this;
    const text = this.words.form;
    const names = shops.map((shop): [string, string] => [shop, shop]);
    const sample = `${draft.prefix}${grouped("X".repeat(Math.min(40, Number(draft.length) || 0)), Number(draft.every) || 0)}`;
    return html`
      <div class="pair">
        ${this.#choice("shop", text.shop, draft.shop || (shops[0] ?? ""), names)}
        ${this.#field("rule", text.rule, draft.rule, { help: text.ruleHelp, spellcheck: false })}
      </div>
      <div class="pair">
        ${this.#field("prefix", text.prefix, draft.prefix, { maxlength: 64, spellcheck: false, help: text.example(sample) })}
        ${this.#field("buffer", text.buffer, draft.buffer, { type: "number", min: 1 })}
      </div>
      <div class="pair">
        ${this.#field("length", text.length, draft.length, { type: "number", min: 1, max: 128 })}
        ${this.#field("every", text.every, draft.every, { type: "number", min: 0, max: 128 })}
      </div>`;
  }

  /** Time zones as this browser knows them, to choose from by typing. */
  #zone(): TemplateResult {
    const text = this.words.form;
    return html`${this.#field("timeZone", text.timeZone, this.draft.timeZone, { spellcheck: false, list: "zones" })}
      <datalist id="zones">${["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => html`<option value=${zone}></option>`)}</datalist>`;
  }

  #kind(kind: PoolDraft["kind"], name: string, help: string): TemplateResult {
    return html`<label>
      <input type="radio" name="kind" value=${kind} .checked=${this.draft.kind === kind} aria-describedby=${`kind-${kind}`}
        @change=${() => this.#set({ kind })}>
      <span>${name}</span>
      <span class="help" id=${`kind-${kind}`}>${help}</span>
    </label>`;
  }

  #field(
    name: keyof PoolDraft,
    label: string,
    value: string,
    more: {
      type?: string;
      help?: string;
      maxlength?: number;
      min?: number;
      max?: number;
      spellcheck?: boolean;
      list?: string;
    } = {},
  ): TemplateResult {
    const wrong = this.#wrong(name);
    const about = wrong === null ? (more.help === undefined ? nothing : `${name}-help`) : `${name}-wrong`;
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <input id=${name} name=${name} type=${more.type ?? "text"} autocomplete="off" .value=${value} spellcheck=${more.spellcheck ?? true}
        maxlength=${more.maxlength ?? nothing} min=${more.min ?? nothing} max=${more.max ?? nothing} list=${more.list ?? nothing}
        aria-invalid=${wrong === null ? nothing : "true"} aria-describedby=${about}
        @input=${(event: Event) => this.#typed(name, (event.target as HTMLInputElement).value)}>
      ${wrong === null ? (more.help === undefined ? nothing : html`<span class="help" id=${`${name}-help`}>${more.help}</span>`) : html`<span class="wrong" role="alert" id=${`${name}-wrong`}>${wrong}</span>`}
    </div>`;
  }

  #choice(
    name: keyof PoolDraft,
    label: string,
    value: string,
    options: readonly [string, string][],
    more: { help?: string; disabled?: boolean } = {},
  ): TemplateResult {
    return html`<div class="field">
      <label for=${name}>${label}</label>
      <select id=${name} name=${name} ?disabled=${more.disabled ?? false} aria-describedby=${more.help === undefined ? nothing : `${name}-help`}
        @change=${(event: Event) => this.#set({ [name]: (event.target as HTMLSelectElement).value })}>
        ${options.map(([option, text]) => html`<option value=${option} .selected=${option === value}>${text}</option>`)}
      </select>
      ${more.help === undefined ? nothing : html`<span class="help" id=${`${name}-help`}>${more.help}</span>`}
    </div>`;
  }

  /** What is wrong about a field, if the failure is about one. */
  #wrong(name: keyof PoolDraft): string | null {
    const { failure, words } = this;
    if (failure === null || fieldOf(failure) !== name) return null;
    const option = optionOf(failure);
    return failure.code === "INVALID_ARGUMENT"
      ? (words.form.refused[option] ?? failure.message)
      : this.wordsOf(failure);
  }

  /** What is wrong, where no field can say it. */
  #notice(): TemplateResult | typeof nothing {
    const { failure } = this;
    if (failure === null) return nothing;
    const name = fieldOf(failure);
    if (name !== null && !CHOICES.has(name)) return nothing;
    return html`<p class="notice" role="alert">${this.wordsOf(failure)}</p>`;
  }

  #typed(name: keyof PoolDraft, value: string): void {
    if (name === "handle") this.#follows = value === "";
    const follows = name === "name" && this.row === null && this.#follows;
    this.#set({ [name]: value, ...(follows ? { handle: slugOf(value) } : {}) });
  }

  #set(some: Partial<PoolDraft>): void {
    this.draft = { ...this.draft, ...some };
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const { host, row, draft, busy } = this;
    if (host === undefined || busy) return;
    this.busy = true;
    this.failure = null;
    try {
      const shop = draft.shop || (Object.keys(this.about?.shops ?? {})[0] ?? "");
      const whole = { ...draft, shop };
      const saved =
        row === null ? await host.create(newPoolOf(whole)) : await host.edit(row.handle, patchOf(whole, row));
      this.busy = false;
      this.tell("pool-saved", saved);
    } catch (error) {
      this.busy = false;
      this.failure = asError(error);
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
  }
}

const asError = (error: unknown): CouponPoolsError =>
  Object.assign(error as CouponPoolsError, { details: (error as CouponPoolsError).details ?? {} });

/** “XXXX-XXXX”. */
function grouped(letters: string, every: number): string {
  return every > 0 ? letters.replace(new RegExp(`(.{${every}})(?=.)`, "g"), "$1-") : letters;
}
