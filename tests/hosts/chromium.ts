/** A real Chromium, and folders served to it on loopback. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium on a profile in this folder, so that what pages store is on the disk. */
export async function startChromium(profile: string): Promise<BrowserContext> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  assert.ok(
    existsSync(executablePath),
    `${executablePath} is not there: run scripts/need-chromium.sh, or set CHROMIUM`,
  );
  return chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS });
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

export interface Served {
  url: string;
  close(): Promise<void>;
}

/** Serves a folder's files as they are, and these pages besides. */
export async function serve(folder: string, pages: Record<string, string> = {}): Promise<Served> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    const page = pages[path];
    const file = join(folder, path);
    if (page !== undefined) response.writeHead(200, { "content-type": TYPES[".html"] }).end(page);
    else if (existsSync(file) && statSync(file).isFile()) {
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type }).end(readFileSync(file));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page that runs this script. */
export const pageWith = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,">${script}`;

/** A page under test: what it loaded, and what it complained of. */
export class HostPage {
  /** Paths that were answered well. */
  readonly loaded: string[] = [];
  /** Those that were wasm indeed, and not a page that says otherwise. */
  readonly wasm = new Set<string>();
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      this.complaints.push(`${message.type()}: ${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.stack ?? error.message}`));
    page.on("response", (response) => {
      if (!response.ok()) return;
      const { pathname } = new URL(response.url());
      this.loaded.push(pathname);
      if (response.headers()["content-type"] === "application/wasm") this.wasm.add(pathname);
    });
  }

  /** Opens an address, and waits until its script is ready. */
  static async open(context: BrowserContext, url: string): Promise<HostPage> {
    const page = new HostPage(await context.newPage());
    await page.page.goto(url);
    await page.ready();
    return page;
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Calls what the page's script put on `globalThis.host`. */
  call(name: string, ...values: unknown[]): Promise<unknown> {
    return this.page.evaluate(
      ([called, given]) =>
        (globalThis as unknown as { host: Record<string, (...values: unknown[]) => unknown> }).host[called]?.(...given),
      [name, values] as const,
    );
  }

  close(): Promise<void> {
    return this.page.close();
  }

  private async ready(): Promise<void> {
    try {
      await this.page.waitForFunction("globalThis.host", undefined, { timeout: 20_000 });
    } catch (error) {
      throw new Error(`The page's script did not run: ${this.complaints.join("\n")}`, { cause: error });
    }
  }
}
