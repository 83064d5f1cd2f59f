/** The e-mail builder of the site: a mail is built over this browser's pools, looked at, and sent from the other page. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { poolShows, Site, send } from "./page.js";

const CONTACTS = ["ada@example.com", "ben@example.com"];

let site: Site;
before(async () => {
  site = await Site.open();
});
after(() => site?.close());

/** Opens the builder with the example's pools, and gives the canvas. */
async function build(page: Page, query: string) {
  await page.getByRole("button", { name: "Load the example" }).click();
  await page.locator('[data-handle="welcome"]').first().waitFor();
  await page.goto(`${site.url}builder.html${query}`);
  await page.locator("body[data-ready]").waitFor();
  return page.frameLocator(".gjs-frame");
}

for (const [kind, query] of [
  ["HTML", ""],
  ["MJML", "?mjml"],
] as const) {
  test(`a mail built in ${kind} shows samples, and gives every contact a code of their own`, async () => {
    const { page, context, complaints } = await site.visit();
    try {
      const canvas = await build(page, query);
      await canvas.locator(".sample").first().waitFor();
      await canvas.locator("[data-coupon-pools]").first().click();
      assert.equal(await page.locator("#failure").isVisible(), false);

      await page.getByRole("button", { name: "Preview", exact: true }).click();
      const preview = page.frameLocator("#preview");
      await preview.getByText(/^SAM-/).first().waitFor();
      await page.getByRole("button", { name: "Close" }).click();

      await page.getByRole("button", { name: "Use this mail" }).click();
      await page.waitForURL(site.url);
      await page.locator("body[data-ready]").waitFor();
      await poolShows(page, "spring-sale", ["5,000", "0"], 1);
      const mails = await send(page, `built-${kind}`, CONTACTS);
      const codes = mails.map(({ codes: [code] }) => code);
      assert.ok(
        codes.every((code) => /^[A-Z0-9]{3}-[A-Z0-9]{4}-[A-Z0-9]{4}$/.test(code ?? "")),
        codes.join(),
      );
      assert.equal(new Set(codes).size, CONTACTS.length);
      await poolShows(page, "spring-sale", ["4,998", "2"], 1);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  });
}
