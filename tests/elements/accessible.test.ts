/** Every screen of the elements, judged by axe: light and wide from left to right, dark and narrow from right to left. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { axe, Stand, type Visited } from "./stand.js";

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 360, height: 740 };
const PEOPLE = [
  { name: "a light page", options: { colorScheme: "light", viewport: WIDE }, address: "plain" },
  {
    name: "a dark phone, from right to left",
    options: { colorScheme: "dark", viewport: NARROW },
    address: "plain?dir=rtl",
  },
] as const;

const FILE =
  "Code;Valid until;Note\nSPR-1000;2027-01-31;a\nNEW-1;2027-01-31;b\nNEW-2;2027-02-30;c\nNEW-1;;\n;;x\n1.5E+9;;y\n";

/** Each screen, from the one before it. */
const SCREENS: Record<string, (page: Page) => Promise<void>> = {
  "the list": (page) => page.locator('[data-handle="welcome"]').waitFor(),
  "a new pool": async (page) => {
    await page.getByRole("button", { name: "New pool" }).click();
    await page.getByLabel("Dynamic").check();
    await page.getByRole("button", { name: "Create pool" }).click();
    await page.getByRole("alert").waitFor();
  },
  "a pool to edit": async (page) => {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Edit Spring sale" }).click();
    await page.getByRole("button", { name: "Save" }).waitFor();
  },
  "an upload to begin": async (page) => {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Upload codes into Spring sale" }).click();
    await page.getByText("or drop it here").waitFor();
  },
  "an upload that asks": async (page) => {
    await pick(page, "one two;three four\nabc def ghi;mno pqr stu\n");
    await page.getByRole("heading", { name: "Which column holds the codes?" }).waitFor();
  },
  "an upload that failed": async (page) => {
    await page.getByRole("button", { name: "Another file" }).click();
    await pick(page, "code\n1.5E+9\n");
    await page.getByRole("alert").waitFor();
  },
  "an upload to look at": async (page) => {
    await page.getByRole("button", { name: "Another file" }).click();
    await pick(page, FILE);
    await page.getByRole("heading", { name: "codes.csv: checked" }).waitFor();
  },
  "an upload that was stored": async (page) => {
    await page.getByRole("button", { name: "Add 1 code" }).click();
    await page.getByRole("heading", { name: "codes.csv: stored" }).waitFor();
  },
  "a pool's page": async (page) => {
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("button", { name: "Spring sale", exact: true }).click();
    await page.getByLabel("Code or contact").fill("ada@example.com");
    await page.getByRole("button", { name: "Find" }).click();
    await page.locator("coupon-pool-holders tbody").waitFor();
  },
  "a question": async (page) => {
    await page.getByRole("button", { name: "Undo the upload of spring.csv" }).click();
    await page.getByRole("dialog").waitFor();
  },
  "a dynamic pool's page": async (page) => {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "All pools" }).click();
    await page.getByRole("button", { name: "Birthday", exact: true }).click();
    await page.locator(".alerts li").waitFor();
  },
  "nothing that matches": async (page) => {
    await page.getByRole("button", { name: "All pools" }).click();
    await page.getByLabel("Search pools").fill("no such pool");
    await page.getByText("No pool matches").waitFor();
  },
};

async function pick(page: Page, text: string): Promise<void> {
  await page
    .getByLabel("Choose a file")
    .setInputFiles({ name: "codes.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
}

let stand: Stand;
before(async () => {
  stand = await Stand.open();
});
after(() => stand?.close());

for (const { name, options, address } of PEOPLE)
  describe(name, () => {
    let visited: Visited;
    before(async () => {
      visited = await stand.visit(address, { ...options, reducedMotion: "reduce" });
    });
    after(() => visited?.context.close());

    for (const [screen, open] of Object.entries(SCREENS))
      it(`shows ${screen} to everybody`, async () => {
        await open(visited.page);
        assert.deepEqual(await axe(visited.page), []);
        // Nothing but tables in their own boxes is wider than the page.
        assert.equal(await visited.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
        assert.deepEqual(visited.complaints, []);
      });
  });

describe("the elements by themselves", () => {
  const pages = [
    ["a list without pools", "plain?empty", "light"],
    ["a list of many", "plain?pools=120", "dark"],
    ["a picker", "plain?element=coupon-pool-picker&value=early-bird&audience=500", "light"],
    ["a picker in the dark", "plain?element=coupon-pool-picker&value=early-bird&audience=500", "dark"],
    ["an upload", "plain?element=coupon-pool-upload&pool=spring-sale", "dark"],
  ] as const;
  for (const [name, address, colorScheme] of pages)
    it(`${name} is for everybody`, async () => {
      const { page, context, complaints } = await stand.visit(address, { colorScheme });
      if (address.includes("picker")) {
        await page.getByRole("combobox").click();
        await page.getByRole("option", { name: "Spring sale" }).waitFor();
      }
      assert.deepEqual(await axe(page), []);
      assert.deepEqual(complaints, []);
      await context.close();
    });
});
