/** The elements where hosts put them: in a plain page, in React, in Vue. One flow in each, and nothing to complain about. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Stand } from "./stand.js";

const HOSTS = ["react", "vue"];

let stand: Stand;
before(async () => {
  stand = await Stand.open(["plain", ...HOSTS]);
});
after(() => stand?.close());

describe("a plain page", () => {
  it("gives the host as a property, and hears of changes by events", async () => {
    const { page, context, complaints } = await stand.visit("plain");
    await page.getByRole("button", { name: "Edit Welcome" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Hello");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Hello", exact: true }).click();
    await page.getByRole("heading", { name: "Hello" }).waitFor();
    const told = await page.evaluate(() => (globalThis as unknown as { told: [string, object][] }).told);
    assert.deepEqual(
      told.filter(([event]) => event !== "pool-saved"),
      [
        ["pool-changed", { handle: "welcome", what: "edited" }],
        ["pool-opened", { handle: "welcome" }],
      ],
    );
    // A host that routes by itself keeps the dashboard where it is, and opens pools by the property.
    await page.evaluate(() => {
      const dashboard = document.querySelector("coupon-pools-dashboard") as HTMLElement & { pool: string | null };
      dashboard.addEventListener("pool-opened", (event) => event.preventDefault());
      dashboard.pool = "vip";
    });
    await page.getByRole("heading", { name: "VIP thanks" }).waitFor();
    await page.getByRole("button", { name: "All pools" }).click();
    await page.getByRole("heading", { name: "VIP thanks" }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("leaves the page's own styles alone, and takes its colours, by properties and parts", async () => {
    const { page, context } = await stand.visit("plain");
    const looks = await page.evaluate(async () => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(
        "coupon-pools-dashboard { --coupon-pools-accent: rgb(1, 2, 3) } coupon-pools-dashboard::part(card) { border-radius: 33px }",
      );
      const plain = document.createElement("button");
      document.body.append(plain);
      const before = getComputedStyle(plain).cssText;
      document.adoptedStyleSheets.push(sheet);
      const root = document.querySelector("coupon-pools-dashboard")?.shadowRoot;
      const [button, bar, card] = [".primary", ".bar > span", ".card"].map((part) =>
        getComputedStyle(root?.querySelector(part) as Element),
      );
      return {
        own: getComputedStyle(plain).cssText === before && document.querySelectorAll("head style").length === 0,
        button: button?.backgroundColor,
        bar: bar?.backgroundColor,
        corner: card?.borderStartStartRadius,
      };
    });
    assert.deepEqual(looks, { own: true, button: "rgb(1, 2, 3)", bar: "rgb(217, 138, 18)", corner: "33px" });
    await context.close();
  });
});

for (const host of HOSTS)
  describe(host, () => {
    it("gives the elements their pools, hears of changes, and keeps what was picked", async () => {
      const { page, context, complaints } = await stand.visit(host);
      await page.getByRole("button", { name: "Upload codes into VIP thanks" }).click();
      const file = { name: "vip.csv", mimeType: "text/csv", buffer: Buffer.from("code\nVIP-1\nVIP-2\n") };
      await page.getByLabel("Choose a file").setInputFiles(file);
      await page.getByRole("button", { name: "Add 2 codes" }).click();
      await page.getByRole("button", { name: "Done" }).click();
      await page.locator("#changes", { hasText: "vip uploaded" }).waitFor();
      await page.locator('[data-handle="vip"]').getByText("100%").waitFor();
      await page.getByRole("combobox", { name: "Coupon pool" }).fill("vip");
      await page.getByRole("option", { name: "VIP thanks" }).click();
      await page.locator("#chosen", { hasText: /^vip$/ }).waitFor();
      await page.getByRole("status").getByText("2 codes left").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });
  });
