/**
 * What each route is asked and what it answers, as shapes. The compiler holds them against the facade's own types: a field
 * that is added there and missing here does not build.
 */

import type {
  About,
  Alert,
  Batch,
  CodePattern,
  DynamicSettings,
  FoundCode,
  NewPool,
  PastAlert,
  PoolPatch,
  PoolRow,
  PoolSettings,
  TemplateParts,
  TemplateWarning,
  UploadLimits,
  UploadOptions,
  UploadReport,
} from "../options.js";
import type { Rung, UsageRow } from "../store.js";
import { type Action, HANDLE, PAGE_ROWS } from "./routes.js";
import {
  anything,
  count,
  either,
  flag,
  instant,
  list,
  maybe,
  named,
  number,
  object,
  orNull,
  type Schema,
  type Shape,
  type TypeOf,
  table,
  text,
  words,
} from "./shapes.js";

/** Longest message or contact, and code, in characters, as in the core. */
const KEY = { minLength: 1, maxLength: 512 };
const CODE = { minLength: 1, maxLength: 255 };
/** Longest text of a setting: the core has limits of its own, and says more. */
const SETTING = { maxLength: 1_000 };
/** Longest template's part, in characters, as in the core. */
const TEMPLATE = { maxLength: 8 << 20 };

export const handle = text({ pattern: HANDLE, description: "A pool's handle, as it stands in tags." });
const cursor = text({ maxLength: 500, description: "`next` of the page before." });
const limit = count({ minimum: 1, maximum: PAGE_ROWS, description: "Most rows of the page; 100 by default." });
const page = { cursor: maybe(cursor), limit: maybe(limit) };
/** An instant as callers write it: milliseconds, or ISO text; a date alone is the end of that day. */
const moment = either(instant(), text({ maxLength: 50 }));
const kind = words("static", "dynamic", "fixed");
const reuse = words("per-message", "per-contact", "until-expired");
const onEmpty = either(words("stop", "omit"), object({ fallback: text(CODE) }));
const rung = either(count(), text<`${number}%`>({ pattern: "^[0-9]{1,3}(\\.[0-9]{1,2})?%$" }));

const alphabet = either(
  words("alphanum", "alpha", "num", "unambiguous"),
  object({ custom: text({ minLength: 1, maxLength: 500 }) }),
);
const pattern = object({
  length: count(),
  alphabet: maybe(alphabet),
  prefix: maybe(text(SETTING)),
  suffix: maybe(text(SETTING)),
  every: maybe(count()),
  delimiter: maybe(text(SETTING)),
  check: maybe(flag()),
  words: maybe(flag()),
});
const dynamic = object({
  shop: text(SETTING),
  rule: either(text(SETTING), count()),
  pattern,
  buffer: maybe(count()),
  limit: maybe(orNull(count())),
  guessFloor: maybe(number()),
  guessWarning: maybe(number()),
});
const settings = {
  name: maybe(text(SETTING)),
  reuse: maybe(reuse),
  onEmpty: maybe(onEmpty),
  lowStock: maybe(list(rung, { maxItems: 100 })),
  expiresAt: maybe(orNull(moment)),
  minValidity: maybe(count()),
  timeZone: maybe(text(SETTING)),
  caseSensitive: maybe(flag()),
  fixedCode: maybe(text(CODE)),
  dynamic: maybe(dynamic),
};
const newPool = named("NewPool", object({ handle, kind, ...settings }));
const poolPatch = named("PoolPatch", object({ kind: maybe(kind), archived: maybe(flag()), ...settings }));

const usageRow = object({ at: instant(), draws: count() });
const poolRow = named(
  "PoolRow",
  object({
    handle,
    name: text(),
    kind,
    remaining: orNull(count()),
    assigned: count(),
    percentRemaining: orNull(number()),
    expired: count(),
    void: count(),
    added: count(),
    fellBack: count(),
    redeemed: count(),
    runsOutAt: orNull(instant()),
    nextExpiry: orNull(instant()),
    usage: list(usageRow),
    asOf: orNull(instant()),
    reuse,
    onEmpty,
    lowStock: list(rung),
    expiresAt: orNull(instant()),
    minValidity: count(),
    timeZone: text(),
    caseSensitive: flag(),
    fixedCode: orNull(text()),
    dynamic: orNull(anything()) as Shape<PoolRow["dynamic"]>,
    buffered: orNull(count()),
    warnings: list(text()),
    archived: flag(),
    revision: count(),
    createdAt: instant(),
    updatedAt: instant(),
  }),
);
const past = named(
  "PastAlert",
  object({
    id: text(),
    type: words("low-stock", "out-of-codes", "expiring-soon", "top-up-failing", "rule-unusable"),
    pool: text(),
    name: text(),
    rung: text(),
    remaining: count(),
    added: count(),
    runsOutAt: orNull(instant()),
    expiresAt: orNull(instant()),
    at: instant(),
    words: orNull(text()),
    sentAt: orNull(instant()),
  }),
);
const about = named(
  "About",
  object({
    store: object({
      name: text(),
      durability: words("power-loss", "process-crash", "none"),
      failover: words("kept", "may-lose"),
    }),
    shops: table(object({ kind: words("shopify", "magento", "custom"), exact: flag() })),
  }),
);
const batch = named(
  "Batch",
  object({
    batch: text(),
    state: words("staged", "committed", "undone"),
    note: orNull(
      object({
        fileName: orNull(text()),
        rows: count(),
        rejected: count(),
        duplicatesInFile: count(),
        duplicatesInPool: count(),
      }),
    ),
    added: count(),
    undone: count(),
    assigned: count(),
    at: instant(),
  }),
);
const found = named(
  "FoundCode",
  object({
    code: text(),
    status: words("available", "assigned", "void"),
    expiresAt: orNull(instant()),
    batch: text(),
    number: orNull(count()),
    drawnAt: orNull(instant()),
    contact: orNull(text()),
    message: orNull(text()),
    slot: orNull(text()),
    redeemedAt: orNull(instant()),
  }),
);

const column = either(text(SETTING), count());
const most = maybe(count());
export const uploadOptions = named(
  "UploadOptions",
  object({
    fileName: maybe(text(SETTING)),
    columns: maybe(
      object({
        code: maybe(column),
        expiresAt: maybe(orNull(column)),
        dateOrder: maybe(words("dmy", "mdy")),
      }),
    ),
    header: maybe(either(flag(), count())),
    encoding: maybe(words("utf-8", "utf-16le", "utf-16be", "windows-1252")),
    delimiter: maybe(text({ maxLength: 1 })),
    sheet: maybe(column),
    expiresAt: maybe(moment),
    dryRun: maybe(flag()),
    takeOver: maybe(either(flag(), text({ maxLength: 100 }))),
    limits: maybe(
      object({
        rowBytes: most,
        columns: most,
        expiries: most,
        dedupeBytes: most,
        expandedBytes: most,
        expansion: most,
        cellBytes: most,
        sheetRows: most,
        sharedStringsBytes: most,
        gatheredBytes: most,
      }),
    ),
  }),
);
const rejectedRow = object({
  row: count(),
  column: orNull(count()),
  reason: text(),
  value: orNull(text()),
});
const format = object({
  kind: text(),
  sheet: orNull(text()),
  encoding: text(),
  delimiter: orNull(text()),
  header: flag(),
  headerRow: orNull(count()),
  columns: list(text()),
  codeColumn: count(),
  expiryColumn: orNull(count()),
  dateOrder: orNull(words("dmy", "mdy")),
  export: flag(),
});
const previewRow = object({
  row: count(),
  verdict: words("ignored", "header", "code", "duplicate", "in-pool", "rejected"),
  cells: list(object({ value: text(), verdict: words("ignored", "header", "code", "expiry", "rejected") })),
  code: orNull(text()),
  expiresAt: orNull(instant()),
  reason: orNull(text()),
});
export const uploadReport = named(
  "UploadReport",
  object({
    batch: orNull(text()),
    rows: count(),
    added: count(),
    duplicatesInFile: count(),
    duplicates: list(object({ row: count(), value: text() })),
    duplicatesInPool: count(),
    rejected: list(rejectedRow),
    rejectedCount: count(),
    reasons: list(object({ reason: text(), count: count(), advice: text() })),
    trimmed: count(),
    unescaped: count(),
    warnings: list(object({ kind: text(), count: count(), row: orNull(count()), value: orNull(text()) })),
    format,
    preview: list(previewRow),
    bytes: count(),
  }),
);

const parts = object({
  subject: maybe(text(TEMPLATE)),
  preheader: maybe(text(TEMPLATE)),
  html: maybe(text(TEMPLATE)),
  text: maybe(text(TEMPLATE)),
  amp: maybe(text(TEMPLATE)),
});
const template = named("Template", either(text(TEMPLATE), parts));
const warning = object({ part: orNull(text()), line: count(), column: count(), message: text() });

const pageOf = <Row>(title: string, row: Shape<Row>) =>
  named(title, object({ rows: list(row), next: orNull(text({ description: "The cursor of the next page." })) }));

/** What an error looks like, on every route. */
export const failed = named(
  "Failure",
  object({
    error: object({
      code: text({ description: "Stable: docs/errors.md lists them." }),
      class: text({ description: "The error's class in the package." }),
      message: text(),
      details: table(anything()),
    }),
  }),
);

/** What a route takes and gives; bodies are JSON. */
export interface Message {
  /** Parameters of the query, each by its own shape. */
  query?: Record<string, { shape: Schema; required: boolean }>;
  body?: Schema;
  /** The answer's shape; `"csv"` for a file. */
  answer: Schema | "csv";
}

const asked = (shape: Schema, required = false) => ({ shape, required });

export const MESSAGES = {
  about: { answer: about },
  list: {
    query: { archived: asked(flag()), cursor: asked(cursor), limit: asked(limit) },
    answer: pageOf("PoolPage", poolRow),
  },
  create: { body: newPool, answer: poolRow },
  get: { answer: poolRow },
  edit: { body: poolPatch, answer: poolRow },
  archive: { answer: poolRow },
  usage: {
    query: { from: asked(instant(), true), to: asked(instant()) },
    answer: list(usageRow),
  },
  alerts: { answer: list(past) },
  batches: { query: { cursor: asked(cursor), limit: asked(limit) }, answer: pageOf("BatchPage", batch) },
  upload: { query: { options: asked(uploadOptions) }, answer: uploadReport },
  undo: {
    body: object({ batch: text({ maxLength: 100 }) }),
    answer: object({ removed: count(), kept: count() }),
  },
  find: {
    body: either(
      object({ code: text(KEY), ...page }),
      object({ contact: text(KEY), ...page }),
      object({ message: text(KEY), ...page }),
    ),
    answer: pageOf("FoundPage", found),
  },
  prepare: {
    body: object({ count: count({ maximum: 0xffff_ffff }) }),
    answer: object({ enough: flag(), remaining: orNull(count()), short: count() }),
  },
  preview: {
    body: object({ template, mode: maybe(words("html", "mjml", "text")) }),
    answer: object({ output: template, warnings: list(warning) }),
  },
  exportDraws: { answer: "csv" },
  exportRemaining: { answer: "csv" },
} as const satisfies Record<Action, Message>;

/** A type is what a shape says, field by field. */
type Same<A, B> = [A] extends [B] ? ([Required<B>] extends [Required<A>] ? true : never) : never;
/** A caller's type: the shape takes nothing that the facade would not, and leaves no field out. */
type Takes<Wire, Facade> = Wire extends Facade
  ? Exclude<keyof Facade, keyof Wire> extends never
    ? true
    : never
  : never;

true satisfies Same<TypeOf<typeof poolRow>, PoolRow>;
true satisfies Same<TypeOf<typeof past>, PastAlert & Alert>;
true satisfies Same<TypeOf<typeof about>, About>;
true satisfies Same<TypeOf<typeof batch>, Batch>;
true satisfies Same<TypeOf<typeof found>, FoundCode>;
true satisfies Same<TypeOf<typeof usageRow>, UsageRow>;
true satisfies Same<TypeOf<typeof uploadReport>, UploadReport>;
true satisfies Same<TypeOf<typeof warning>, TemplateWarning>;
true satisfies Same<TypeOf<typeof rung>, Rung>;
true satisfies Takes<TypeOf<typeof newPool>, NewPool & PoolSettings>;
true satisfies Takes<TypeOf<typeof poolPatch>, PoolPatch>;
true satisfies Takes<TypeOf<typeof dynamic>, DynamicSettings>;
true satisfies Takes<TypeOf<typeof pattern>, CodePattern>;
true satisfies Takes<TypeOf<typeof parts>, TemplateParts>;
true satisfies Takes<TypeOf<typeof uploadOptions>, Omit<UploadOptions, "rejectedTo" | "onProgress" | "signal">>;
true satisfies Takes<NonNullable<TypeOf<typeof uploadOptions>["limits"]>, UploadLimits>;
