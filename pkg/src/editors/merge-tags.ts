/**
 * Coupon tags as the lists of merge tags that other e-mail editors take: Unlayer, Beefree, TinyMCE and CKEditor 5.
 * Tags are written with single quotes, which stay as they are inside of a link's `href="…"` too.
 *
 * Sources of the shapes, read in November 2026:
 * - Unlayer: docs.unlayer.com/docs/merge-tags (`mergeTags`, grouped)
 * - Beefree: docs.beefree.io/beefree-sdk/other-customizations/advanced-options/special-links-and-merge-tags
 *   (`mergeTags`); `previewValue` from the types of @beefree.io/sdk 11.7
 * - TinyMCE: tiny.cloud/docs/tinymce/latest/mergetags (`mergetags_list`, `mergetags_prefix`, `mergetags_suffix`)
 * - CKEditor 5: ckeditor.com/docs/ckeditor5/latest/api/module_merge-fields_mergefieldsconfig-MergeFieldsConfig.html
 */

import { CouponPoolsError } from "../errors.js";
import { writeTag } from "./tags.js";

/** A pool to offer: a row of `pools.list()`, or as much of one. */
export interface MergeTagPool {
  handle: string;
  /** What the marketer reads. Default: the handle. */
  name?: string;
  /** The code of a fixed pool: its sample. */
  fixedCode?: string | null;
  /** What the editor's preview shows, such as a preview's output for the pool. Default: `fixedCode`, or else `SAMPLE`. */
  sample?: string;
}

/** Words and dates of the lists. */
export interface MergeTagOptions {
  /** The name of the group, where an editor has groups. Default `"Coupons"`. */
  group?: string;
  /** Names a pool's code. Default: the pool's name. */
  nameCode?: (pool: string) => string;
  /** Names a pool's expiry date. Default: the pool's name and `: expiry date`. */
  nameExpiry?: (pool: string) => string;
  /** Whether expiry dates are offered. Default `true`. */
  expiry?: boolean;
  /** How dates are written: `long`, `medium`, `short` or a pattern. Default `long`. */
  format?: string;
  /** Language of dates. Default: the tag's own, `en`. */
  locale?: string;
}

/** `unlayer.init({ mergeTags })`: a group of tags. */
export interface UnlayerMergeTags {
  [group: string]: { name: string; mergeTags: { [tag: string]: { name: string; value: string; sample: string } } };
}

/** `beeConfig.mergeTags`; Beefree has no groups. */
export type BeefreeMergeTags = { name: string; value: string; previewValue: string }[];

/** Options of `tinymce.init`, to be spread. TinyMCE writes prefix, value and suffix; all tags of an editor share them. */
export interface TinymceMergeTags {
  mergetags_prefix: string;
  mergetags_suffix: string;
  mergetags_list: { title: string; menu: { title: string; value: string }[] }[];
}

/**
 * `mergeFields` of CKEditor 5's configuration. Its fields have ids of letters, digits, `_`, `.` and `-` only, so what it
 * writes is no tag yet: `tagsOfMergeFields` makes tags of it.
 */
export interface CkeditorMergeFields {
  definitions: {
    groupId: string;
    groupLabel: string;
    definitions: { id: string; label: string; type: "text"; defaultValue: string }[];
  }[];
}

export interface MergeTagLists {
  unlayer: UnlayerMergeTags;
  beefree: BeefreeMergeTags;
  tinymce: TinymceMergeTags;
  ckeditor: CkeditorMergeFields;
}

const GROUP = "coupon-pools";
const NO_SAMPLE = "SAMPLE";
/** What a tag prints; in the ids of CKEditor's fields it stands before the handle. */
type Printed = "coupon" | "coupon_expiry";

interface Entry {
  kind: Printed;
  pool: string;
  name: string;
  tag: string;
  sample: string;
}

/**
 * Lists pools' tags in an editor's own format. Errors: `INVALID_ARGUMENT` for an editor that is none of the four.
 *
 *     unlayer.init({ mergeTags: mergeTags("unlayer", await pools.list()) });
 */
export function mergeTags<Editor extends keyof MergeTagLists>(
  editor: Editor,
  pools: Iterable<MergeTagPool>,
  options: MergeTagOptions = {},
): MergeTagLists[Editor] {
  const write = Object.hasOwn(WRITERS, editor) ? WRITERS[editor] : undefined;
  if (write === undefined) {
    throw new CouponPoolsError(`there are merge tags for ${Object.keys(WRITERS).join(", ")}, not for "${editor}"`, {
      code: "INVALID_ARGUMENT",
      details: { option: "editor" },
    });
  }
  return write([...entriesOf(pools, options)], options.group ?? "Coupons");
}

/**
 * Makes tags of what CKEditor wrote for the fields of `mergeTags("ckeditor", …)`, in texts and in attributes. Fields of
 * others are left alone. `prefix` and `suffix` are those of its configuration.
 */
export function tagsOfMergeFields(
  html: string,
  options: Pick<MergeTagOptions, "format" | "locale"> & { prefix?: string; suffix?: string } = {},
): string {
  const { prefix = "{{", suffix = "}}", ...date } = options;
  const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const field = new RegExp(`${quoted(prefix)}(coupon|coupon_expiry)\\.([a-z0-9_-]{1,64})${quoted(suffix)}`, "g");
  return html.replace(field, (_, kind: Printed, pool: string) => tagOf(kind, pool, date));
}

const WRITERS: { [Editor in keyof MergeTagLists]: (entries: Entry[], group: string) => MergeTagLists[Editor] } = {
  unlayer: (entries, group) => ({
    [GROUP]: {
      name: group,
      mergeTags: Object.fromEntries(
        entries.map(({ kind, pool, name, tag, sample }) => [`${kind}.${pool}`, { name, value: tag, sample }]),
      ),
    },
  }),
  beefree: (entries) => entries.map(({ name, tag, sample }) => ({ name, value: tag, previewValue: sample })),
  tinymce: (entries, group) => ({
    mergetags_prefix: "{% ",
    mergetags_suffix: " %}",
    mergetags_list: [
      { title: group, menu: entries.map(({ name, tag }) => ({ title: name, value: tag.slice(3, -3) })) },
    ],
  }),
  ckeditor: (entries, group) => ({
    definitions: [
      {
        groupId: GROUP,
        groupLabel: group,
        definitions: entries.map(({ kind, pool, name, sample }) => ({
          id: `${kind}.${pool}`,
          label: name,
          type: "text",
          defaultValue: sample,
        })),
      },
    ],
  }),
};

function* entriesOf(pools: Iterable<MergeTagPool>, options: MergeTagOptions): Generator<Entry> {
  const { nameCode = (pool) => pool, nameExpiry = (pool) => `${pool}: expiry date`, expiry = true } = options;
  for (const { handle: pool, name = pool, fixedCode, sample = fixedCode ?? NO_SAMPLE } of pools) {
    yield { kind: "coupon", pool, name: nameCode(name), tag: tagOf("coupon", pool, {}), sample };
    if (!expiry) continue;
    const tag = tagOf("coupon_expiry", pool, options);
    yield { kind: "coupon_expiry", pool, name: nameExpiry(name), tag, sample: sampleDate(options) };
  }
}

function tagOf(kind: Printed, pool: string, { format, locale }: Pick<MergeTagOptions, "format" | "locale">): string {
  if (kind === "coupon") return writeTag({ name: kind, pool }, "'");
  return writeTag({ name: kind, pool, ...(format && { format }), ...(locale && { locale }) }, "'");
}

/** The end of a year that no code of today reaches, so that nobody takes it for the pool's own date. */
function sampleDate({ format, locale = "en" }: MergeTagOptions): string {
  const dateStyle = format === "medium" || format === "short" ? format : "long";
  return new Intl.DateTimeFormat(locale, { dateStyle, timeZone: "UTC" }).format(Date.UTC(2099, 11, 31));
}
