// Takes pictures of the page's main screens from www/dist, light and dark, desktop and phone, into www/screenshots, which
// git ignores. With --readme, the README's picture instead: docs/images/page.png.
//
//   node www/build.mjs && node www/screenshot.mjs [--readme]

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const DAYS = 14;
const MAILS_A_DAY = 148;
const FILE = [
  "Code;Valid until;Note",
  "SAMPLE-1000;2027-01-31;first",
  "NEW-1;2027-01-31;",
  "NEW-2;2027-02-30;no such day",
  "NEW-1;;twice",
  ";;nothing",
  "1.5E+9;;a spreadsheet’s",
  ...Array.from({ length: 200 }, (_, index) => `MORE-${1000 + index};2027-03-31;`),
].join("\n");
const LOOKS = {
  "desktop-light": { viewport: { width: 1280, height: 940 }, colorScheme: "light" },
  "desktop-dark": { viewport: { width: 1280, height: 940 }, colorScheme: "dark" },
  "phone-light": { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  "phone-dark": { viewport: { width: 390, height: 844 }, colorScheme: "dark" },
};

const readme = process.argv.includes("--readme");
const folder = fileURLToPath(new URL(readme ? "../docs/images/" : "screenshots/", import.meta.url));
mkdirSync(folder, { recursive: true });
const server = spawn(process.execPath, [fileURLToPath(new URL("serve.mjs", import.meta.url))], {
  env: { ...process.env, PORT: "0" },
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"],
});
try {
  const url = await new Promise((resolve) => {
    server.stdout.on("data", (text) => resolve(String(text).match(/http\S+/)[0]));
  });
  const page = await visit(LOOKS["desktop-light"], url);
  await page.getByText("No pools yet").waitFor();
  if (!readme) await inAllLooks(page, "first-visit");
  await fill(page);
  if (readme) await takeReadme(page);
  else await takeAll(page);
} finally {
  await browser.close();
  server.kill();
}
console.log(folder);

/** Opens the page, with a clock that can be put back. */
async function visit(look, url) {
  const page = await browser.newPage({ ...look, deviceScaleFactor: 1.2, locale: "en-GB", reducedMotion: "reduce" });
  await page.addInitScript(() => {
    const now = Date.now;
    globalThis.daysAgo = 0;
    Date.now = () => now() - globalThis.daysAgo * 86_400_000;
  });
  await page.goto(url);
  await page.locator("body[data-ready]").waitFor();
  return page;
}

/** The example, and two weeks of a mail that goes to some new readers every day and draws no presents. */
async function fill(page) {
  const goBack = (days) =>
    page.evaluate((ago) => {
      globalThis.daysAgo = ago;
    }, days);
  await goBack(DAYS);
  await page.getByRole("button", { name: "Load the example" }).click();
  await page.locator('[data-handle="welcome"]').waitFor();
  const html = await page.locator("#html").inputValue();
  await page.locator("#html").fill('<p>{% coupon "spring-sale" %}</p>');
  for (let day = 0; day < DAYS; day++) {
    await goBack(DAYS - day);
    const readers = Array.from(
      { length: MAILS_A_DAY + ((day * 53) % 97) },
      (_, reader) => `reader-${day}-${reader}@example.com`,
    );
    await send(page, `early-spring-${day}`, readers);
  }
  await goBack(0);
  await page.locator("#html").fill(html);
  const contacts = ["ada", "ben", "chloe", "dario", "elena"].map((name) => `${name}@example.com`);
  await send(page, "spring-mail-1", contacts.slice(0, 2));
  await send(page, "spring-mail-1", contacts);
  await page.locator("#sent button").nth(2).click();
  await page.locator("#html").evaluate((field) => {
    document.activeElement.blur();
    scrollTo(0, 0);
    // The line of the code's tag, a third down.
    const line = field.value.slice(0, field.value.indexOf("{% coupon")).split("\n").length;
    field.scrollTop = field.scrollHeight * (line / field.value.split("\n").length) - field.clientHeight / 3;
  });
  await page.mouse.move(0, 0);
}

async function send(page, message, contacts) {
  await page.locator("#message").fill(message);
  // Typing thousands of lines would take minutes.
  await page.locator("#contacts").evaluate((field, lines) => {
    field.value = lines;
    field.dispatchEvent(new Event("input"));
  }, contacts.join("\n"));
  await page.getByRole("button", { name: "Make the mails" }).click();
  await page
    .locator("#sent-summary")
    .filter({ hasText: /new mail|same as/ })
    .waitFor();
}

async function takeReadme(page) {
  await page.waitForTimeout(600);
  const { y, height } = await page.locator(".bench").boundingBox();
  const clip = { x: 0, y: 0, width: 1280, height: Math.ceil(y + height + 14) };
  await page.screenshot({ path: `${folder}page.png`, clip, fullPage: true });
}

async function takeAll(page) {
  await inAllLooks(page, "list", true);
  await page.getByRole("button", { name: "New pool" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Summer sale");
  await page.getByLabel("Warn me at").fill("soon");
  await page.getByRole("button", { name: "Create pool" }).click();
  await page.getByRole("alert").waitFor();
  await inAllLooks(page, "new-pool");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Upload codes into Spring sale" }).click();
  await inAllLooks(page, "upload");
  const buffer = Buffer.from(FILE);
  await page.getByLabel("Choose a file").setInputFiles({ name: "more-codes.csv", mimeType: "text/csv", buffer });
  await page.getByRole("heading", { name: "more-codes.csv: checked" }).waitFor();
  await inAllLooks(page, "upload-checked");
  await page.getByRole("button", { name: /^Add \d+ codes$/ }).click();
  await page.getByRole("heading", { name: "more-codes.csv: stored" }).waitFor();
  await inAllLooks(page, "upload-stored");
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Spring sale", exact: true }).click();
  await page.getByLabel("Code or contact").fill("ada@example.com");
  await page.getByRole("button", { name: "Find" }).click();
  await page.locator("coupon-pool-holders tbody").waitFor();
  await inAllLooks(page, "pool", true);
  await page.getByRole("button", { name: "Undo the upload of more-codes.csv" }).click();
  await inAllLooks(page, "undo");
}

/** A picture of the screen as it stands, in each look. */
async function inAllLooks(page, name, fullPage = false) {
  for (const [look, { viewport, colorScheme }] of Object.entries(LOOKS)) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(150);
    await page.screenshot({ path: `${folder}${name}-${look}.png`, fullPage });
  }
  await page.setViewportSize(LOOKS["desktop-light"].viewport);
  await page.emulateMedia({ colorScheme: "light" });
}
