/** The e-mail builder: GrapesJS with the coupon block, over the pools of this browser. Its mail goes to the other page. */

import { CouponPools } from "coupon-pools";
import { couponPoolsPlugin } from "coupon-pools/editors/grapesjs";
import { indexeddb } from "coupon-pools/stores/indexeddb";
import grapesjs from "grapesjs";
import "grapesjs/dist/css/grapes.min.css";
import "./builder.css";
import { byId, el, notice } from "./dom.js";

/** Where the other page keeps its mail and its contacts. */
const TEMPLATE = "coupon-pools.template";
const SEND = "coupon-pools.send";

/** MJML's own list loads fonts from another server; this one is not empty, which would mean the same as none. */
const FONTS = { "No font": "" };

const mjml = new URLSearchParams(location.search).has("mjml");
const kept = mjml ? "coupon-pools.builder.mjml" : "coupon-pools.builder";
const start = mjml ? "samples/builder-mail.mjml" : "samples/builder-mail.html";

const pools = new CouponPools({ store: indexeddb({ name: "coupon-pools" }) });
const subject = byId("subject");
let editor;

byId("other-kind").textContent = mjml ? "Build with HTML" : "Build with MJML";
byId("other-kind").href = mjml ? "builder.html" : "builder.html?mjml";
subject.value = localStorage.getItem(`${kept}.subject`) ?? "Spring is here, and so is your code";
subject.addEventListener("input", () => localStorage.setItem(`${kept}.subject`, subject.value));
byId("close-preview").addEventListener("click", () => byId("preview-dialog").close());
byId("show-preview").addEventListener("click", () => attempt(preview));
byId("use-mail").addEventListener("click", () => attempt(use));
attempt(open);

async function open() {
  const [preset, sample, rows] = await Promise.all([
    mjml ? import("grapesjs-mjml") : import("grapesjs-preset-newsletter"),
    fetch(start).then((answer) => answer.text()),
    pools.list(),
  ]);
  byId("no-pools").hidden = rows.length > 0;
  editor = grapesjs.init({
    container: byId("editor"),
    height: "100%",
    telemetry: false,
    // Icons and fonts are this site's own.
    cssIcons: "",
    storageManager: { type: "local", options: { local: { key: kept } } },
    assetManager: { upload: false },
    plugins: [
      // Their own form carries the default export twice once it is a module.
      (ed) => (preset.default.default ?? preset.default)(ed, { useCustomTheme: false, fonts: FONTS }),
      (ed) =>
        couponPoolsPlugin(ed, {
          host: pools,
          audience,
          onManage: () => location.assign("./"),
        }),
    ],
  });
  await new Promise((resolve) => editor.onReady(resolve));
  if (mjml) nameButtons();
  if (localStorage.getItem(kept) === null) editor.setComponents(sample);
  // Another tab may have uploaded codes in the meantime.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) editor.runCommand("coupon-pools:refresh");
  });
  document.body.dataset.ready = "true";
}

/** The buttons that grapesjs-mjml shows as icons of a font that this site does not have. */
function nameButtons() {
  const names = {
    options: { "sw-visibility": "Frames", preview: "Look", fullscreen: "Full screen", "export-template": "Code" },
    views: { "open-sm": "Style", "open-tm": "Settings", "open-layers": "Layers", "open-blocks": "Blocks" },
  };
  for (const [panel, buttons] of Object.entries(names)) {
    for (const [id, label] of Object.entries(buttons))
      editor.Panels.getButton(panel, id)?.set({ className: "", label });
  }
  editor.Panels.getButton("views", "open-blocks")?.set("active", true);
}

/** How many contacts the other page has. */
function audience() {
  const { contacts = "" } = JSON.parse(localStorage.getItem(SEND) ?? "{}");
  return new Set(contacts.split("\n").filter((line) => line.trim() !== "")).size;
}

/** The mail as HTML: with its styles inline, or compiled. */
function mail() {
  if (!mjml) return `<!doctype html>\n<html lang="en">${editor.runCommand("gjs-get-inlined-html")}</html>\n`;
  const { html, errors } = editor.runCommand("mjml-code-to-html");
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join("\n"));
  return html;
}

async function preview() {
  const { output, warnings } = await pools.preview({ subject: subject.value, html: mail() });
  byId("preview-subject").textContent = output.subject;
  byId("preview").srcdoc = output.html;
  byId("warnings").replaceChildren(...warnings.map(({ message }) => el("li", {}, message)));
  byId("preview-dialog").showModal();
}

/** Hands the mail to the other page, where it is sent. */
async function use() {
  const template = { subject: subject.value, html: mail() };
  await pools.preview(template);
  localStorage.setItem(TEMPLATE, JSON.stringify(template));
  await editor.store();
  location.assign("./");
}

async function attempt(work) {
  try {
    await work();
    notice(byId("failure"), null);
  } catch (error) {
    notice(byId("failure"), error.message);
  }
}
