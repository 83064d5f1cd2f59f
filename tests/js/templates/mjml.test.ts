/** MJML through and through: compiled first and filled as HTML, or filled as MJML and compiled then. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { TemplateError } from "coupon-pools";
import { parse } from "parse5";
import { Bench, failure } from "../workbench.js";

type Compile = (source: string, options: object) => Promise<{ html: string; errors: { message: string }[] }>;
const loaded = createRequire(import.meta.url)("mjml");
const mjml: Compile = loaded.default ?? loaded;

async function compiled(source: string, options: object = {}): Promise<string> {
  const { html, errors } = await mjml(source, { validationLevel: "strict", ...options });
  assert.deepEqual(errors, []);
  return html;
}

const coupon = `{% coupon 'a' %}`;

/** Every place of MJML that takes a code. */
const source = `<mjml lang="en">
  <mj-head>
    <mj-title>Title ${coupon}</mj-title>
    <mj-preview>Preview ${coupon}</mj-preview>
    <mj-attributes><mj-all font-family="Arial" /><mj-class name="big" font-size="20px" /></mj-attributes>
    <mj-style>.x { color: red }</mj-style>
  </mj-head>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text mj-class="big">Text <b title="bold ${coupon}">${coupon}</b> {% coupon "a" %}</mj-text>
        <mj-text>{% ifcoupon "a" %}branch ${coupon}{% else %}none{% endifcoupon %}</mj-text>
        <mj-button href="https://s.example/button?c=${coupon}" title="button ${coupon}">Button ${coupon}</mj-button>
        <mj-image src="https://s.example/${coupon}/i.png" alt="alt ${coupon}" href="https://s.example/image#${coupon}" />
        <mj-table><tr><td>Cell ${coupon}</td></tr></mj-table>
        <mj-raw><p title="raw ${coupon}">Raw ${coupon}</p><!--[if mso]><p>Outlook ${coupon}</p><![endif]--></mj-raw>
        <mj-raw>{% ifcoupon "none" %}</mj-raw>
        <mj-text>never</mj-text>
        <mj-raw>{% else %}</mj-raw>
        <mj-text>otherwise</mj-text>
        <mj-raw>{% endifcoupon %}</mj-raw>
        <mj-social><mj-social-element name="facebook-noshare" href="https://s.example/social?c=${coupon}">Social ${coupon}</mj-social-element></mj-social>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>`;

/** What a reader sees of a document: texts and attributes in which the code can be, once decoded. */
function seen(html: string): string[] {
  const found: string[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: parse5's tree, looked into as it is.
  const visit = (node: any) => {
    for (const { name, value } of node.attrs ?? []) {
      if (["href", "src"].includes(name)) found.push(`${name} ${decodeURIComponent(value)}`);
      else if (["title", "alt", "aria-label"].includes(name)) found.push(`${name} ${value}`);
    }
    if (node.nodeName === "#text" && node.parentNode.nodeName !== "style")
      found.push(node.value.trim().replace(/\s+/g, " "));
    // Outlook reads what stands in these comments.
    if (node.nodeName === "#comment" && /^\[if mso\]><p>/.test(node.data)) {
      visit(parse(node.data.slice("[if mso]>".length, -"<![endif]".length)));
    }
    for (const child of node.childNodes ?? []) visit(child);
  };
  visit(parse(html));
  return found.filter((text) => text !== "");
}

const wanted = (code: string) => [
  `Title ${code}`,
  `aria-label Title ${code}`,
  `Preview ${code}`,
  `title bold ${code}`,
  code,
  `branch ${code}`,
  `href https://s.example/button?c=${code}`,
  `title button ${code}`,
  `Button ${code}`,
  `href https://s.example/image#${code}`,
  `src https://s.example/${code}/i.png`,
  `alt alt ${code}`,
  `Cell ${code}`,
  `title raw ${code}`,
  `Raw ${code}`,
  `Outlook ${code}`,
  "otherwise",
  `href https://s.example/social?c=${code}`,
  `Social ${code}`,
];

const CODES = ["SPRING-10", `A<&"'>Z`, "a{{x}}%b", "&lt;"];
const OPTIONS = {
  plain: {},
  beautified: { beautify: true },
  minified: { minify: true },
  uncommented: { keepComments: false },
};

describe("MJML", () => {
  for (const [name, options] of Object.entries(OPTIONS)) {
    for (const code of CODES) {
      const open = async () => {
        const bench = Bench.inMemory();
        await bench.pool("a", [], { caseSensitive: true });
        await bench.pool("none", []);
        await bench.pools.upload("a", `code\n"${code.replaceAll('"', '""')}"\n`);
        return bench;
      };
      const check = (html: string) => {
        const found = seen(html);
        for (const text of wanted(code)) assert.ok(found.includes(text), `${text} is not in\n${found.join("\n")}`);
        assert.ok(!found.includes("never"));
        assert.ok(!html.includes("{% "), html);
      };

      it(`compiled first, ${name}, then filled, shows ${code} everywhere`, async () => {
        const { pools } = await open();
        check((await pools.render(await compiled(source, options), { message: "m", contact: "c" })).output);
      });

      it(`filled first, then compiled, ${name}, shows ${code} everywhere`, async () => {
        const { pools } = await open();
        const { output } = await pools.render(source, { message: "m", contact: "c", mode: "mjml" });
        check(await compiled(output, options));
      });
    }
  }

  it("takes no code where an attribute becomes a style", async () => {
    const { pools } = Bench.inMemory();
    for (const bad of [
      `<mj-text color="${coupon}">x</mj-text>`,
      `<mj-text><p style="color:${coupon}">x</p></mj-text>`,
      `<mj-button href="${coupon}">x</mj-button>`,
    ]) {
      const error = await failure(pools.render(bad, { message: "m", contact: "c", mode: "mjml" }), bad);
      assert.equal(error.code, "TEMPLATE_PLACE");
    }
  });

  it("copies a title into an attribute, where a minifier breaks double quotes: that is told, and single ones do", async () => {
    const { pools } = Bench.inMemory();
    const broken = await compiled(source.replace(`Title ${coupon}`, 'Title {% coupon "a" %}'), { minify: true });
    const error = await failure(pools.render(broken, { message: "m", contact: "c" }));
    assert.ok(error instanceof TemplateError);
  });
});
