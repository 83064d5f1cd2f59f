// Takes the README's picture of the page: docs/images/page.png, from www/dist, with the example and some weeks of use.
//
//   node www/build.mjs && node www/screenshot.mjs

import { spawn } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const DAYS = 14;
const MAILS_A_DAY = 148;
const picture = process.argv[2] ?? fileURLToPath(new URL("../docs/images/page.png", import.meta.url));
const dark = process.argv.includes("--dark");

mkdirSync(new URL("../docs/images/", import.meta.url), { recursive: true });
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
  const page = await browser.newPage({
    viewport: { width: 1280, height: 940 },
    colorScheme: dark ? "dark" : "light",
    deviceScaleFactor: 1.2,
  });
  await page.addInitScript(() => {
    const now = Date.now;
    globalThis.daysAgo = 0;
    Date.now = () => now() - globalThis.daysAgo * 86_400_000;
  });
  const goBack = (days) =>
    page.evaluate((ago) => {
      globalThis.daysAgo = ago;
    }, days);
  await page.goto(url);
  await page.getByRole("button", { name: "Load the example" }).click();
  await page.locator('[data-handle="welcome"]').waitFor();
  const send = async (message, contacts) => {
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
  };
  // Two weeks of a mail that goes to some new readers every day, and draws no presents.
  const html = await page.locator("#html").inputValue();
  await page.locator("#html").fill('<p>{% coupon "spring-sale" %}</p>');
  for (let day = 0; day < DAYS; day++) {
    await goBack(DAYS - day);
    const readers = Array.from({ length: MAILS_A_DAY + day * 7 }, (_, reader) => `reader-${day}-${reader}@example.com`);
    await send(`early-spring-${day}`, readers);
  }
  await goBack(0);
  await page.locator("#html").fill(html);
  const contacts = ["ada", "ben", "chloe", "dario", "elena"].map((name) => `${name}@example.com`);
  await send("spring-mail-1", contacts.slice(0, 2));
  await send("spring-mail-1", contacts);
  await page.locator("#sent button").nth(2).click();
  await page.locator("#html").evaluate((field) => {
    document.activeElement.blur();
    scrollTo(0, 0);
    // The line of the code's tag, a third down.
    const line = field.value.slice(0, field.value.indexOf("{% coupon")).split("\n").length;
    field.scrollTop = field.scrollHeight * (line / field.value.split("\n").length) - field.clientHeight / 3;
  });
  await page.mouse.move(0, 0);
  await page.waitForTimeout(600);
  const { y, height } = await page.locator(".bench").boundingBox();
  await page.screenshot({
    path: picture,
    clip: { x: 0, y: 0, width: 1280, height: Math.ceil(y + height + 14) },
    fullPage: true,
  });
} finally {
  await browser.close();
  server.kill();
}
console.log(`${picture}: ${Math.round(statSync(picture).size / 1000)} kB`);
