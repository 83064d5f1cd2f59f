/** The page as a person uses it, in a real browser over IndexedDB. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { makePool, poolShows, Site, send, uploadText, type Visit } from "./page.js";

let site: Site;
before(async () => {
  site = await Site.open();
});
after(() => site?.close());

/** Runs a visit and asks that the browser had nothing to complain about. */
function visit(title: string, work: (visit: Visit) => Promise<void>) {
  test(title, async () => {
    const one = await site.visit();
    try {
      await work(one);
      assert.deepEqual(one.complaints, []);
    } finally {
      await one.context.close();
    }
  });
}

const ASSETS = fileURLToPath(new URL("../../www/dist/assets/", import.meta.url));
const TEMPLATE = '<p class="code">{% coupon "spring-sale" %}</p>';
const CONTACTS = ["ada@example.com", "ben@example.com", "chloe@example.com"];

/** Looks for a code or a contact on a pool's page. */
async function find(page: Page, text: string): Promise<void> {
  await page.getByLabel("Code or contact").fill(text);
  await page.getByRole("button", { name: "Find", exact: true }).click();
}

visit("from a new pool to mails, over a reload, and back by an undo", async ({ page }) => {
  await page.getByText("No pools yet").waitFor();
  await makePool(page, "Spring sale", { lowStock: "10%, 100" });
  await poolShows(page, "spring-sale", ["Static", "0", "0", "–"]);

  await page.getByRole("button", { name: "Upload codes into Spring sale" }).click();
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Use the sample file" }).click();
  await dialog.getByText("spring-sale.csv: checked, nothing stored").waitFor();
  await poolShows(page, "spring-sale", ["0"], 1);
  await dialog.getByRole("button", { name: "Add 5,000 codes" }).click();
  await dialog.getByText("spring-sale.csv: stored").waitFor();
  assert.deepEqual(await dialog.locator(".figures > div").allTextContents(), [
    "rows5,028",
    "added5,000",
    "twice in the file18",
    "already in the pool0",
    "rejected10",
  ]);
  await dialog.locator(".refused tbody tr").first().filter({ hasText: "381no code" }).waitFor();
  const kept = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download all rejected rows" }).click();
  assert.equal((await readFile(await (await kept).path(), "utf8")).split("\r\n").length, 1 + 10 + 1);
  await page.keyboard.press("Escape");
  await poolShows(page, "spring-sale", ["Static", "5,000", "0", "100%"]);

  await page.getByLabel("Subject").fill("Your code");
  await page.getByLabel("HTML").fill(TEMPLATE);
  const mail = page.frameLocator("#preview").locator(".code");
  await mail.filter({ hasText: /^[A-Z0-9]{3}-[A-Z0-9]{4}-[A-Z0-9]{4}$/ }).waitFor();
  await poolShows(page, "spring-sale", ["5,000", "0"], 1);

  const first = await send(page, "spring-1", CONTACTS);
  assert.deepEqual(
    first.map(({ contact, state }) => [contact, state]),
    CONTACTS.map((contact) => [contact, "new"]),
  );
  assert.equal(new Set(first.map(({ codes }) => codes[0])).size, 3);
  await page.getByRole("button", { name: "ben@example.com" }).click();
  await mail.filter({ hasText: first[1]?.codes[0] ?? "?" }).waitFor();

  await page.reload();
  await page.locator("body[data-ready]").waitFor();
  await poolShows(page, "spring-sale", ["Static", "4,997", "3"], 0);
  assert.equal(await page.getByLabel("HTML").inputValue(), TEMPLATE);
  const again = await send(page, "spring-1", CONTACTS);
  assert.deepEqual(
    again,
    first.map((one) => ({ ...one, state: "same as before" })),
  );
  await poolShows(page, "spring-sale", ["3"], 2);
  const next = await send(page, "spring-2", CONTACTS.slice(0, 1));
  assert.equal(next[0]?.state, "new");
  assert.notDeepEqual(next[0]?.codes, first[0]?.codes);

  await page.getByRole("button", { name: "Spring sale", exact: true }).click();
  await find(page, String(first[2]?.codes[0]).toLowerCase());
  await page.locator("coupon-pool-holders tbody").getByText("chloe@example.com").waitFor();
  await find(page, "ada@example.com");
  await page.locator("coupon-pool-holders tbody tr").nth(1).waitFor();

  const exported = page.waitForEvent("download");
  await page.getByRole("button", { name: "Draws", exact: true }).click();
  const csv = await readFile(await (await exported).path(), "utf8");
  for (const { contact, codes } of first) assert.ok(csv.includes(`${codes[0]},${contact},spring-1`), csv);

  await page.getByRole("button", { name: "Undo the upload of spring-sale.csv" }).click();
  await dialog.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("status").getByText("4,996 codes taken back, 4 kept by their contacts").waitFor();
  await page.getByRole("button", { name: "All pools" }).click();
  await poolShows(page, "spring-sale", ["0", "4"], 1);
  assert.equal((await send(page, "spring-1", CONTACTS))[0]?.state, "same as before");
});

visit("an empty pool stops, falls back or is left out, and says so", async ({ page }) => {
  for (const [name, options] of [
    ["Gift", { onEmpty: "omit" }],
    ["Sale", { onEmpty: "stop", lowStock: "2" }],
    ["Vip", { onEmpty: "fallback", fallback: "THANKYOU5" }],
  ] as const) {
    await makePool(page, name, options);
    await uploadText(page, name, `code\n${name}-1\n${name}-2\n${name === "Sale" ? "Sale-3\n" : ""}`);
  }
  await page
    .getByLabel("HTML")
    .fill(
      '<p>{% coupon "sale" %} {% ifcoupon "gift" %}{% coupon "gift" %}{% else %}none{% endifcoupon %} {% coupon "vip" %}',
    );
  const mails = await send(page, "m", [...CONTACTS, "dario@example.com"]);
  assert.deepEqual(
    mails.map(({ state, codes }) => [state, codes]),
    [
      ["new", ["Sale-1", "Gift-1", "Vip-1"]],
      ["new", ["Sale-2", "Gift-2", "Vip-2"]],
      ["new", ["Sale-3"]],
      ["out of codes", []],
    ],
  );
  await page.getByRole("button", { name: "chloe@example.com" }).click();
  await page.frameLocator("#preview").getByText("Sale-3 none THANKYOU5").waitFor();
  await page.locator("#log").getByText("Sale is out of codes").waitFor();
  await page.locator('[data-handle="sale"]').getByText("Out of codes").waitFor();
  // A reload keeps what was told.
  await page.reload();
  await page.locator("#log").getByText("Sale is out of codes").waitFor();
});

visit("hostile contacts, codes and names stay text", async ({ page }) => {
  const hostile = '<img src=x onerror="window.hacked=1">';
  await makePool(page, "Spring sale");
  await page.getByRole("button", { name: "Edit Spring sale" }).click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill(hostile);
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  const name = page.locator('[data-handle="spring-sale"] [data-action="open"]');
  await name.filter({ hasText: hostile }).waitFor();
  const codes = [hostile.replaceAll('"', "'"), "{% coupon 'vip' %}", "=HYPERLINK(1)", "javascript:alert(1)"];
  await uploadText(page, hostile, `code\n${codes.join("\n")}\n`);

  await page.getByLabel("Subject").fill('{% coupon "spring-sale" %}');
  await page.getByLabel("HTML").fill(`<p class="code">{% coupon "spring-sale" %}</p>`);
  const contacts = [hostile, '{% coupon "x" %}', "'; DROP TABLE codes; --", "ada@example.com"];
  const mails = await send(page, "<b>message</b>", contacts);
  assert.deepEqual(
    mails,
    contacts.map((contact, index) => ({ contact, state: "new", codes: [codes[index] ?? ""] })),
  );
  for (const [index, code] of codes.entries()) {
    await page.locator("#sent button").nth(index).click();
    await page.frameLocator("#preview").locator(".code").getByText(code, { exact: true }).waitFor();
    assert.equal(await page.locator("#preview-subject").textContent(), code);
  }
  await name.click();
  await find(page, hostile);
  await page.locator("coupon-pool-holders tbody").getByText(hostile, { exact: true }).first().waitFor();
  assert.equal(await page.locator("main img, main b").count(), 0);
  assert.equal(await page.evaluate(() => "hacked" in window), false);

  // Nothing in a spreadsheet either.
  const exported = page.waitForEvent("download");
  await page.getByRole("button", { name: "Draws", exact: true }).click();
  const csv = await readFile(await (await exported).path(), "utf8");
  assert.match(csv, /^'=HYPERLINK/m);
});

visit("mistakes in a template and in a form are named where they are", async ({ page }) => {
  await page.getByLabel("HTML").fill('<p>\n{% coupon "nowhere" %}</p>');
  await page.locator("#warnings").getByText('there is no pool "nowhere"').waitFor();
  await page.getByRole("button", { name: "html, line 2, column 1" }).click();
  assert.equal(
    await page.getByLabel("HTML").evaluate((field) => (field as HTMLTextAreaElement).selectionStart),
    "<p>\n".length,
  );
  await page.getByLabel("HTML").fill("<style>{% coupon 'nowhere' %}</style>");
  await page.locator("#warnings .error").getByText("inside <style>").waitFor();

  await page.getByRole("button", { name: "New pool" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Été à Paris");
  assert.equal(await dialog.getByLabel("Handle").inputValue(), "ete-a-paris");
  await dialog.getByLabel("Handle").fill("Not a handle");
  await dialog.getByRole("button", { name: "Create pool" }).click();
  await dialog.getByRole("alert").getByText("A handle has 1 to 64").waitFor();
  assert.equal(await dialog.getByLabel("Handle").getAttribute("aria-invalid"), "true");
});

visit("the example fills the page", async ({ page }) => {
  await page.getByRole("button", { name: "Load the example" }).click();
  await page.locator('[data-handle="welcome"]').waitFor();
  await poolShows(page, "welcome", ["Fixed\nWELCOME10"]);
  await page.getByRole("button", { name: "Make the mails" }).click();
  await page.locator("#sent-summary").getByText("5 new mails").waitFor();
  await poolShows(page, "free-gift", ["0", "3"], 1);
  await page.locator("#sent button").first().click();
  await page.frameLocator("#preview").getByText("valid until").waitFor();
});

visit("an archived pool is listed apart, and starting over leaves nothing", async ({ page }) => {
  await makePool(page, "Old sale");
  await makePool(page, "New sale");
  await page.getByRole("button", { name: "Old sale", exact: true }).click();
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await page.getByRole("button", { name: "Restore" }).waitFor();
  await page.getByRole("button", { name: "All pools" }).click();
  await page.locator('[data-handle="new-sale"]').waitFor();
  assert.equal(await page.locator('[data-handle="old-sale"]').count(), 0);
  await page.getByLabel("State").selectOption("Archived");
  await page.getByRole("button", { name: "Old sale", exact: true }).click();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByRole("button", { name: "Upload codes" }).waitFor();
  await page.getByRole("button", { name: "All pools" }).click();
  await page.getByLabel("State").selectOption("All active");
  await page.getByRole("button", { name: "Upload codes into Old sale" }).waitFor();

  page.on("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByText("No pools yet").waitFor();
});

test("the server gives out the page's folder and nothing else", async () => {
  const get = (path: string, method = "GET") =>
    new Promise<{ status: number | undefined; type: string | undefined }>((resolve, reject) => {
      // Unlike fetch, this sends the path as it is.
      httpRequest(new URL(site.url).origin, { path, method }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, type: response.headers["content-type"] });
      })
        .on("error", reject)
        .end();
    });
  assert.equal((await get("/")).type, "text/html; charset=utf-8");
  const core = readdirSync(ASSETS).find((file) => /^core-.*\.wasm$/.test(file));
  assert.equal((await get(`/assets/${core}`)).type, "application/wasm");
  for (const path of [
    "/../serve.mjs",
    "/%2e%2e/serve.mjs",
    "/..%2fserve.mjs",
    "/assets/..%5c..%5cserve.mjs",
    "/%00",
    "/%",
  ])
    assert.equal((await get(path)).status, 404, path);
  assert.equal((await get("/assets")).status, 404);
  assert.equal((await get("/", "POST")).status, 405);
});
