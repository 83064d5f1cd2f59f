/** What stands in the form's fields, and what it means: between texts that people type and settings. */

import type { CouponPoolsError } from "../errors.js";
import type { DynamicSettings, NewPool, PoolPatch, PoolRow, PoolSettings } from "../options.js";
import type { Rung } from "../store.js";

/** The fields, all of them texts. */
export interface PoolDraft {
  name: string;
  handle: string;
  kind: PoolRow["kind"];
  fixedCode: string;
  reuse: string;
  onEmpty: string;
  fallback: string;
  lowStock: string;
  /** A day as date fields have it, or "". */
  expiresAt: string;
  timeZone: string;
  shop: string;
  rule: string;
  prefix: string;
  length: string;
  every: string;
  buffer: string;
}

export const EMPTY_DRAFT: PoolDraft = {
  name: "",
  handle: "",
  kind: "static",
  fixedCode: "",
  reuse: "per-message",
  onEmpty: "stop",
  fallback: "",
  lowStock: "10%",
  expiresAt: "",
  timeZone: "UTC",
  shop: "",
  rule: "",
  prefix: "",
  length: "12",
  every: "4",
  buffer: "1000",
};

/** The fields of a pool. */
export function draftOf(row: PoolRow): PoolDraft {
  const { dynamic, onEmpty } = row;
  return {
    ...EMPTY_DRAFT,
    name: row.name,
    handle: row.handle,
    kind: row.kind,
    fixedCode: row.fixedCode ?? "",
    reuse: row.reuse,
    onEmpty: typeof onEmpty === "string" ? onEmpty : "fallback",
    fallback: typeof onEmpty === "string" ? "" : onEmpty.fallback,
    lowStock: row.lowStock.join(", "),
    expiresAt: row.expiresAt === null ? "" : dayOf(row.expiresAt - 1, row.timeZone),
    timeZone: row.timeZone,
    ...(dynamic === null
      ? {}
      : {
          shop: dynamic.shop,
          rule: String(dynamic.rule),
          prefix: dynamic.pattern.prefix ?? "",
          length: String(dynamic.pattern.length),
          every: String(dynamic.pattern.every ?? 0),
          buffer: String(dynamic.buffer),
        }),
  };
}

/** What `create` takes. */
export function newPoolOf(draft: PoolDraft): NewPool {
  return {
    handle: draft.handle.trim(),
    kind: draft.kind,
    ...settingsOf(draft),
    ...(draft.kind === "fixed" ? {} : { reuse: draft.reuse as PoolRow["reuse"] }),
  };
}

/** What `edit` takes: the date only if it was changed, so that an instant within a day stays what it is. */
export function patchOf(draft: PoolDraft, row: PoolRow): PoolPatch {
  const { expiresAt, timeZone, ...settings } = settingsOf(draft);
  const before = draftOf(row);
  return {
    ...settings,
    ...(draft.timeZone === before.timeZone ? {} : { timeZone }),
    ...(draft.expiresAt === before.expiresAt && draft.timeZone === before.timeZone ? {} : { expiresAt }),
    ...(row.kind === "fixed" || draft.reuse === before.reuse ? {} : { reuse: draft.reuse as PoolRow["reuse"] }),
    ...(settings.dynamic === undefined || row.dynamic === null
      ? {}
      : {
          dynamic: {
            ...row.dynamic,
            ...settings.dynamic,
            pattern: { ...row.dynamic.pattern, ...settings.dynamic.pattern },
          },
        }),
  } as PoolPatch;
}

function settingsOf(draft: PoolDraft): PoolSettings {
  const name = draft.name.trim();
  const common: PoolSettings = name === "" ? {} : { name };
  if (draft.kind === "fixed") return { ...common, fixedCode: draft.fixedCode.trim() };
  const onEmpty =
    draft.onEmpty === "fallback" ? { fallback: draft.fallback.trim() } : (draft.onEmpty as "stop" | "omit");
  if (draft.kind === "dynamic") return { ...common, onEmpty, dynamic: dynamicOf(draft) };
  return {
    ...common,
    onEmpty,
    lowStock: rungsOf(draft.lowStock),
    timeZone: draft.timeZone.trim() || "UTC",
    expiresAt: draft.expiresAt || null,
  };
}

function dynamicOf(draft: PoolDraft): DynamicSettings {
  return {
    shop: draft.shop,
    rule: draft.rule.trim(),
    pattern: { prefix: draft.prefix.trim(), length: Number(draft.length), every: Number(draft.every) },
    buffer: Number(draft.buffer),
  };
}

/** “10%, 100” as thresholds; what is neither is handed on, and refused with a reason. */
function rungsOf(text: string): Rung[] {
  return text
    .split(/[,;\s]+/)
    .filter((part) => part !== "")
    .map((part) => (part.endsWith("%") || Number.isNaN(Number(part)) ? part : Number(part)) as Rung);
}

/** The setting that a failure is about: a server names the place in it too, such as `lowStock[0]`. */
export function optionOf({ details }: Pick<CouponPoolsError, "details">): string {
  const path = String(details?.option ?? "").replace(/^dynamic\.(pattern\.)?/, "");
  return path.split(/[.[]/, 1)[0] ?? "";
}

/** The field that a failure is about, or null. */
export function fieldOf({ code, details }: CouponPoolsError): keyof PoolDraft | null {
  if (code === "POOL_EXISTS") return "handle";
  if (code === "PATTERN_TOO_SMALL") return "length";
  if (code === "RULE_UNUSABLE") return "rule";
  if (code === "SHOP_UNKNOWN") return "shop";
  const option = optionOf({ details });
  if (option === "onEmpty") return "fallback";
  return option in EMPTY_DRAFT ? (option as keyof PoolDraft) : null;
}

/** A handle made of a name: “Été à Paris” gives `ete-a-paris`. */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64)
    .replace(/-+$/, "");
}

/** The day of an instant in a time zone, as date fields have it. */
function dayOf(at: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    numberingSystem: "latn",
    calendar: "gregory",
  }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`;
}
