/** The facade: what users of the package see. Plain async methods over flows of the core. */

import { checkUse, invalid, millis, storable, text, toSettings } from "./arguments.js";
import { guarded, type Run, run } from "./driver.js";
import { type Artefacts, type Engine, Engines } from "./engine.js";
import { typedError } from "./engine-error.js";
import { CouponPoolsError, EngineCrashedError } from "./errors.js";
import { Cancelled } from "./failures.js";
import { Fills } from "./fill.js";
import { Listener } from "./listener.js";
import { Marks } from "./marks.js";
import type {
  About,
  Alert,
  Batch,
  CodePattern,
  CouponPoolsOptions,
  Draw,
  FoundCode,
  MigrateOptions,
  Migration,
  NewPool,
  Output,
  PastAlert,
  PoolPatch,
  PoolRow,
  RenderAs,
  RenderedDraw,
  RenderOptions,
  Template,
  TemplateMode,
  TemplateOptions,
  TemplateWarning,
  Undone,
  UploadOptions,
  UploadReport,
  UploadRunner,
  Use,
  Vendor,
} from "./options.js";
import { type Callbacks, instantOf, performer } from "./performer.js";
import { Reading, uploadOf } from "./reading.js";
import { type DrawColumns, type MailColumns, type ReadMail, readMails, toDraws } from "./results.js";
import { Calls } from "./shops/calls.js";
import type { Shop } from "./shops/shop.js";
import type { UploadSource } from "./source.js";
import type { StoreLimits, UsageRow } from "./store.js";
import { CompiledTemplate, type InEngine } from "./template.js";
import { pack, unpack } from "./texts.js";
import { type UploadJob, upload } from "./upload.js";

/** An array with the cursor of the page after it. */
export type PageOf<Row> = Row[] & { next: string | null };

interface Queued {
  use: Use;
  resolve: (draw: Draw) => void;
  reject: (error: unknown) => void;
}

/** Flows that give the same when they are run again. */
const REPEATABLE = new Set([
  "draw",
  "render",
  "preview",
  "get",
  "list",
  "usage",
  "alerts",
  "batches",
  "find",
  "prepare",
  "top_up",
]);

/** Most draws of one tick that become one claim. */
const TICK_DRAWS = 10_000;

/** Coupon pools of one tenant over one store. */
export class CouponPools {
  readonly #core: Engines;
  readonly #mail: Engines;
  readonly #manage: Engines;
  readonly #artefacts: Artefacts;
  readonly #uploads: UploadRunner;
  readonly #callbacks: Callbacks;
  readonly #shops: Readonly<Record<string, Shop>>;
  readonly #traits: StoreLimits & { hearsAlerts: boolean };
  /** Draws of this tick, by pool: they become one claim. */
  readonly #queued = new Map<string, Queued[]>();

  /** @internal Hosts' entries pass their way of loading the engine. */
  constructor(options: CouponPoolsOptions, artefacts: Artefacts) {
    if (typeof options?.store?.claim !== "function") {
      throw invalid(
        "store",
        "new CouponPools({ store }) needs a store, such as sqlite() from coupon-pools/stores/sqlite",
      );
    }
    const { store, tenant = "default", shops = {}, onAlert, onEvent, clock = Date.now } = options;
    if (typeof tenant !== "string" || tenant === "") throw invalid("tenant", "tenant is a text, not empty");
    this.#core = new Engines(artefacts.core);
    this.#mail = new Engines(artefacts.mail);
    this.#manage = new Engines(artefacts.manage);
    this.#artefacts = artefacts;
    this.#uploads = options.uploads ?? { run: (job) => this.#uploadHere(job as UploadJob) };
    this.#traits = { ...store.traits.limits, hearsAlerts: onAlert !== undefined };
    const fills = new Fills(async (handle, count, wait) => void (await this.#call("top_up", { handle, count, wait })));
    this.#shops = shops;
    this.#callbacks = { store, tenant, clock, fill: ({ pool, count, wait }) => fills.need(pool, count, wait) };
    if (onEvent !== undefined) this.#callbacks.events = new Listener(onEvent);
    if (onAlert !== undefined) this.#callbacks.notify = (alert) => onAlert(alert as Alert);
  }

  /** Makes a pool. Errors: `POOL_EXISTS`, `INVALID_ARGUMENT`. One write. */
  async create(pool: NewPool): Promise<PoolRow> {
    const { handle, ...settings } = pool;
    return (await this.#call("create", { handle: text("handle", handle), settings: toSettings(settings) })) as PoolRow;
  }

  /** Changes settings. Errors: `POOL_NOT_FOUND`, `POOL_IN_USE`, `INVALID_ARGUMENT`. */
  async edit(handle: string, patch: PoolPatch): Promise<PoolRow> {
    return (await this.#call("edit", { handle: text("handle", handle), settings: toSettings(patch) })) as PoolRow;
  }

  /** Archives a pool: it takes no uploads, gives no codes, and is listed apart. `edit(handle, { archived: false })` restores it. */
  async archive(handle: string): Promise<PoolRow> {
    return this.edit(handle, { archived: true });
  }

  /** Reads one pool with its figures. Errors: `POOL_NOT_FOUND`. */
  async get(handle: string): Promise<PoolRow> {
    return (await this.#call("get", { handle: text("handle", handle) })) as PoolRow;
  }

  /** Lists pools by handle, at most `limit` (default 100, up to 1,000); `next` on the array is the cursor of the next page. */
  async list(options: { archived?: boolean; cursor?: string | null; limit?: number } = {}): Promise<PageOf<PoolRow>> {
    const { archived = false, cursor = null, limit = 100 } = options;
    return paged(await this.#call("list", { archived, page: { cursor, limit } }));
  }

  /**
   * Fresh draws by UTC hour in `[from, to)`, ascending, hours without draws left out; long past hours may come as their
   * day. Instants are milliseconds; `to` is now by default. Errors: `POOL_NOT_FOUND`.
   */
  async usage(handle: string, span: { from: number | Date; to?: number | Date }): Promise<UsageRow[]> {
    const { from, to = this.#callbacks.clock() } = span;
    const args = { handle: text("handle", handle), from: millis("from", from), to: millis("to", to) };
    return (await this.#call("usage", args)) as UsageRow[];
  }

  /** The last 50 alerts that were sent, and those that wait to be, newest first. Errors: `POOL_NOT_FOUND`. */
  async alerts(handle: string): Promise<PastAlert[]> {
    return (await this.#call("alerts", { handle: text("handle", handle) })) as PastAlert[];
  }

  /** What pools stand on here: the store's worth, the shops. Asks nobody. */
  async about(): Promise<About> {
    const { name, durability, failover } = this.#callbacks.store.traits;
    const calls = new Calls(this.#shops);
    const shops = Object.keys(this.#shops).map((shop) => {
      const { kind, exact } = calls.traits(shop) as { kind: Shop["kind"]; exact: boolean };
      return [shop, { kind, exact }];
    });
    return { store: { name, durability, failover }, shops: Object.fromEntries(shops) };
  }

  /**
   * Uploads codes into a static pool: whole or not at all. Streams: the file is never held. A cancelled or failed
   * upload stores nothing. Memory: each row's code and 15 to 26 bytes beside, to find duplicates.
   * Errors: `UploadError` with a code, `POOL_KIND`, `POOL_ARCHIVED`, `ABORTED`, `StoreError`.
   */
  async upload(handle: string, source: UploadSource, options: UploadOptions = {}): Promise<UploadReport> {
    const host = { ...this.#callbacks, traits: this.#traits, artefacts: this.#artefacts, runner: this.#uploads };
    const uploaded = () => upload(handle, source, options, host);
    const { events } = this.#callbacks;
    if (events === undefined) return uploaded();
    return events.watch("upload", handle, uploaded, (report, milliseconds) => ({
      type: "upload",
      pool: handle,
      dryRun: options.dryRun ?? false,
      rows: report.rows,
      added: report.added,
      duplicates: report.duplicatesInFile + report.duplicatesInPool,
      rejected: report.rejectedCount,
      milliseconds,
    }));
  }

  /**
   * Takes a batch back: its codes that nobody holds leave the pool. What a top-up generated is deleted at the shop, too,
   * for at most ten seconds; `maintain` goes on with the rest. Errors: `BATCH_NOT_FOUND`, `UPLOAD_IN_PROGRESS` while the
   * batch's top-up is not finished.
   */
  async undo(handle: string, batch: string): Promise<Undone> {
    const args = { handle: text("handle", handle), batch: storable("batch", batch) };
    const { atShop, ...undone } = (await this.#call("undo", args)) as Undone & { atShop: Undone["atShop"] | null };
    return atShop ? { ...undone, atShop } : undone;
  }

  /** Lists uploads, newest first. */
  async batches(handle: string, options: { cursor?: string | null; limit?: number } = {}): Promise<PageOf<Batch>> {
    const { cursor = null, limit = 100 } = options;
    return paged(await this.#call("batches", { handle: text("handle", handle), page: { cursor, limit } }));
  }

  /**
   * Draws a code for one use. The same use gets the same code in every retry. Draws of one tick share a round trip.
   * Errors: `OutOfCodesError` under `stop`, `POOL_NOT_FOUND`, `POOL_ARCHIVED`, `StoreError` (repeat the call).
   */
  async draw(handle: string, use: Use): Promise<Draw> {
    text("handle", handle);
    checkUse(use);
    return new Promise((resolve, reject) => {
      let queue = this.#queued.get(handle);
      if (queue === undefined) {
        queue = [];
        this.#queued.set(handle, queue);
        queueMicrotask(() => void this.#flush(handle));
      }
      queue.push({ use, resolve, reject });
    });
  }

  async #flush(handle: string): Promise<void> {
    const queue = this.#queued.get(handle) ?? [];
    this.#queued.delete(handle);
    for (let start = 0; start < queue.length; start += TICK_DRAWS) {
      const some = queue.slice(start, start + TICK_DRAWS);
      try {
        const { columns, failures } = await this.#draw(
          handle,
          some.map((queued) => queued.use),
        );
        const { whenEmpty, whenExpired } = columns;
        toDraws(columns, this.#callbacks.clock()).forEach((draw, index) => {
          const error = draw.status !== "empty" ? null : draw.reason === "expired" ? whenExpired : whenEmpty;
          if (error) some[index]?.reject(typedError(error, failures));
          else some[index]?.resolve(draw);
        });
      } catch (error) {
        for (const queued of some) queued.reject(error);
      }
    }
  }

  /** Draws a code for each use, in one claim: a result each, in order, the first uses first. Never throws for emptiness. */
  async drawMany(handle: string, uses: readonly Use[]): Promise<Draw[]> {
    text("handle", handle);
    for (const use of uses) checkUse(use);
    return toDraws((await this.#draw(handle, uses)).columns, this.#callbacks.clock());
  }

  async #draw(handle: string, uses: readonly Use[]): Promise<{ columns: DrawColumns; failures: readonly unknown[] }> {
    const args = {
      handle,
      messages: pack(uses.map((use) => use.message)),
      contacts: pack(uses.map((use) => use.contact)),
      slots: pack(uses.map((use) => use.slot)),
    };
    const { done, failures } = (await this.#call("draw", args, (_, run) => run)) as Run;
    return { columns: done as DrawColumns, failures };
  }

  /** Parses a template once, for many renders. `await compiled.ready` hears of its errors before the first of them. */
  compile<T extends Template>(template: T, options: { mode?: TemplateMode } = {}): CompiledTemplate<T> {
    return new CompiledTemplate(template, options.mode ?? "html", () => this.#mail.shared());
  }

  /**
   * Marks for tags that another template engine carries through: with `marks`, a render takes only their markers for
   * tags. For one render or one send; whoever has them can draw codes.
   */
  marks(): Marks {
    return new Marks();
  }

  /**
   * Fills a template for one contact; every tag that is shown draws a code. Fails as a whole: `OutOfCodesError` when
   * a pool that says `stop` is empty (the mail then holds no code it did not hold before), `TemplateError`, `StoreError`,
   * `CODE_IS_SYNTAX` with `next`.
   */
  async render<T extends Template, As extends RenderAs = "text">(
    template: T | CompiledTemplate<T>,
    options: RenderOptions<As>,
  ): Promise<{ output: Output<T, As>; draws: RenderedDraw[] }> {
    const { message, contact, as } = options;
    const [result] = await this.#render<T, As>([{ template, message, contact }], options, as);
    if (result === undefined || result.error !== undefined) throw result?.error;
    return { output: result.output, draws: result.draws };
  }

  /**
   * Fills a template for many contacts, `batchSize` (default 500) mails to a claim, and gives each mail in order, or
   * why it could not be made. Stopping early leaves drawn codes with their uses; a later run repeats them.
   */
  async *renderMany<T extends Template, As extends RenderAs = "text">(
    contacts: Iterable<RenderContact<T>> | AsyncIterable<RenderContact<T>>,
    options: RenderManyOptions<T, As>,
  ): AsyncGenerator<RenderResult<T, As>, void, undefined> {
    const { batchSize = 500, as } = options;
    if (!Number.isSafeInteger(batchSize) || batchSize < 1)
      throw invalid("batchSize", "batchSize is a whole number from 1 up");
    const common = options.template === undefined ? undefined : this.#compiled(options.template);
    let batch: Mail<T>[] = [];
    for await (const one of contacts) {
      const {
        contact,
        message = options.message,
        template = common,
      } = typeof one === "string" ? { contact: one } : ((one ?? {}) as Exclude<RenderContact<T>, string>);
      batch.push({ template, message, contact });
      if (batch.length >= batchSize) {
        yield* await this.#render<T, As>(batch, options, as);
        batch = [];
      }
    }
    if (batch.length > 0) yield* await this.#render<T, As>(batch, options, as);
  }

  /** Fills a template with samples in the shape of each pool's codes. Draws nothing. */
  async preview<T extends Template>(
    template: T | CompiledTemplate<T>,
    options: TemplateOptions = {},
  ): Promise<{ output: T; warnings: TemplateWarning[] }> {
    const compiled = this.#compiled(template);
    return (await this.#call(
      "preview",
      (engine) => ({ template: compiled.in(engine, options).id }),
      (engine, { done }) => {
        const { columns, warnings } = done as { columns: MailColumns; warnings: TemplateWarning[] };
        const [mail] = readMails(columns, [compiled.in(engine, options)], "text");
        return { output: compiled.shape(mail?.parts ?? []), warnings };
      },
    )) as { output: T; warnings: TemplateWarning[] };
  }

  /**
   * Says whether a pool holds `count` codes, ahead of a send. A dynamic pool is filled to so many first, for at most ten
   * minutes. Errors: `ShopError`, `LIMIT_REACHED`.
   */
  async prepare(
    handle: string,
    options: { count: number },
  ): Promise<{ enough: boolean; remaining: number | null; short: number }> {
    const { count } = options;
    if (!Number.isSafeInteger(count) || count < 0) throw invalid("count", "count is a whole number from 0 up");
    return (await this.#call("prepare", { handle: text("handle", handle), count })) as {
      enough: boolean;
      remaining: number | null;
      short: number;
    };
  }

  /**
   * Takes back one use whose mail was never handed to the provider. Its code goes back to stock when no other mail
   * shows it. A wrong or old number changes nothing and says why: `unknown-use`, `other-number`.
   */
  async release(handle: string, use: Use & { number: number }): Promise<{ released: boolean; reason?: string }> {
    checkUse(use);
    const { message, contact, slot = "", number } = use;
    const args = { handle: text("handle", handle), message, contact, slot, number: number ?? 0 };
    return (await this.#call("release", args)) as { released: boolean; reason?: string };
  }

  /** Looks codes up by code, contact or message: at most `limit` (default 100); `next` is the cursor of the next page. */
  async find(
    handle: string,
    what: { code: string } | { contact: string } | { message: string },
    options: { cursor?: string | null; limit?: number } = {},
  ): Promise<PageOf<FoundCode>> {
    const { cursor = null, limit = 100 } = options;
    for (const [name, value] of Object.entries(what)) storable(name, value);
    return paged(await this.#call("find", { handle: text("handle", handle), what, page: { cursor, limit } }));
  }

  /** Removes a contact's text from every pool. Their codes stay held and a retry still finds them. */
  async forget(contact: string): Promise<{ forgotten: number }> {
    return (await this.#call("forget", { contact: text("contact", contact) })) as { forgotten: number };
  }

  /** Marks codes as redeemed in the shop; repeats are harmless. Codes that nobody holds are counted as unknown. */
  async redeemed(handle: string, codes: readonly string[]): Promise<{ marked: number; unknown: number }> {
    const args = { handle: text("handle", handle), codes: pack(codes.map((code) => text("codes", code))) };
    return (await this.#call("redeemed", args)) as { marked: number; unknown: number };
  }

  /** Streams CSV, safe to open in a spreadsheet: every draw, or the remaining codes (which can be uploaded again). */
  export(handle: string, what: "draws" | "remaining"): ReadableStream<Uint8Array> {
    if (what !== "draws" && what !== "remaining") throw invalid("what", 'export takes "draws" or "remaining"');
    const args = { handle: text("handle", handle), what };
    let wanted: () => void = () => undefined;
    let cancelled = false;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const emit = async (piece: Uint8Array) => {
            if (cancelled) throw new Cancelled(undefined);
            controller.enqueue(piece);
            if ((controller.desiredSize ?? 1) <= 0) await new Promise<void>((resolve) => (wanted = resolve));
          };
          void (async () => {
            await this.#run(this.#manage, await this.#manage.shared(), "export", args, { emit });
            controller.close();
          })().catch((error) => {
            if (!cancelled) controller.error(error);
          });
        },
        pull: () => wanted(),
        cancel: () => {
          cancelled = true;
          wanted();
        },
      },
      { highWaterMark: 2 },
    );
  }

  /**
   * Looks after every pool: clean-up after crashes, dynamic pools' buffers, alerts left pending, expiring stock. For a
   * cron trigger, every few minutes. A shop that fails is named in `failed` and keeps nobody else waiting.
   */
  async maintain(): Promise<Maintained> {
    return (await this.#call("maintain", {})) as Maintained;
  }

  /**
   * Rewrites the coupon tags of another vendor's template into ours; what cannot be rewritten is left byte for byte and
   * told with line and column. Names become handles by the rule in docs/template-engines.md; the pools are not created.
   * Errors: `INVALID_ARGUMENT`, `TEMPLATE_TOO_LARGE`. Nothing is asked of the store.
   */
  async migrateTags<T extends Template>(
    template: T,
    vendor: Vendor,
    options: MigrateOptions = {},
  ): Promise<Migration<T>> {
    const handles = Object.entries(options.handles ?? {}).map(([name, handle]) => ({
      name,
      handle: text("handles", handle),
    }));
    const given = this.#compiled(template);
    const engine = await this.#manage.shared();
    const { texts, ...told } = guarded(engine, () => engine.migrate(given.parts, text("vendor", vendor), handles));
    return { template: given.shape(texts) as T, ...told };
  }

  /** Makes `count` different codes of a pattern, without a pool: for a shop of your own. Errors: `PATTERN_TOO_SMALL`. */
  async generate(pattern: CodePattern, options: { count: number }): Promise<string[]> {
    const { count } = options;
    if (!Number.isSafeInteger(count) || count < 0 || count > 0xffff_ffff)
      throw invalid("count", "count is a whole number from 0 up");
    const engine = await this.#manage.shared();
    return unpack(guarded(engine, () => engine.generate(pattern, count)));
  }

  #compiled<T extends Template>(template: T | CompiledTemplate<T>): CompiledTemplate<T> {
    if (template instanceof CompiledTemplate) return template;
    if (typeof template === "string" || (typeof template === "object" && template !== null))
      return this.compile(template);
    throw invalid("template", "a template is a text or { subject?, preheader?, html?, text?, amp? }");
  }

  /** Mails that cannot even be asked for have their own errors; the others are made together. */
  async #render<T extends Template, As extends RenderAs>(
    mails: Mail<T>[],
    options: TemplateOptions,
    as: As | undefined,
  ): Promise<RenderResult<T, As>[]> {
    if (as !== undefined && as !== "text" && as !== "bytes") throw invalid("as", 'as is "text" or "bytes"');
    return (await this.#call(
      "render",
      (engine) => {
        const ready = this.#ready(engine, mails, options).filter((mail) => "within" in mail);
        return {
          templates: Uint32Array.from(ready, (mail) => mail.within.id),
          messages: pack(ready.map((mail) => mail.message)),
          contacts: pack(ready.map((mail) => mail.contact)),
        };
      },
      (engine, { done, failures }) => {
        const asked = this.#ready(engine, mails, options);
        const ready = asked.filter((mail) => "within" in mail);
        const within = ready.map((mail) => mail.within);
        const made = readMails(done as MailColumns, within, as ?? "text");
        let next = 0;
        return asked.map((mail, index): RenderResult<T, As> => {
          const contact = mails[index]?.contact as string;
          if ("error" in mail) return { contact, error: mail.error };
          const { error, parts, draws } = made[next++] as ReadMail;
          if (error) return { contact, error: typedError(error, failures) };
          return { contact, output: mail.template.shape(parts) as Output<T, As>, draws };
        });
      },
    )) as RenderResult<T, As>[];
  }

  #ready<T extends Template>(engine: Engine, mails: Mail<T>[], options: TemplateOptions): ReadyMail<T>[] {
    return mails.map((mail) => {
      try {
        if (mail.template === undefined)
          throw invalid("template", "a template is missing, for all contacts or for this one");
        checkUse(mail as Use);
        const template = this.#compiled(mail.template);
        const { message, contact } = mail as Use;
        return { template, message, contact, within: template.in(engine, options) };
      } catch (error) {
        if (error instanceof CouponPoolsError && !(error instanceof EngineCrashedError)) return { error };
        throw error;
      }
    });
  }

  /** An instance of its own: wasm memory never shrinks, and a large upload should not leave its size behind. */
  async #uploadHere({
    source,
    pieces,
    artefacts,
    sheet,
    signal,
    args,
    perform,
    now,
  }: UploadJob): Promise<UploadReport> {
    const reading = new Reading(source, pieces, artefacts, sheet, signal);
    return uploadOf(reading, await this.#manage.fresh(), args, perform, now);
  }

  /** Runs a flow in the shared engine. If that crashes, draws, renders and look-ups start once more in a new one. */
  async #call(
    kind: string,
    args: object | ((engine: Engine) => object),
    read: (engine: Engine, run: Run) => unknown = (_, { done }) => done,
  ): Promise<unknown> {
    const called = () => this.#repeated(kind, args, read);
    const { events } = this.#callbacks;
    return events === undefined ? called() : events.watch(kind, "handle" in args ? String(args.handle) : null, called);
  }

  async #repeated(
    kind: string,
    args: object | ((engine: Engine) => object),
    read: (engine: Engine, run: Run) => unknown,
  ): Promise<unknown> {
    const engines = this.#enginesFor(kind);
    for (let last = !REPEATABLE.has(kind); ; last = true) {
      const engine = await engines.shared();
      try {
        return read(engine, await this.#run(engines, engine, kind, typeof args === "function" ? args(engine) : args));
      } catch (error) {
        if (!(error instanceof EngineCrashedError)) throw error;
        engines.discard(engine);
        if (last) throw error;
      }
    }
  }

  /** The smallest engine that has a flow. */
  #enginesFor(kind: string): Engines {
    if (kind === "draw" || kind === "release") return this.#core;
    return kind === "render" ? this.#mail : this.#manage;
  }

  async #run(
    engines: Engines,
    engine: Engine,
    kind: string,
    args: object,
    more: Partial<Callbacks> = {},
  ): Promise<Run> {
    const calls = new Calls(this.#shops);
    try {
      const callbacks = { ...this.#callbacks, calls, ...more };
      const now = () => instantOf(callbacks.clock());
      const perform = callbacks.events?.watched(performer(callbacks), true) ?? performer(callbacks);
      return await run(engine, kind, { ...args, traits: this.#traits }, perform, now);
    } catch (error) {
      if (error instanceof EngineCrashedError) engines.discard(engine);
      throw error;
    } finally {
      calls.close();
    }
  }
}

/** What a run of maintenance did. */
export interface Maintained {
  pools: number;
  /** Pools with more to clean up than one run does. */
  unfinished: number;
  /** Codes that shops were given. */
  generated: number;
  /** Dynamic pools that could not be filled, each with an error's code and words. */
  failed: { pool: string; code: string; message: string }[];
}

/** What `renderMany` makes, and how. */
export interface RenderManyOptions<T extends Template = Template, As extends RenderAs = "text">
  extends TemplateOptions {
  /** The template of contacts that bring none. */
  template?: T | CompiledTemplate<T>;
  /** The message of contacts that bring none. */
  message?: string;
  as?: As;
  /** Mails to a claim. Default 500. */
  batchSize?: number;
}

/** One contact of `renderMany`: with a message or a template of its own, where it differs. */
export type RenderContact<T extends Template = Template> =
  | string
  | { contact: string; message?: string; template?: T | CompiledTemplate<T> };

/** One mail of `renderMany`, or why it could not be made. */
export type RenderResult<T extends Template = Template, As extends RenderAs = "text"> =
  | { contact: string; output: Output<T, As>; draws: RenderedDraw[]; error?: undefined }
  | { contact: string; error: CouponPoolsError; output?: undefined; draws?: undefined };

/** A mail as the caller asks for it, not yet checked. */
interface Mail<T extends Template> {
  template: T | CompiledTemplate<T> | undefined;
  message: string | undefined;
  contact: string;
}

/** A mail that can be asked for, or why not. */
type ReadyMail<T extends Template> =
  | { template: CompiledTemplate<T>; message: string; contact: string; within: InEngine }
  | { error: CouponPoolsError };

function paged<Row>(page: unknown): PageOf<Row> {
  const { rows, next } = page as { rows: Row[]; next: string | null };
  return Object.assign(rows, { next });
}
