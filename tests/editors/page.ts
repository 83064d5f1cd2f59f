/** The page under test: opens an editor of the kind that a test asks for, over the pools that the test's own process has. */

import { couponPoolsPlugin } from "coupon-pools/editors/grapesjs";
import { type Editor, type EditorConfig, grapesjs, type Plugin } from "grapesjs";
import mjml from "grapesjs-mjml";
import newsletter from "grapesjs-preset-newsletter";

type Asked = "list" | "preview" | "prepare";

declare global {
  interface Window {
    /** Calls a method of the pools in the test's process. */
    askPools(method: Asked, ...args: unknown[]): Promise<never>;
    openEditor(kind: "plain" | "newsletter" | "mjml", options?: Record<string, unknown>): Promise<void>;
    editor: Editor;
    /** What `onManage` was told. */
    managed: (string | null)[];
  }
}

const asker =
  (method: Asked) =>
  async (...args: unknown[]) =>
    window.askPools(method, ...args);
const host = {
  preview: asker("preview"),
  prepare: asker("prepare"),
  // An array's cursor does not survive the way between processes.
  list: async (options: unknown) => {
    const { rows, next } = (await window.askPools("list", options)) as { rows: object[]; next: string | null };
    return Object.assign(rows, { next });
  },
};

window.managed = [];
window.openEditor = async (kind, options = {}) => {
  window.editor?.destroy();
  document.body.innerHTML = '<div id="gjs"></div>';
  const {
    bare,
    manage,
    editor = {},
    ...plugin
  } = options as {
    /** Without the plugin. */
    bare?: boolean;
    /** With a screen of pools to open. */
    manage?: boolean;
    editor?: EditorConfig;
  };
  const presets = { plain: [], newsletter: [newsletter as unknown as Plugin], mjml: [mjml as unknown as Plugin] };
  window.editor = grapesjs.init({
    container: "#gjs",
    height: "700px",
    storageManager: false,
    telemetry: false,
    // The default is a style sheet of another server.
    cssIcons: "",
    plugins: [
      ...presets[kind],
      (ed) => {
        if (bare) return;
        couponPoolsPlugin(ed, {
          host: host as never,
          ...(manage ? { onManage: (handle: string | null) => void window.managed.push(handle) } : {}),
          ...plugin,
        });
      },
    ],
    ...editor,
  });
  await new Promise<void>((resolve) => void window.editor.onReady(() => resolve()));
};
