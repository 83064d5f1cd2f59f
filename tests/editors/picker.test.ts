/** The settings of a coupon block: the pool picker with its stock and warnings, in both languages, in a real browser. */

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { Stand } from "./stand.js";

let stand: Stand;
before(async () => {
  stand = await Stand.open();
  await stand.bench.pools.create({ handle: "plenty", name: "Plenty", kind: "static" });
  await stand.bench.pools.upload("plenty", "code\nP-1\nP-2\nP-3\nP-4\nP-5\nP-6\nP-7\nP-8\n");
  await stand.bench.pools.create({ handle: "old", name: "Old", kind: "static" });
  await stand.bench.pools.archive("old");
});
after(() => stand?.close());
beforeEach(() => {
  stand.complaints.length = 0;
  stand.calls.length = 0;
});

const picker = () => stand.page.locator(".coupon-pools-picker");
const notes = () => picker().locator(".coupon-pools-note > div");
const options = () => picker().locator("option").allTextContents();

/** Opens an editor with one block in it, selected, and its settings shown. */
async function select(type: string, settings: object, plugin: object = {}) {
  await stand.page.evaluate((plugin) => window.openEditor("plain", plugin as never), plugin);
  await stand.page.evaluate(
    ([type, settings]) => {
      const { editor } = window;
      const [block] = editor.addComponents({ type, ...settings });
      editor.select(block);
      editor.runCommand("core:open-traits");
    },
    [type, settings] as const,
  );
  await picker().waitFor();
}

/** Waits until the notes are these. */
async function says(...texts: string[]) {
  await stand.page
    .waitForFunction(
      (texts) => {
        const lines = [...document.querySelectorAll(".coupon-pools-note > div")].map((line) => line.textContent);
        return JSON.stringify(lines) === JSON.stringify(texts);
      },
      texts,
      { timeout: 10_000 },
    )
    .catch(async () => assert.deepEqual(await notes().allTextContents(), texts));
}

const chosen = () => stand.page.evaluate(() => window.editor.getSelected()?.get("pool"));

describe("the pool picker", () => {
  it("lists pools with their stock, and what is chosen goes into the mail", async () => {
    await select("coupon", {});
    await stand.page.waitForFunction(() => document.querySelectorAll(".coupon-pools-picker option").length > 1);
    assert.deepEqual(await options(), [
      "Choose a pool",
      "Gone (0 codes left)",
      "Plenty (8 codes left)",
      "Spring sale (5 codes left)",
      "Welcome & <more> (Never runs out)",
    ]);
    await picker().getByRole("combobox").selectOption("spring-sale");
    assert.equal(await chosen(), "spring-sale");
    await says("5 codes left");
    assert.match(await stand.page.evaluate(() => window.editor.getHtml()), /\{% coupon "spring-sale" %\}<\/div>/);
    await stand.page.evaluate(() => void window.editor.UndoManager.undo());
    assert.equal(await chosen(), "");
    assert.equal(await picker().getByRole("combobox").inputValue(), "");
    assert.deepEqual(stand.complaints, []);
  });

  it("warns when the pool is smaller than the audience, for every slot of it in the mail", async () => {
    await select("coupon", { pool: "spring-sale" }, { audience: 8 });
    await says("5 codes left", "⚠ 3 codes too few for 8 contacts: upload more before you send");
    await picker().getByRole("combobox").selectOption("plenty");
    await says("8 codes left", "Enough for 8 contacts");
    await stand.page.evaluate(() => {
      window.editor.addComponents({ type: "coupon-code", pool: "plenty", slot: "second" });
      window.editor.getSelected()?.trigger("change:slot");
    });
    await says("8 codes left", "⚠ 8 codes too few for 8 contacts: upload more before you send");
    await picker().getByRole("combobox").selectOption("welcome");
    await says("Never runs out");
    const asked = stand.calls.filter(([method]) => method === "prepare").map(([, ...args]) => args);
    assert.deepEqual(asked, [
      ["spring-sale", { count: 8 }],
      ["plenty", { count: 8 }],
      ["plenty", { count: 16 }],
    ]);
  });

  it("tells of a pool that is empty, gone or archived, of codes without a date, and of texts that no mail can hold", async () => {
    await select("coupon", { pool: "gone" });
    await says("⚠ 0 codes left");
    await select("coupon", { pool: "never-made" });
    await says("⚠ There is no pool “never-made”");
    assert.equal(await picker().getByRole("combobox").inputValue(), "never-made");
    assert.equal(
      await stand.page.frameLocator(".gjs-frame").getByText("There is no pool “never-made”").count(),
      1,
      "the canvas says so too",
    );
    await select("coupon-expiry", { pool: "plenty" });
    await says("8 codes left", "⚠ These codes do not expire: the date stays empty");
    await select("coupon", { pool: "plenty", fallback: "R&B" });
    await says("⚠ Leave out & < > and mixed quotes: they cannot be written into a mail", "8 codes left");
    assert.doesNotMatch(await stand.page.evaluate(() => window.editor.getHtml()), /fallback|R&/);
  });

  it("asks the host once, again when it is told to, and says when the host does not answer", async () => {
    const lists = () => stand.calls.filter(([method]) => method === "list").length;
    await select("coupon", { pool: "plenty" });
    await says("8 codes left");
    for (let turn = 0; turn < 3; turn++) {
      await stand.page.evaluate(() => void window.editor.select(window.editor.getWrapper()));
      await stand.page.evaluate(() => void window.editor.select(window.editor.getWrapper()?.findType("coupon")[0]));
    }
    assert.equal(lists(), 1);
    await stand.bench.pools.upload("plenty", "code\nP-9\n");
    await stand.page.evaluate(() => void window.editor.runCommand("coupon-pools:refresh"));
    await says("9 codes left");
    assert.equal(lists(), 2);
    stand.away = true;
    await select("coupon", { pool: "plenty" });
    await says("⚠ The pools could not be loaded: The server is away");
    stand.away = false;
  });

  it("opens the host's screen of pools, where the host has one", async () => {
    await select("coupon", { pool: "plenty" });
    assert.equal(await picker().getByRole("button").count(), 0);
    await select("coupon", { pool: "plenty" }, { manage: true });
    await picker().getByRole("button", { name: "Manage pools" }).click();
    assert.deepEqual(await stand.page.evaluate(() => window.managed), ["plenty"]);
  });

  it("speaks German in a German editor, and the host's own words where it gives them", async () => {
    const i18n = { de: { couponPools: { choose: "Topf wählen" } } };
    await select("coupon", {}, { i18n, editor: { i18n: { locale: "de", detectLocale: false } } });
    await stand.page.waitForFunction(() => document.querySelectorAll(".coupon-pools-picker option").length > 1);
    assert.deepEqual((await options()).slice(0, 3), ["Topf wählen", "Gone (Noch 0 Codes)", "Plenty (Noch 9 Codes)"]);
    assert.deepEqual(await stand.page.locator(".gjs-trt-trait .gjs-label").allInnerTexts(), [
      "Gutscheinpool",
      "Platz",
      "Ersatzcode",
      "Ablaufdatum zeigen",
      "Zeile zum Ablauf",
      "Datumsformat",
      "Sprache des Datums",
      "Ohne Code ausblenden",
    ]);
    await stand.page.evaluate(() => window.editor.getSelected()?.set({ pool: "spring-sale", expires: true }));
    await stand.page.frameLocator(".gjs-frame").getByText("Gültig bis 31. Dezember 2026").waitFor();
  });

  it("leaves blocks out, and leaves the host's page alone", async () => {
    const styles = () => stand.page.evaluate(() => document.querySelectorAll("style, link").length);
    await stand.page.evaluate(() => window.openEditor("plain", { bare: true }));
    const before = await styles();
    await select("coupon", { pool: "plenty" }, { blocks: ["coupon-expiry"] });
    assert.equal(await styles(), before);
    const blocks = await stand.page.evaluate(() =>
      window.editor.Blocks.getAll().map((block: { getId(): string }) => block.getId()),
    );
    assert.deepEqual(blocks, ["coupon-expiry"]);
    const failed = await stand.page.evaluate(() =>
      window.openEditor("plain", { host: undefined }).then(
        () => "opened",
        (error: Error) => error.message,
      ),
    );
    assert.match(failed, /needs a host/);
  });
});
