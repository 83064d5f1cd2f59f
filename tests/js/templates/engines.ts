/** The engines that may run next, in one shape. They come without types, or with types of their own kind. */

import { createRequire } from "node:module";
import type { NextEngine } from "coupon-pools";
import Handlebars from "handlebars";
import { Liquid } from "liquidjs";

const load = createRequire(import.meta.url);
const nunjucks = load("nunjucks") as { renderString(text: string, scope: object): string };
const mustache = load("mustache") as { render(text: string, scope: object): string };
const ejs = load("ejs") as { render(text: string, scope: object): string };
const liquid = new Liquid();

/** Renders a text with a scope. Jinja and Twig have Nunjucks' delimiters, and stand in Python and PHP. */
export const engines: Record<Exclude<NextEngine, "jinja" | "twig">, (text: string, scope: object) => string> = {
  liquid: (text, scope) => liquid.parseAndRenderSync(text, scope) as string,
  handlebars: (text, scope) => Handlebars.compile(text)(scope),
  mustache: (text, scope) => mustache.render(text, scope),
  nunjucks: (text, scope) => nunjucks.renderString(text, scope),
  ejs: (text, scope) => ejs.render(text, scope),
};

/** A template that asks the engine for `secret` and for `x`, and codes that try to. */
export const dialects: Record<keyof typeof engines, { print: string; attacks: string[] }> = {
  liquid: { print: "{{ x }}", attacks: ["{{ secret }}", "{% assign x = secret %}", "{% raw %}", "{{", "{%", "{"] },
  handlebars: {
    print: "{{x}}",
    attacks: ["{{secret}}", "{{{secret}}}", "{{!--", "{{#if x}}", "\\", "A\\\\", "{{", "{"],
  },
  mustache: { print: "{{x}}", attacks: ["{{secret}}", "{{&secret}}", "{{=<% %>=}}", "{{#secret}}", "{{", "\\"] },
  nunjucks: { print: "{{ x }}", attacks: ["{{ secret }}", "{% set x = secret %}", "{#", "{% raw %}", "{{", "{"] },
  ejs: { print: "<%= x %>", attacks: ["<%= secret %>", "<%- secret %>", "<%%", "%>", "-%>", "<%", "%%>"] },
};
