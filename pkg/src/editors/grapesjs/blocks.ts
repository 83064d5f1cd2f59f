/** The blocks that marketers drag into a mail. */

import type { Editor } from "grapesjs";
import { TYPES } from "./components.js";
import type { Kind } from "./content.js";

/** Names of blocks, as `Blocks.get` knows them: those of the component types. */
export type BlockId = "coupon" | "coupon-code" | "coupon-expiry";

/** As a style: GrapesJS fills the icons of blocks. */
const STROKE =
  'style="fill:none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"';
const ICONS: Readonly<Record<Kind, string>> = {
  block: `<svg viewBox="0 0 24 24" ${STROKE}><path d="M3 8V6h18v2a4 4 0 0 0 0 8v2H3v-2a4 4 0 0 0 0-8z"/><path d="M9 15l6-6M9.5 9.5h.01M14.5 14.5h.01"/></svg>`,
  code: `<svg viewBox="0 0 24 24" ${STROKE}><path d="M3 6h18M3 18h10M4 10h16v4H4z"/></svg>`,
  expiry: `<svg viewBox="0 0 24 24" ${STROKE}><path d="M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M12 13v3l2 1"/></svg>`,
};

/** How a new coupon block looks; what the style manager changes. */
export const BLOCK_STYLE: Readonly<Record<string, string>> = {
  "font-family": "Menlo, Consolas, monospace",
  "font-size": "24px",
  "font-weight": "700",
  "letter-spacing": "1px",
  "line-height": "1.5",
  "text-align": "center",
  padding: "18px 12px",
  border: "2px dashed #6b7280",
};

/** Adds the blocks that are wanted and not there yet: presets that come later may have cleared them. */
export function addBlocks(
  editor: Editor,
  wanted: readonly BlockId[],
  style: Readonly<Record<string, string>>,
  custom: (block: BlockId) => object,
): void {
  const mjml = editor.Components.getType("mj-text") !== undefined;
  for (const kind of Object.keys(TYPES) as Kind[]) {
    const id = TYPES[kind] as BlockId;
    if (!wanted.includes(id) || editor.Blocks.get(id)) continue;
    const component = kind === "block" ? { type: id, expires: true, style: { ...style } } : { type: id };
    editor.Blocks.add(id, {
      label: id,
      category: { id: "coupon-pools", label: "Coupons" },
      media: ICONS[kind],
      // In MJML, HTML has its place inside of a text.
      content: mjml ? { type: "mj-text", tagName: "mj-text", components: [component] } : component,
      select: true,
      ...custom(id),
    });
  }
}
