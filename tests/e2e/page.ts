/** The built page in a real browser, for one test file: a server of its own, and pages that report what goes wrong. */

import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Errors of the console and of scripts, and requests that left this machine. */
  complaints: string[];
}

export class Site {
  readonly url: string;
  readonly #server: ChildProcessByStdio<null, Readable, null>;
  readonly #browser: Browser;

  private constructor(url: string, server: ChildProcessByStdio<null, Readable, null>, browser: Browser) {
    this.url = url;
    this.#server = server;
    this.#browser = browser;
  }

  /** Serves www/dist on a free port and starts the browser. */
  static async open(): Promise<Site> {
    const server = spawn(process.execPath, [fileURLToPath(new URL("../../www/serve.mjs", import.meta.url))], {
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const url = await new Promise<string>((resolve, reject) => {
      server.stdout.on("data", (text: Buffer) => {
        const [found] = text.toString().match(/http:\S+/) ?? [];
        if (found !== undefined) resolve(found);
      });
      server.on("exit", (status) => reject(new Error(`The server ended with ${status}.`)));
    });
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    return new Site(url, server, await chromium.launch({ executablePath, args: FLAGS }));
  }

  /** A browser as on the first visit. */
  async visit(): Promise<Visit> {
    const context = await this.#browser.newContext({ acceptDownloads: true, locale: "en-GB" });
    context.setDefaultTimeout(10_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (line) => {
      if (line.type() === "error" || line.type() === "warning") complaints.push(line.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(this.url) && !/^(blob|data):/.test(request.url())) complaints.push(request.url());
    });
    await page.goto(this.url);
    await page.locator("body[data-ready]").waitFor();
    return { page, context, complaints };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.kill();
  }
}

/** A pool's row in the dashboard: type, remaining, assigned, share. */
async function poolRow(page: Page, handle: string): Promise<string[]> {
  return page.locator(`[data-handle="${handle}"] td:is(.kind, .number, .share)`).allInnerTexts();
}

/** Waits until a pool's row shows this, from its `first` cell on: rows follow what is stored. */
export async function poolShows(page: Page, handle: string, cells: string[], first = 0): Promise<void> {
  let shown: string[] = [];
  for (let looks = 0; looks < 200; looks += 1) {
    shown = (await poolRow(page, handle)).slice(first, first + cells.length);
    if (isDeepStrictEqual(shown, cells)) return;
    await page.waitForTimeout(50);
  }
  assert.deepEqual(shown, cells);
}

export async function makePool(
  page: Page,
  name: string,
  options: { onEmpty?: string; fallback?: string; lowStock?: string } = {},
) {
  await page.getByRole("button", { name: "New pool" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  if (options.onEmpty !== undefined) await dialog.getByLabel("When no code is left").selectOption(options.onEmpty);
  if (options.fallback !== undefined) await dialog.getByLabel("Fallback code").fill(options.fallback);
  if (options.lowStock !== undefined) await dialog.getByLabel("Warn me at").fill(options.lowStock);
  await dialog.getByRole("button", { name: "Create pool" }).click();
  await dialog.waitFor({ state: "hidden" });
}

/** Uploads a text as a file, from the opened dialog's picker, looks at it, stores it, and closes the dialog. */
export async function uploadText(page: Page, pool: string, text: string) {
  await page.getByRole("button", { name: `Upload codes into ${pool}` }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .locator("input[type=file]")
    .setInputFiles({ name: "codes.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await dialog.getByRole("button", { name: /^Add [\d,]+ codes?$/ }).click();
  await dialog.getByRole("heading", { name: "codes.csv: stored" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
}

/** Makes the mails of a message; gives what the list says: contact, state and codes of each. */
export async function send(page: Page, message: string, contacts: string[]) {
  await page.getByLabel("Message", { exact: true }).fill(message);
  await page.getByLabel("Contacts, one a line").fill(contacts.join("\n"));
  await page.getByRole("button", { name: "Make the mails" }).click();
  await page
    .locator("#sent-summary")
    .filter({ hasText: /new mail|same as|not made/ })
    .waitFor();
  return page.locator("#sent li").evaluateAll((items) =>
    items.map((item) => ({
      contact: item.querySelector(".contact")?.textContent ?? "",
      state: item.querySelector(".pill")?.textContent ?? "",
      codes: [...item.querySelectorAll(".codes code")].map((code) => code.textContent ?? ""),
    })),
  );
}
