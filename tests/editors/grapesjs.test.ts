/** The coupon block in the real GrapesJS, with the presets that mails are made with, in a real browser. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import juice from "juice";
import mjml from "mjml";
import { Stand } from "./stand.js";

const CONTACTS = ["ada@example.com", "ben@example.com", "chloe@example.com"];
const MJML = "<mjml><mj-body><mj-section><mj-column></mj-column></mj-section></mj-body></mjml>";

interface Chosen {
  pool?: string;
  slot?: string;
  fallback?: string;
  expires?: boolean;
  line?: string;
  format?: string;
  locale?: string;
  hide?: boolean;
}

/** What marketers choose, from nearly nothing to everything, with texts that try to be something else. */
const CHOICES: { type: string; chosen: Chosen }[] = [
  { type: "coupon", chosen: {} },
  { type: "coupon", chosen: { pool: "spring-sale", expires: false } },
  { type: "coupon", chosen: { pool: "spring-sale", slot: "second's", fallback: 'HELLO "5"', format: "%-d. %B %Y" } },
  { type: "coupon", chosen: { pool: "spring-sale", line: "Until <b>{date}</b> & not a day longer", locale: "de-AT" } },
  { type: "coupon", chosen: { pool: "gone", hide: true, slot: "a", line: "{date}", format: "short" } },
  { type: "coupon-code", chosen: { pool: "spring-sale", fallback: "HELLO5", locale: "en" } },
  { type: "coupon-code", chosen: { pool: "gone", hide: true } },
  { type: "coupon-expiry", chosen: { pool: "spring-sale", format: "medium", locale: "fr" } },
  { type: "coupon-expiry", chosen: { pool: "gone", format: "long", hide: true } },
];

let stand: Stand;
before(async () => {
  stand = await Stand.open();
});
after(() => stand?.close());

/** Opens an editor, and asks at the end that the browser had nothing to complain about. */
async function inEditor(kind: "plain" | "newsletter" | "mjml", options: object, work: () => Promise<void>) {
  stand.complaints.length = 0;
  await stand.page.evaluate(([kind, options]) => window.openEditor(kind, options as never), [kind, options] as const);
  if (kind === "mjml") await stand.page.evaluate((code) => void window.editor.setComponents(code), MJML);
  await work();
  assert.deepEqual(stand.complaints, []);
}

/** Drops the block of a type, with settings; in MJML into the column. */
function drop(type: string, chosen: Chosen): Promise<void> {
  return stand.page.evaluate(
    ([type, chosen]) => {
      const { editor } = window;
      const content = structuredClone(editor.Blocks.get(type)?.get("content")) as object;
      const target = editor.getWrapper()?.findType("mj-column")[0] ?? editor.getWrapper();
      target?.append(content);
      editor.getWrapper()?.findType(type).at(-1)?.set(chosen);
    },
    [type, chosen] as const,
  );
}

const dropAll = async () => {
  for (const { type, chosen } of CHOICES) await drop(type, chosen);
};

interface Seen extends Chosen {
  type: string;
  style: string[];
  classes: string[];
}

/** Each coupon component: what it is, what was chosen, and how it looks. */
function components(): Promise<Seen[]> {
  const looks = ["font-family", "font-size", "letter-spacing", "text-align", "padding-left", "border-top"];
  return stand.page.evaluate(
    (looks) =>
      ["coupon", "coupon-code", "coupon-expiry"].flatMap((type) =>
        (window.editor.getWrapper()?.findType(type) ?? []).map((component) => {
          const names = ["pool", "slot", "fallback", "expires", "line", "format", "locale", "hide", "tagName"];
          // As it is seen: GrapesJS itself writes short properties out when it reads a style sheet.
          const seen = getComputedStyle(component.getEl() as Element);
          return {
            type,
            ...Object.fromEntries(names.map((name) => [name, component.get(name)])),
            style: looks.map((name) => `${name}: ${seen.getPropertyValue(name)}`),
            classes: component.getClasses(),
          };
        }),
      ),
    looks,
  );
}

const exported = () => stand.page.evaluate(() => `${window.editor.getHtml()}<style>${window.editor.getCss()}</style>`);

/** What every component comes back as. A component whose line or date is not shown keeps no words for them. */
async function assertReturns(before: Seen[], { looks = true } = {}) {
  const shown = (list: Seen[]) =>
    list.map((one) => {
      const { type, expires, line, format, locale, ...rest } = one;
      const dated = rest.pool !== "" && (type === "coupon-expiry" || (type === "coupon" && expires));
      if (!looks) rest.style = [];
      return { ...rest, type, ...(dated ? { expires, format, locale, line: type === "coupon" ? line : null } : {}) };
    });
  assert.deepEqual(shown(await components()), shown(before));
}

/** The text of a mail's body, as a reader sees it. */
const textOf = (html: string) =>
  html
    .replace(/<(style|title)[\s\S]*?<\/\1>|<!--[\s\S]*?-->|<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

describe("the coupon block", () => {
  it("is exported as tags, with nothing of the sample", async () => {
    await inEditor("plain", {}, async () => {
      await drop("coupon", { pool: "spring-sale", fallback: "HELLO5" });
      await stand.page.evaluate(() => window.editor.getWrapper()?.append("<p>Hello</p>"));
      const frame = stand.page.frameLocator(".gjs-frame");
      await frame.locator(".sample").waitFor();
      assert.match((await frame.locator("[data-coupon-pools] > span").first().textContent()) ?? "", /^SAM-/);
      assert.match(
        (await frame.locator("[data-coupon-pools] small:visible").textContent()) ?? "",
        /^Valid until December 31, 2026$/,
      );
      const html = await exported();
      assert.match(
        html,
        /<div data-coupon-pools="block" id="\w+">\{% coupon "spring-sale", fallback: "HELLO5" %\}<br><small style="[^"]*">Valid until \{% coupon_expiry "spring-sale", format: "long", locale: "en" %\}<\/small><\/div>/,
      );
      const everything = html + JSON.stringify(await stand.page.evaluate(() => window.editor.getProjectData()));
      assert.doesNotMatch(everything, /SAM-|Sample/);
      // What editors of text read back from the canvas.
      assert.doesNotMatch(await frame.locator("body").innerHTML(), /SAM-|>Sample/);
    });
  });

  it("comes back from exported HTML and from project data as it was", async () => {
    await inEditor("plain", {}, async () => {
      await dropAll();
      const [first, html] = [await components(), await exported()];
      assert.equal(first.length, CHOICES.length);
      await stand.page.evaluate((html) => {
        window.editor.Css.clear();
        window.editor.setComponents(html);
      }, html);
      await assertReturns(first);
      assert.equal(bodyOf(await exported()), bodyOf(html));
      const [again, second] = [await components(), await exported()];
      await stand.page.evaluate(() => {
        const data = JSON.parse(JSON.stringify(window.editor.getProjectData()));
        window.editor.setComponents("");
        window.editor.loadProjectData(data);
      });
      assert.deepEqual(await components(), again);
      assert.equal(await exported(), second);
    });
  });

  it("survives the inlining of styles, by the newsletter preset and by juice, and comes back", async () => {
    await inEditor("newsletter", {}, async () => {
      await dropAll();
      const first = await components();
      const byPreset: string = await stand.page.evaluate(() => window.editor.runCommand("gjs-get-inlined-html"));
      const byJuice = juice(juice(await exported()));
      for (const inlined of [byPreset, byJuice]) {
        assert.match(inlined, /border: 2px dashed/);
        await stand.page.evaluate((html) => {
          window.editor.Css.clear();
          window.editor.setComponents(html);
        }, inlined);
        await assertReturns(first);
        assert.equal(tagsOf(await exported()).join(), tagsOf(byPreset).join());
      }
    });
  });

  it("survives MJML, by the editor's compiler and by mjml itself, and comes back", async () => {
    await inEditor("mjml", {}, async () => {
      await dropAll();
      const [first, code] = [
        await components(),
        await stand.page.evaluate(() => window.editor.runCommand("mjml-code")),
      ];
      assert.equal(first.length, CHOICES.length);
      const compiled = await stand.page.evaluate(() => window.editor.runCommand("mjml-code-to-html"));
      assert.deepEqual(compiled.errors, []);
      const { html, errors } = await mjml(code, { validationLevel: "strict" });
      assert.deepEqual(errors, []);
      for (const made of [compiled.html, html]) assert.deepEqual(tagsOf(made), tagsOf(code));
      await stand.page.evaluate((code) => void window.editor.setComponents(code), code);
      await assertReturns(first);
      assert.equal(await stand.page.evaluate(() => window.editor.runCommand("mjml-code")), code);
    });
  });

  it("gives every contact a code of their own, and leaves nothing where there is none", async () => {
    const { bench } = stand;
    for (const kind of ["newsletter", "mjml"] as const) {
      await inEditor(kind, {}, async () => {
        await drop("coupon", { pool: "spring-sale" });
        await drop("coupon", { pool: "gone", hide: true });
        await stand.page.evaluate(() =>
          window.editor.getWrapper()?.findType("coupon")[1]?.setStyle({ border: "9px solid red" }),
        );
        const command = kind === "mjml" ? "mjml-code-to-html" : "gjs-get-inlined-html";
        const given = await stand.page.evaluate((command) => window.editor.runCommand(command), command);
        const template: string = given.html ?? given;
        assert.match(template, /9px solid red/);
        const seen = new Set<string>();
        for (const contact of CONTACTS) {
          const { output, draws } = await bench.pools.render(template, { message: "one", contact });
          assert.equal(draws.length, 1);
          assert.match(textOf(output), new RegExp(`^${draws[0]?.code} Valid until December 31, 2026$`));
          assert.doesNotMatch(output, /9px solid red|\{%/);
          seen.add(draws[0]?.code ?? "");
        }
        assert.equal(seen.size, CONTACTS.length);
      });
    }
  });

  it("stays what it is while the text around it is edited", async () => {
    await inEditor("plain", {}, async () => {
      await stand.page.evaluate(() => {
        const code = `<span data-coupon-pools="code">{% coupon "spring-sale", slot: "b" %}</span>`;
        window.editor.setComponents(`<p>Use ${code} at the till</p>`);
      });
      const first = await components();
      assert.equal(first.length, 1);
      const paragraph = stand.page.frameLocator(".gjs-frame").locator("p");
      await paragraph.dblclick({ position: { x: 4, y: 8 } });
      await stand.page.keyboard.press("Home");
      await stand.page.keyboard.type("Please. ");
      // A click beside it ends the editing.
      await stand.page.mouse.click(400, 500);
      await stand.page.waitForFunction(() => window.editor.getHtml().includes("Please"));
      assert.deepEqual(await components(), first);
      assert.match(
        await exported(),
        /<p[^>]*>Please. Use <span data-coupon-pools="code"[^>]*>\{% coupon "spring-sale", slot: "b" %\}<\/span> at the till<\/p>/,
      );
    });
  });

  it("comes back from what an editor of text reads in the canvas", async () => {
    await inEditor("plain", {}, async () => {
      await dropAll();
      const first = await components();
      const canvas = await stand.page.frameLocator(".gjs-frame").locator("body > [data-gjs-type=wrapper]").innerHTML();
      // Other ids, as in a copy: otherwise the editor finds the components that it has.
      const copy = canvas.replace(/ id="\w+"/g, "");
      await stand.page.evaluate((html) => void window.editor.setComponents(html), copy);
      await assertReturns(first, { looks: false });
    });
  });

  it("takes HTML that somebody edited as it is", async () => {
    await inEditor("plain", {}, async () => {
      const html =
        '<div data-coupon-pools="block">{% coupon "welcome" %} and <b>more</b></div><div data-coupon-pools="code">{% coupon "welcome" %}!</div>';
      await stand.page.evaluate((html) => void window.editor.setComponents(html), html);
      assert.deepEqual(await components(), []);
      assert.equal(await stand.page.evaluate(() => window.editor.getWrapper()?.getInnerHTML()), html);
      const other = "<div data-coupon-pools=\"block\">{%coupon 'welcome'%}</div>";
      await stand.page.evaluate((html) => void window.editor.setComponents(html), other);
      assert.equal((await components())[0]?.pool, "welcome");
    });
  });

  it("leaves tags in links working, with quotes as editors write them", async () => {
    await inEditor("newsletter", {}, async () => {
      await stand.page.evaluate(() =>
        window.editor.setComponents({
          type: "link",
          attributes: { href: 'https://shop.example/d/{% coupon "welcome", slot: "a" %}?q=1' },
          content: "Shop",
        }),
      );
      const html: string = await stand.page.evaluate(() => window.editor.runCommand("gjs-get-inlined-html"));
      assert.match(html, /coupon &quot;welcome&quot;/);
      const { output } = await stand.bench.pools.render(html, { message: "link", contact: "ada" });
      assert.match(output, /href="https:\/\/shop\.example\/d\/HELLO10\?q=1"/);
    });
  });
});

/** A document without its style sheet. */
const bodyOf = (html: string) => html.replace(/<style>[\s\S]*$/, "");

/** The tags of a text, in order. */
function tagsOf(text: string): string[] {
  return text.match(/\{%[^}]*%\}/g) ?? [];
}
