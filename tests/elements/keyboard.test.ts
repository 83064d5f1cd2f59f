/** Every flow of the elements, done by somebody who has a keyboard only. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { focused, pick, press, tabTo, type } from "./keys.js";
import { Stand } from "./stand.js";

let stand: Stand;
before(async () => {
  stand = await Stand.open();
});
after(() => stand?.close());

/** Runs a flow on a page, and asks that the browser had nothing to complain about. */
function flow(title: string, address: string, work: (page: Page) => Promise<void>) {
  test(title, async () => {
    const { page, context, complaints } = await stand.visit(address);
    // Listening from the beginning: a chooser that opens while nobody is told of it stays open.
    page.on("filechooser", () => undefined);
    try {
      await work(page);
      // A refused form is an answer of its own over HTTP, which browsers write down.
      const told = address.includes("served") ? /the server responded with a status of 400/ : /^$/;
      assert.deepEqual(
        complaints.filter((complaint) => !told.test(complaint)),
        [],
      );
    } finally {
      await context.close();
    }
  });
}

const cells = (page: Page, handle: string) =>
  page.locator(`[data-handle="${handle}"] td:is(.kind, .number, .share)`).allInnerTexts();

/** The same, with the pools in the page and behind a server. */
function flowBothWays(title: string, here: string, served: string, work: (page: Page) => Promise<void>) {
  flow(title, here, work);
  flow(`${title}, over a server`, served, work);
}

flowBothWays(
  "from nothing to a pool with codes, and back by an undo",
  "plain?empty",
  "plain?served=nobody",
  async (page) => {
    await page.getByText("No pools yet").waitFor();
    await press(page, "New pool");
    await page.getByRole("dialog").waitFor();
    assert.equal(await focused(page), "Name");
    await page.keyboard.type("Été à Paris");
    await page.keyboard.press("Tab");
    assert.equal(await page.getByLabel("Handle").inputValue(), "ete-a-paris");
    await type(page, "Warn me at", "nonsense");
    await page.keyboard.press("Enter");
    // What is wrong is said at its field, and the keyboard goes on there.
    await page.getByRole("alert").getByText("Warnings are numbers of codes").waitFor();
    assert.equal(await focused(page), "Warn me at");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("50%");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    // The next thing that a new pool needs is at hand.
    await page.locator('[data-action="upload"]:focus').waitFor();
    await page.keyboard.press("Enter");
    await pick(page, "paris.csv", 'code\nP-1\nP-2\nP-2\n"P\u200b3"\nP-4\n', "goes");
    await page.getByRole("heading", { name: "paris.csv: checked, nothing stored" }).waitFor();
    assert.deepEqual(await cells(page, "ete-a-paris"), ["Static", "0", "0", "–"]);
    const kept = page.waitForEvent("download");
    await press(page, "Download all rejected rows");
    assert.match(await readFile(await (await kept).path(), "utf8"), /invisible-character/);
    await press(page, "Add 3 codes");
    await page.getByRole("heading", { name: "paris.csv: stored" }).waitFor();
    await press(page, "Undo this upload");
    await page.getByRole("status").getByText("3 codes taken back").waitFor();
    await pick(page, "paris.csv", "code\nP-1\nP-2\nP-4\n");
    await press(page, "Add 3 codes");
    await press(page, "Done");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.locator('[data-action="upload"]:focus').waitFor();
    await page.locator('[data-handle="ete-a-paris"]').getByText("100%").waitFor();
    assert.deepEqual(await cells(page, "ete-a-paris"), ["Static", "3", "0", "100%"]);
  },
);

flow("a file that asks is answered, and what was read wrong is put right", "plain", async (page) => {
  await press(page, "Upload codes into Spring sale");
  await pick(page, "unclear.csv", "one two;three four\nabc def ghi;mno pqr stu\n", "goes");
  await page.getByRole("heading", { name: "Which column holds the codes?" }).waitFor();
  await press(page, /three four/);
  await page.locator("tr.code").filter({ hasText: "mno pqr stu" }).waitFor();
  await tabTo(page, "Codes");
  // The first column instead: its name begins with an o.
  await page.keyboard.type("one");
  await page.locator("tr.code").filter({ hasText: "abc def ghi" }).waitFor();
  await press(page, "Another file");
  await pick(page, "dates.csv", "code,expires\nA-1,01/02/2027\n");
  await page.getByRole("heading", { name: "How is a date such as 01/02/2027 written?" }).waitFor();
  await press(page, "month, day, year");
  await page.locator("tr.code").filter({ hasText: "until 2 Jan 2027" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await focused(page), "Upload codes into Spring sale");
});

flow("pools are searched, filtered, sorted and paged", "plain?pools=5000", async (page) => {
  const first = () => page.locator("tbody tr").first().getAttribute("data-handle");
  const shown = (text: string) => page.getByRole("navigation").getByText(text, { exact: true }).waitFor();
  await shown("1–50 of 5,000");
  await press(page, "Next");
  await shown("51–100 of 5,000");
  await press(page, "Previous");
  await type(page, "Search pools", "ete 1111");
  await page.locator('[data-handle="pool-1111"]').waitFor();
  await shown("1–1 of 1");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await tabTo(page, "Type");
  await page.keyboard.type("Dyn");
  await shown("1–50 of 1,250");
  await page.keyboard.press("Home");
  await tabTo(page, "State");
  await page.keyboard.type("Low");
  await page.locator("tbody .badge.low").nth(49).waitFor();
  await page.keyboard.press("Home");
  await press(page, /^Assigned/);
  assert.equal(await page.getByRole("columnheader", { name: "Assigned" }).getAttribute("aria-sort"), "descending");
  const most = await first();
  await page.keyboard.press("Enter");
  assert.equal(await page.getByRole("columnheader", { name: "Assigned" }).getAttribute("aria-sort"), "ascending");
  assert.notEqual(await first(), most);
  await tabTo(page, "Type", "Shift+Tab");
  await page.keyboard.type("Fix");
  await tabTo(page, "Search pools", "Shift+Tab");
  await page.keyboard.type("no such pool");
  await page.getByText("No pool matches").waitFor();
  await press(page, "Clear filters");
  await page.locator("tbody tr").nth(49).waitFor();
  assert.equal(await focused(page), "Search pools");
  assert.equal(await page.getByLabel("Type").inputValue(), "all");
});

flowBothWays(
  "a pool's page: who got what, exports, an undo, a new name, the archive",
  "plain",
  "plain?served=filled",
  async (page) => {
    await press(page, "Spring sale");
    await page.getByRole("heading", { name: "Spring sale" }).waitFor();
    await page.locator("h2:focus").waitFor();
    await type(page, "Code or contact", "ada@example.com");
    await page.keyboard.press("Enter");
    const code = String(await page.locator("coupon-pool-holders tbody code").textContent());
    assert.match(code, /^SPR-\d+$/);
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type(code.toLowerCase());
    await page.keyboard.press("Enter");
    await page.locator("coupon-pool-holders tbody").getByText("ada@example.com").waitFor();
    const exported = page.waitForEvent("download");
    await press(page, "Draws");
    assert.match(await readFile(await (await exported).path(), "utf8"), new RegExp(`${code},ada@example.com`));
    await press(page, "Undo the upload of spring.csv");
    await page.getByRole("dialog").waitFor();
    await press(page, "Cancel");
    await press(page, "Undo the upload of spring.csv");
    await press(page, "Undo");
    await page
      .getByRole("status")
      .getByText(/^[\d,]+ codes taken back, [\d,]+ kept by their contacts$/)
      .waitFor();
    await press(page, "Edit");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("Summer sale");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Summer sale" }).waitFor();
    await page.locator('[data-action="edit"]:focus').waitFor();
    await press(page, "Archive");
    await press(page, "Archive");
    await page.locator(".badge", { hasText: "Archived" }).waitFor();
    await press(page, "Restore");
    await page.getByRole("button", { name: "Upload codes" }).waitFor();
    await press(page, /All pools/);
    await page.locator('[data-handle="spring-sale"] [data-action="open"]:focus').waitFor();
    assert.equal(await focused(page), "Summer sale");
  },
);

flow(
  "the picker: typed, chosen, left alone, and warned of",
  "plain?element=coupon-pool-picker&value=spring-sale&audience=100",
  async (page) => {
    await page
      .getByRole("status")
      .getByText(/^[\d,]+ codes left$/)
      .waitFor();
    await tabTo(page, "Coupon pool");
    await page.keyboard.press("ArrowDown");
    await page.locator('[role="option"][aria-selected="true"].active').filter({ hasText: "Spring sale" }).waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.getByRole("combobox").inputValue(), "Spring sale");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("early");
    await page.getByRole("option", { name: "Early bird" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Only 32 codes left for 100 contacts.").waitFor();
    const { told, entries } = await page.evaluate(() => {
      const form = document.querySelector("form") as HTMLFormElement;
      const picker = document.querySelector("coupon-pool-picker") as HTMLElement;
      picker.setAttribute("name", "pool");
      return { told: (globalThis as unknown as { told: unknown[] }).told, entries: [...new FormData(form)] };
    });
    assert.deepEqual(told, [["change", null]]);
    assert.deepEqual(entries, [["pool", "early-bird"]]);
  },
);

flow("a form of its own makes a dynamic pool", "plain?element=coupon-pool-form", async (page) => {
  assert.equal(await focused(page), "Name");
  await page.keyboard.type("Birthdays");
  await tabTo(page, /^Static/);
  await page.keyboard.press("ArrowDown");
  await type(page, "Discount", "42");
  await type(page, "Codes begin with", "BD-");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => (globalThis as unknown as { told: unknown[] }).told.length > 0);
  const [[event, row]] = (await page.evaluate(() => (globalThis as unknown as { told: unknown[] }).told)) as [
    [string, { handle: string; kind: string; dynamic: { pattern: { prefix: string } } }],
  ];
  assert.deepEqual(
    [event, row.handle, row.kind, row.dynamic.pattern.prefix],
    ["pool-saved", "birthdays", "dynamic", "BD-"],
  );
});
