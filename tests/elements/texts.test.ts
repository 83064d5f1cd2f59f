/** Texts that hosts replace, other languages, and pages from right to left. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { english, type Texts, withTexts } from "../../pkg/src/elements/texts/english.js";
import { german } from "../../pkg/src/elements/texts/german.js";
import { Stand } from "./stand.js";

let stand: Stand;
before(async () => {
  stand = await Stand.open();
});
after(() => stand?.close());

/** Every text of a table by its path; functions as what they make of samples. */
function flat(value: unknown, path = ""): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, text] of Object.entries(value as object)) {
    const here = path === "" ? name : `${path}.${name}`;
    if (typeof text === "string") texts.set(here, text);
    else if (typeof text === "function") texts.set(here, sampled(text));
    else for (const [deeper, found] of flat(text, here)) texts.set(deeper, found);
  }
  return texts;
}

/** Texts take names or counts: a sample that is both. */
function sampled(text: (...values: unknown[]) => string): string {
  const sample = (at: number) => Object.assign(Object(`‹${at}›`), { value: 2 + at, text: `‹${at}›` });
  return text(sample(0), sample(1), sample(2));
}

describe("texts", () => {
  it("are all there in German, and none was left in English", () => {
    const [ours, theirs] = [flat(english), flat(german)];
    const optional = /^(errors|upload\.advice|form\.refused)\./;
    assert.deepEqual(
      [...ours.keys()].filter((path) => !theirs.has(path) && !optional.test(path)),
      [],
    );
    // Names that both languages have in common.
    const same = new Set([
      "Name",
      "Code",
      "Codes",
      "Export",
      "Uploads",
      "Shop",
      "–",
      "Pools",
      "UTC",
      "Fallback",
      "‹0› × ‹1›",
      "‹1›: ‹0›",
    ]);
    assert.deepEqual(
      [...ours].filter(([path, text]) => theirs.get(path) === text && !same.has(text)).map(([path]) => path),
      [],
    );
  });

  it("are replaced one by one, and the others stay", () => {
    const some = withTexts(english, { list: { newPool: "Add an offer" }, language: "fr" });
    assert.deepEqual([some.list.newPool, some.list.upload, some.language], ["Add an offer", "Upload", "fr"]);
    const other: Texts = withTexts(german, undefined);
    assert.equal(other, german);
  });

  it("stand on the screen as the host says them, and codes of errors find theirs", async () => {
    const own = await stand.visit("plain?texts=own");
    await own.page.getByRole("button", { name: "Add an offer" }).waitFor();
    await own.context.close();

    const { page, context } = await stand.visit("plain?texts=german", { locale: "de-DE" });
    await page
      .locator('[data-handle="spring-sale"]')
      .getByText(/4\.\d{3}/)
      .waitFor();
    await page
      .locator('[data-handle="early-bird"]')
      .getByText(/Reicht in diesem Tempo bis \d\d\.\d\d\.\d{4}/)
      .waitFor();
    await page.getByRole("button", { name: "Neuer Pool" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Spring sale");
    await page.getByRole("button", { name: "Pool anlegen" }).click();
    await page.getByRole("alert").getByText("Einen Pool mit diesem Kürzel gibt es schon.").waitFor();
    await context.close();
  });
});

describe("a page from right to left", () => {
  it("is laid out the other way round, charts and arrows too", async () => {
    const { page, context } = await stand.visit("plain?dir=rtl");
    const at = async (name: string) =>
      (await page.getByRole("button", { name, exact: true }).boundingBox())?.x ?? Number.NaN;
    assert.ok((await at("New pool")) < (await at("Spring sale")));
    const [bar, fill] = await Promise.all(
      [".bar", ".bar > span"].map((part) => page.locator(`[data-handle="early-bird"] ${part}`).boundingBox()),
    );
    assert.ok(bar && fill);
    assert.ok(Math.abs(bar.x + bar.width - (fill.x + fill.width)) < 1, "the bar fills from the right");
    const flipped = (part: string) =>
      page
        .locator(part)
        .first()
        .evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).a === -1);
    assert.ok(await flipped(".chart"), "the newest day stands on the left");
    await page.getByRole("button", { name: "Spring sale", exact: true }).click();
    assert.ok(await flipped(".arrow-back"), "the way back points to the right");
    await context.close();
  });
});
