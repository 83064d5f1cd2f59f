/**
 * The coupon block for GrapesJS 0.23: `couponPoolsPlugin`, in GrapesJS' own conventions. It works in plain editors, with
 * grapesjs-preset-newsletter and with grapesjs-mjml, and touches nothing of the host's page but the editor it is given.
 */

import type { Editor, Plugin } from "grapesjs";
import { addBlocks, BLOCK_STYLE, type BlockId } from "./grapesjs/blocks.js";
import { addComponents, NEWS } from "./grapesjs/components.js";
import { addPoolPicker } from "./grapesjs/pool-picker.js";
import { Shelf, type ShelfHost } from "./grapesjs/shelf.js";
import { de, en } from "./grapesjs/texts.js";
import { wordsOf } from "./grapesjs/words.js";

export type { BlockId } from "./grapesjs/blocks.js";
export type { ShelfHost } from "./grapesjs/shelf.js";

/** Options of `couponPoolsPlugin`. */
export interface CouponPoolsPluginOptions {
  /** Where pools are: a `CouponPools` in the page, or a client of a server. Of it, `list`, `preview` and `prepare` are called. */
  host: ShelfHost;
  /**
   * How many contacts the mail goes to, so that a pool that is smaller is told before the send. With it, choosing a
   * dynamic pool fills it to so many codes. Default: none, nothing is checked.
   */
  audience?: number | (() => number | Promise<number>);
  /** Opens the host's screen of pools: of one pool, or of all where none is chosen. Default: none, no button. */
  onManage?: (handle: string | null, editor: Editor) => void;
  /** Which blocks to add. Default: all. Component types are there in any case, so that mails with them can be opened. */
  blocks?: readonly BlockId[];
  /** Options of a block beside ours, by its id, such as a category or a label. Default `() => ({})`. */
  block?: (block: BlockId) => object;
  /** How a new coupon block looks. Default: large letters in a dashed frame. */
  style?: Readonly<Record<string, string>>;
  /** Language of dates in new components: a tag such as `en-GB`. Default: the editor's own. */
  locale?: string;
  /** For how many milliseconds pools, samples and checks are kept before they are asked for again, at least 1,000. Default 60,000. */
  refreshAfter?: number;
  /** Words beside ours or instead of them, by language, as in GrapesJS' i18n module. Default `{}`; en and de are there. */
  i18n?: Record<string, object>;
}

/** Adds coupon blocks, their settings, and a command `coupon-pools:refresh`, which asks the host for its pools anew. */
export const couponPoolsPlugin: Plugin<CouponPoolsPluginOptions & Record<string, unknown>> = (editor, options) => {
  const { host, audience, onManage, refreshAfter = 60_000, i18n = {} } = options;
  if (typeof host?.list !== "function") {
    throw new TypeError(
      "couponPoolsPlugin needs a host: pass { host: pools } in pluginsOpts, or usePlugin(couponPoolsPlugin, { host: pools })",
    );
  }
  const { blocks = ["coupon", "coupon-code", "coupon-expiry"], block = () => ({}), style = BLOCK_STYLE } = options;
  editor.I18n.addMessages({ en, de });
  editor.I18n.addMessages(i18n);
  const words = wordsOf(editor);
  const locale = () => options.locale ?? editor.I18n.getLocale() ?? "en";
  const shelf = new Shelf(host, audience, refreshAfter, () => void editor.trigger(NEWS));
  addComponents(editor, shelf, words, locale);
  addPoolPicker(editor, shelf, words, onManage && ((handle) => onManage(handle, editor)));
  addBlocks(editor, blocks, style, block);
  // Presets that come after this plugin may clear the blocks.
  editor.onReady(() => addBlocks(editor, blocks, style, block));
  editor.Commands.add("coupon-pools:refresh", () => shelf.refresh());
};

export default couponPoolsPlugin;
