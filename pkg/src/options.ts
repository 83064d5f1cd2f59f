/** Types of the public face: what calls take and give. */

import type { PoolsEvent } from "./events.js";
import type { Marks } from "./marks.js";
import type { Shop } from "./shops/shop.js";
import type { FoundRow, OnEmpty, PoolKind, Reuse, Rung, Store, StoreTraits } from "./store.js";

/** What an alert says; see `onAlert`. */
export interface Alert {
  /** The same in every delivery of this crossing, and never used for another. */
  id: string;
  type: "low-stock" | "out-of-codes" | "expiring-soon" | "top-up-failing" | "rule-unusable";
  /** The pool's handle. */
  pool: string;
  /** The pool's name. */
  name: string;
  /** The rung that was crossed, as in the settings: `500` or `10%`; for expiring stock, the instant; for shops, `top-up` or `rule`. */
  rung: string;
  /** Codes left; for expiring stock, codes that expire. */
  remaining: number;
  /** Codes added and not undone. */
  added: number;
  /** When the stock runs out at the present rate, or `null`. */
  runsOutAt: number | null;
  /** When the stock expires, for expiring stock. */
  expiresAt: number | null;
  /** When the crossing was seen. */
  at: number;
  /** Why, in the shop's own words, where it is about a shop. */
  words: string | null;
}

/** An alert of a pool's history: as it was told, with the pool's name of today. */
export interface PastAlert extends Alert {
  /** When it was sent; `null` if it waits to be sent, as where nobody hears alerts. */
  sentAt: number | null;
}

/** What a `CouponPools` stands on, as a dashboard shows it. */
export interface About {
  /** The store: its name, what an acknowledged write survives, and whether a failover keeps it. */
  store: Pick<StoreTraits, "name" | "durability" | "failover">;
  /** The shops that can fill dynamic pools, by name; `exact`: after a crash no codes are left over there. */
  shops: Record<string, { kind: Shop["kind"]; exact: boolean }>;
}

export interface CouponPoolsOptions {
  /** Where pools and codes live. */
  store: Store;
  /** The account of your product that all calls are for; no call reaches another's. Default `"default"`. */
  tenant?: string;
  /** The shops that fill dynamic pools, by the name that pools give: `shopify()`, `magento()`, `custom()`. */
  shops?: Readonly<Record<string, Shop>>;
  /** Hears alerts, at least once each; if it throws or takes over 10 s, the alert is delivered again later. */
  onAlert?: (alert: Alert) => void | Promise<void>;
  /** Hears what was done, for logs, metrics and traces: counts and durations, never codes. What it throws is dropped. */
  onEvent?: (event: PoolsEvent) => void;
  /** Milliseconds since 1970. Default `Date.now`. */
  clock?: () => number;
  /** Who runs uploads: `uploadWorker()` from `coupon-pools/worker`. Default: the thread of the call. */
  uploads?: UploadRunner;
}

/** Who runs uploads, if not the thread of the call: `uploadWorker()` gives one. */
export interface UploadRunner {
  /** Runs an upload to its end; what it is given is the package's own. */
  run(job: unknown): Promise<UploadReport>;
}

/** An instant: milliseconds, a `Date`, or ISO text. A date alone means the end of that day in the pool's time zone. */
export type Instant = number | Date | string;

export interface PoolSettings {
  /** Shown on screens. Default: the handle. */
  name?: string;
  /** When the same contact keeps a code. Default `"per-message"`: every mail its own. */
  reuse?: Reuse;
  /** What happens when no code is left. Default `"stop"`: no mail goes out without its code. */
  onEmpty?: OnEmpty;
  /** Stock levels at which `onAlert` is called: counts or shares such as `"10%"`. Default none (running out is always told). */
  lowStock?: Rung[];
  /** When codes without an expiry of their own stop being valid (exclusive). Default never. */
  expiresAt?: Instant | null;
  /** Codes that stop being valid within this many milliseconds are not drawn. Default 0. */
  minValidity?: number;
  /** IANA time zone of dates without a time. Default `"UTC"`. */
  timeZone?: string;
  /** Whether `abc` and `ABC` are different codes. Default `false`, as in Shopify and Magento. */
  caseSensitive?: boolean;
  /** The code of a `fixed` pool. */
  fixedCode?: string;
  /** What a `dynamic` pool generates. */
  dynamic?: DynamicSettings;
}

/** How generated codes look: prefix, characters drawn at random, check character, suffix. */
export interface CodePattern {
  /** How many characters are drawn at random, 1 to 128. */
  length: number;
  /** What they are drawn from. Default `"unambiguous"`: letters and digits that look like no other. */
  alphabet?: "alphanum" | "alpha" | "num" | "unambiguous" | { custom: string };
  prefix?: string;
  suffix?: string;
  /** How many characters stand in a group. Default 0: no groups. */
  every?: number;
  /** Stands between groups. Default `"-"`. */
  delimiter?: string;
  /** Whether a check character follows (ISO/IEC 7064). Default `false`. */
  check?: boolean;
  /** Whether codes with offensive words are left out. Default `true`. */
  words?: boolean;
}

/** What a dynamic pool generates, where, and how much of it is kept in stock. */
export interface DynamicSettings {
  /** The shop's name among `shops`. */
  shop: string;
  /** The rule at the shop, as its address bar shows it: a number, or `gid://…`. */
  rule: string | number;
  pattern: CodePattern;
  /** Codes kept in stock. Default 1,000. */
  buffer?: number;
  /** Most codes ever generated. Default as many as are needed. */
  limit?: number | null;
  /** Bits of guess resistance, log2(codes that the pattern has / codes planned), under which it is refused. Default 24. */
  guessFloor?: number;
  /** Bits under which `warnings` says so. Default 32. */
  guessWarning?: number;
}

export interface NewPool extends PoolSettings {
  /** The pool's name in tags: lower-case letters, digits, `-`, `_`. Cannot be changed. */
  handle: string;
  kind: PoolKind;
}

/** What `edit` changes. `kind`, `reuse` and `caseSensitive` only before the first upload or draw. */
export interface PoolPatch extends PoolSettings {
  kind?: PoolKind;
  archived?: boolean;
}

/** A pool as the dashboard shows it. Instants are milliseconds since 1970. */
export interface PoolRow {
  handle: string;
  name: string;
  kind: PoolKind;
  /** Codes that can be drawn now; `null` for pools that never run out. */
  remaining: number | null;
  /** Codes drawn. */
  assigned: number;
  /** Share of all codes ever added that remains, 0 to 100; `null` for pools that never run out. */
  percentRemaining: number | null;
  /** Codes nobody holds that have expired, or do so within `minValidity`. */
  expired: number;
  /** Codes taken out of stock by the system. */
  void: number;
  /** Codes added and not undone: `remaining + assigned + expired + void`. */
  added: number;
  /** How often a fallback or nothing was shown. */
  fellBack: number;
  redeemed: number;
  /** When the stock runs out at the present rate; `null` if that is far away or nothing is drawn. */
  runsOutAt: number | null;
  /** When the first of the codes that are left stop being valid; `null` if they never do, or none is left. */
  nextExpiry: number | null;
  /** Draws by UTC hour over the last week, hours without draws left out. */
  usage: { at: number; draws: number }[];
  /** When the figures were read, where the store's list may lag. */
  asOf: number | null;
  reuse: Reuse;
  onEmpty: OnEmpty;
  lowStock: Rung[];
  expiresAt: number | null;
  minValidity: number;
  timeZone: string;
  caseSensitive: boolean;
  fixedCode: string | null;
  /** What a dynamic pool generates, with its defaults. */
  dynamic: Required<DynamicSettings> | null;
  /** Codes that a dynamic pool has in stock. */
  buffered: number | null;
  /** What a person should know about the settings. */
  warnings: string[];
  archived: boolean;
  revision: number;
  createdAt: number;
  updatedAt: number;
}

/** Which columns of a file hold what; names as in the header, or numbers from 0. */
export interface UploadColumns {
  code?: string | number;
  /** `null`: there is none, whatever the header says. */
  expiresAt?: string | number | null;
  /** How dates such as 01/02/2027 are meant. */
  dateOrder?: "dmy" | "mdy";
}

export interface UploadOptions {
  /** Kept with the batch. Default: the `File`'s own. */
  fileName?: string;
  columns?: UploadColumns;
  /** Whether the first row is a header, or the number of the row that is, as a spreadsheet counts. Default: detected. */
  header?: boolean | number;
  /** Default: detected. */
  encoding?: "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";
  /** One ASCII character, or "" for a file of one column. Default: detected. */
  delimiter?: "," | ";" | "\t" | "|" | "" | (string & {});
  /** The worksheet of a spreadsheet: its name, or its number from 1. Default: the only visible one with anything in it. */
  sheet?: string | number;
  /** For codes whose row has no expiry. Default: the pool's applies. */
  expiresAt?: Instant;
  /** Say what would happen and store nothing. */
  dryRun?: boolean;
  /**
   * Drops another upload that is under way in this pool, instead of being refused with `UPLOAD_IN_PROGRESS`: `true` the one
   * that is found, or only the one whose batch is named (`details.batch` of that error). If it was alive after all, it ends
   * in `UPLOAD_SUPERSEDED` at its next block; nothing of it is stored. Default: `false`.
   */
  takeOver?: boolean | string;
  /** What of a file is refused. Default: see each. */
  limits?: UploadLimits;
  /**
   * Takes every rejected row as CSV, in a dry run too. Written as fast as it takes it, closed before the codes become
   * drawable; aborted if the upload fails for another reason than that no row could be taken.
   */
  rejectedTo?: WritableStream<Uint8Array>;
  /** Hears how far the upload has come: at each piece that is read and each block that is stored. */
  onProgress?: (progress: UploadProgress) => void;
  signal?: AbortSignal;
}

/** What of a file is refused, so that no file can take a process down. The error names the limit and this option. */
export interface UploadLimits {
  /** Longest row, in bytes. Default: 1 MB; rows of shop exports are under 4 kB. At most 1 GB. */
  rowBytes?: number;
  /** Most columns. Default: 1,024; shop exports have under 100. */
  columns?: number;
  /** Most different expiries. Default: 4,096, eleven years of days; each that lives makes claims a little slower. */
  expiries?: number;
  /** Most memory to find duplicates within the file, in bytes. Default: 2 GB, enough for some 75 million codes of 10 characters. */
  dedupeBytes?: number;
  /** Most bytes that the parts of a spreadsheet unpack to. Default: 2 GB; a full worksheet of forty columns is 1.7 GB. */
  expandedBytes?: number;
  /** Most bytes that one packed byte of a spreadsheet unpacks to, past the first 16 MB. Default: 100; worksheets are at 2 to 15. */
  expansion?: number;
  /** Longest text of a cell, in bytes; a longer one is rejected with its row. Default: 128 kB; Excel takes 32,767 characters. */
  cellBytes?: number;
  /** Most rows of a worksheet. Default: 1,048,576, as in Excel. */
  sheetRows?: number;
  /** Most bytes of the texts that a workbook keeps apart from its cells; they are held in memory. Default: 128 MB. */
  sharedStringsBytes?: number;
  /** Largest spreadsheet that is held in memory, in bytes, where it comes as a stream, or as a Blob outside of a browser's Worker. Default: 64 MB. */
  gatheredBytes?: number;
}

/** How far an upload has come. */
export interface UploadProgress {
  /** Rows read so far; at most two blocks of them are not stored yet. */
  rows: number;
  /** Bytes of the file read so far. */
  bytes: number;
  /** Where it is known beforehand. */
  totalBytes?: number;
  /** By the clock of `CouponPools`, over the last seconds; 0 until some time has passed. */
  rowsPerSecond: number;
  /** At the pace of the last seconds, where `totalBytes` is known and some time has passed. */
  secondsLeft?: number;
}

/** A row that was not taken. */
export interface RejectedRow {
  /** As a spreadsheet counts: the header is row 1. */
  row: number;
  /** From 0, where one column is to blame. */
  column: number | null;
  /** Stable: `empty`, `too-long`, `rounded-number`, `bad-date`, …: the table is in docs/uploads.md. */
  reason: string;
  /** The value, cut short and made safe to show. */
  value: string | null;
}

/** Something a person should know about a file. */
export interface UploadWarning {
  /** Stable: `trimmed`, `zeros-lost`, `encoding-guessed`, …: the table is in docs/uploads.md. */
  kind: string;
  /** How many rows it is about; 1 if it is about the file or a column. */
  count: number;
  /** The first row that shows it. */
  row: number | null;
  /** The first value that shows it, or the column's name. */
  value: string | null;
}

/** One of the first rows of a file, as understood. */
export interface PreviewRow {
  /** As a spreadsheet counts. */
  row: number;
  /** What became of it: `ignored` stands above the header. */
  verdict: "ignored" | "header" | "code" | "duplicate" | "in-pool" | "rejected";
  /** Its cells, the first 100: each cut short and made safe to show, and what it was read as. */
  cells: { value: string; verdict: "ignored" | "header" | "code" | "expiry" | "rejected" }[];
  /** The code, if it was taken. */
  code: string | null;
  expiresAt: number | null;
  /** Why it was rejected, if it was. */
  reason: string | null;
}

/** What an upload did, or in a dry run would do. `rows = added + duplicatesInFile + duplicatesInPool + rejectedCount`. */
export interface UploadReport {
  /** For `undo`; `null` in a dry run. */
  batch: string | null;
  /** Rows with anything in them, without the header. */
  rows: number;
  /** Codes that are new to the pool. */
  added: number;
  duplicatesInFile: number;
  /** The first 1,000 rows whose code stands in an earlier row too. */
  duplicates: { row: number; value: string }[];
  duplicatesInPool: number;
  /** The first 1,000 rows that were not taken. */
  rejected: RejectedRow[];
  /** All rows that were not taken. */
  rejectedCount: number;
  /** How many rows for each reason, and what to do about it. */
  reasons: { reason: string; count: number; advice: string }[];
  /** Codes that had white space around them. */
  trimmed: number;
  /** Codes that lost an export's mark or a spreadsheet's text formula. */
  unescaped: number;
  warnings: UploadWarning[];
  /** How the file was understood. */
  format: {
    /** `csv` for every text; `xlsx`, `xlsb`, `xls`, `ods`. */
    kind: string;
    /** The worksheet, in a spreadsheet. */
    sheet: string | null;
    encoding: string;
    /** `null` in a file of one column. */
    delimiter: string | null;
    header: boolean;
    /** Which row holds the names, as a spreadsheet counts. */
    headerRow: number | null;
    columns: string[];
    codeColumn: number;
    expiryColumn: number | null;
    dateOrder: "dmy" | "mdy" | null;
    /** Whether the file is one of our own exports. */
    export: boolean;
  };
  /** The first 20 rows below the header as understood, and what stands above them. */
  preview: PreviewRow[];
  bytes: number;
}

/** One intended showing of a code. */
export interface Use {
  /** One intended delivery of one mail: the same in every retry, new for the next. 1 to 512 characters, none of them U+0000. */
  message: string;
  /** Whose mail it is: an id or an address, 1 to 512 characters, none of them U+0000. */
  contact: string;
  /** For a second code from the same pool in the same mail. */
  slot?: string;
}

export interface Draw {
  status: "drawn" | "fallback" | "empty";
  /** `null` when empty. */
  code: string | null;
  /** When the code stops being valid (exclusive), or `null`. */
  expiresAt: number | null;
  /** This very use had been answered before, with the same code. */
  repeat: boolean;
  /** Whether the code has expired since it was drawn. */
  expired: boolean;
  /** The draw's number in its pool, for `release`; `null` where nothing is stored. */
  number: number | null;
  /** Why the hand is empty. */
  reason?: "empty" | "expired";
}

/** One code that a mail shows. */
export interface RenderedDraw extends Omit<Draw, "status" | "reason"> {
  handle: string;
  slot: string;
}

/** A mail's parts: planned, drawn and failed together. */
export interface TemplateParts {
  subject?: string;
  preheader?: string;
  html?: string;
  text?: string;
  amp?: string;
}

export type Template = string | TemplateParts;

/** How a template is read: `html` (default), `mjml`, or `text`. */
export type TemplateMode = "html" | "mjml" | "text";

/** What mails come as: `text` (default), or `bytes` of UTF-8, which for large mails is several times faster. */
export type RenderAs = "text" | "bytes";

/** A rendered mail: in the template's own shape. */
export type Output<T extends Template, As extends RenderAs> = As extends "bytes"
  ? T extends string
    ? Uint8Array
    : { [Part in keyof T]: Uint8Array }
  : T;

/** How a template is read, and which other template engine has to do with it. */
export interface TemplateOptions {
  mode?: TemplateMode;
  /** Of `pools.marks()`: another engine ran before, and only the markers that these made are tags. See docs/template-engines.md. */
  marks?: Marks;
  /**
   * This engine runs after: what it would read as its syntax is hidden in codes, fallbacks and dates, and refused with
   * `CODE_IS_SYNTAX` where nothing can hide it. See docs/template-engines.md.
   */
  next?: NextEngine;
}

/** Engines that may run after ours, with their usual delimiters. */
export type NextEngine = "liquid" | "handlebars" | "mustache" | "nunjucks" | "jinja" | "twig" | "ejs";

export interface RenderOptions<As extends RenderAs = "text"> extends Omit<Use, "slot">, TemplateOptions {
  as?: As;
}

/** Whose coupon tags `migrateTags` rewrites. */
export type Vendor = "klaviyo" | "braze" | "emarsys" | "salesforce";

export interface MigrateOptions {
  /** Handles for names of the vendor's, where the rule's is not wanted: `{ "Spring Sale": "spring" }`. Default none. */
  handles?: Readonly<Record<string, string>>;
}

/** What became of a vendor's template. Lines and columns count from 1, in the template as it was. */
export interface Migration<T extends Template = Template> {
  /** With our tags; every byte that is none of a rewritten tag is as it was. */
  template: T;
  /** What was rewritten, in order; `to` is empty for a block that only claimed a code. */
  changes: { part: string; line: number; column: number; from: string; to: string }[];
  /** What looks like a coupon and was left, and what to do about it. */
  left: { part: string; line: number; column: number; text: string; advice: string }[];
  /** The pools that the tags draw from, to be created: the vendor's names and their handles. */
  pools: { name: string; handle: string }[];
}

/** What was noticed in a template. */
export interface TemplateWarning {
  part: string | null;
  line: number;
  column: number;
  message: string;
}

/** A code that was looked up; its expiry is its own, or else the pool's. */
export type FoundCode = FoundRow;

/** What an undo did. */
export interface Undone {
  /** Codes that left the pool. Those of a top-up count as void from then on. */
  removed: number;
  /** Codes that stay because somebody holds them. */
  kept: number;
  /**
   * What became at the shop of those that a top-up had generated: deleted, to be deleted by the next `maintain`, or left
   * there, because a callback cannot be told to delete codes. Absent for uploads.
   */
  atShop?: "deleted" | "later" | "stay";
}

/** One upload or one part of a top-up of a pool. */
export interface Batch {
  batch: string;
  state: "staged" | "committed" | "undone";
  note: {
    fileName: string | null;
    rows: number;
    rejected: number;
    duplicatesInFile: number;
    duplicatesInPool: number;
  } | null;
  added: number;
  undone: number;
  assigned: number;
  at: number;
}
