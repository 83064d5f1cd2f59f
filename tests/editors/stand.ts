/** A stand for editors: the page in a real browser, and the pools in this process, over the memory store. */

import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { Bench, codes } from "../js/workbench.js";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"];
const ADDRESS = "http://editor.test/";
/** What an editor needs of a page's policy: no inline script, no eval; styles are GrapesJS' own way. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'";
const PAGE = '<!doctype html><meta charset="utf-8"><title>Editor</title><body><script src="page.js"></script>';

export class Stand {
  readonly bench = Bench.inMemory();
  readonly page: Page;
  /** What the browser complained about, and requests that left the page's own address. */
  readonly complaints: string[] = [];
  /** Calls that the editor made, as `method` and arguments. */
  readonly calls: [method: string, ...args: unknown[]][] = [];
  /** Whether the pools do not answer. */
  away = false;
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
  }

  static async open(): Promise<Stand> {
    const { outputFiles } = await build({
      entryPoints: [new URL("page.ts", import.meta.url).pathname],
      bundle: true,
      format: "iife",
      write: false,
      target: "es2022",
      logLevel: "error",
    });
    const script = outputFiles[0]?.text ?? "";
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(20_000);
    const stand = new Stand(browser, page);
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") stand.complaints.push(line.text());
    });
    page.on("pageerror", (error) => stand.complaints.push(error.stack ?? error.message));
    await page.route("**/*", async (route) => {
      const url = route.request().url();
      if (url === `${ADDRESS}page.js`) return route.fulfill({ contentType: "text/javascript", body: script });
      const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY };
      if (url === ADDRESS) return route.fulfill({ headers, body: PAGE });
      stand.complaints.push(`a request to ${url}`);
      return route.abort();
    });
    await page.exposeFunction("askPools", async (method: "list" | "preview" | "prepare", ...args: never[]) => {
      stand.calls.push([method, ...args]);
      if (stand.away) throw new Error("The server is away");
      const given = await (stand.bench.pools[method] as (...args: never[]) => Promise<unknown>)(...args);
      return method === "list" ? { rows: given, next: (given as { next: string | null }).next } : given;
    });
    await stand.fill();
    await page.goto(ADDRESS);
    return stand;
  }

  /** Three pools: one of five codes that expire, one of one code for all, one that is empty and lets mails go. */
  private async fill(): Promise<void> {
    const { bench } = this;
    await bench.pools.create({ handle: "spring-sale", name: "Spring sale", kind: "static", expiresAt: "2026-12-31" });
    await bench.pools.upload("spring-sale", `code\n${codes("SPR-7K", 5).join("\n")}\n`);
    await bench.pools.create({ handle: "welcome", name: "Welcome & <more>", kind: "fixed", fixedCode: "HELLO10" });
    await bench.pools.create({ handle: "gone", name: "Gone", kind: "static", onEmpty: "omit" });
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
