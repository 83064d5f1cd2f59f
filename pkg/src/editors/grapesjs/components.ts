/** The component types: a coupon block, a code and an expiry date within text. They differ in their kind only. */

import type { ComponentDefinitionDefined, Editor } from "grapesjs";
import {
  codeOf,
  conditionOf,
  contentOf,
  dateOf,
  EMPTY,
  type Kind,
  lineAround,
  MARK,
  readElement,
  type Settings,
  SMALL,
} from "./content.js";
import type { Shelf } from "./shelf.js";
import { traitsOf } from "./traits.js";
import type { Words } from "./words.js";

/** Told to the editor when something about pools became known. */
export const NEWS = "coupon-pools:news";

/** The component type of each kind. */
export const TYPES: Readonly<Record<Kind, string>> = {
  block: "coupon",
  code: "coupon-code",
  expiry: "coupon-expiry",
};

/** What a component must know of GrapesJS' model: its types are open there. */
export interface HasSettings {
  get(name: string): unknown;
}

/** Reads a component's settings. */
export function settingsOf(component: HasSettings): Settings {
  const settings = { ...EMPTY };
  for (const name of Object.keys(EMPTY) as (keyof Settings)[]) {
    const value = component.get(name);
    if (typeof EMPTY[name] === "boolean") Object.assign(settings, { [name]: value === true });
    else if (typeof value === "string" || typeof value === "number") Object.assign(settings, { [name]: String(value) });
  }
  return settings;
}

/** The elements of a canvas that carry samples already. */
const samples = new WeakMap<Element, ShadowRoot>();

export function addComponents(editor: Editor, shelf: Shelf, words: Words, locale: () => string): void {
  for (const kind of Object.keys(TYPES) as Kind[]) addComponent(editor, kind, shelf, words, locale);
  // A line of text with a code in it stays a line of text that can be typed in.
  const parser = editor.Parser.getConfig();
  parser.textTypes = [...(parser.textTypes ?? []), TYPES.code, TYPES.expiry];
}

function addComponent(editor: Editor, kind: Kind, shelf: Shelf, words: Words, locale: () => string): void {
  const { model } = editor.Components.getType("default");
  const changes = Object.keys(EMPTY)
    .map((name) => `change:${name}`)
    .join(" ");
  const traits = (component: HasSettings) => traitsOf(kind, settingsOf(component), words);
  const inText = kind !== "block";
  editor.Components.addType(TYPES[kind], {
    isComponent: (element) => definitionOf(element, kind),
    model: {
      defaults: {
        ...EMPTY,
        tagName: inText ? "span" : "div",
        name: TYPES[kind],
        attributes: { [MARK]: kind },
        droppable: false,
        editable: false,
        textable: inText,
        expires: false,
        locale: "",
        line: "",
        // As a function, which the types do not know: so that labels follow the editor's language.
        traits: traits as never,
      },

      init() {
        // A text that was edited comes back from the canvas with its type and its inside.
        const inside = this.components();
        if (inside.length > 0) {
          const element = document.createElement(inText ? "span" : "div");
          element.setAttribute(MARK, kind);
          element.innerHTML = inside.map((child: { toHTML(): string }) => child.toHTML()).join("");
          inside.reset();
          this.set(readElement(element)?.settings ?? {});
        }
        const carried = this.get("carried") as Carried | undefined;
        if (carried !== undefined) {
          this.unset("carried");
          this.setClass(carried.classes);
          this.setAttributes(carried.attributes);
          // An empty style would empty the rule of a style sheet.
          if (carried.style !== "") this.setStyle(this.parseStyle(carried.style));
        }
        if (this.get("locale") === "") this.set("locale", locale());
        if (this.get("line") === "") this.set("line", words("validUntil"));
      },

      getInnerHTML() {
        return contentOf(kind, settingsOf(this));
      },

      // Hidden means gone: with its padding, its border and its colours. So the condition stands around the element
      // that carries them, in another one that carries nothing.
      toHTML(options: object = {}) {
        const settings = settingsOf(this);
        const html = (): string => model.prototype.toHTML.call(this, options);
        if (!settings.hide || settings.pool === "") return html();
        const [start, end] = conditionOf(settings);
        const tag = this.get("tagName");
        return `<${tag} ${MARK}="${kind}">${start}${html()}${end}</${tag}>`;
      },

      getAttrToHTML(options: object) {
        const attributes = model.prototype.getAttrToHTML.call(this, options);
        const settings = settingsOf(this);
        if (settings.hide && settings.pool !== "") delete attributes[MARK];
        return attributes;
      },
    },
    view: {
      init() {
        this.listenTo(this.model, changes, this.renderChildren);
        this.listenTo(this.em, NEWS, this.renderChildren);
      },

      // The tags stand in the canvas, where text editors read them back; what is seen is a sample in a shadow tree,
      // which no export, no clipboard and no editor of text ever reads.
      renderChildren() {
        const settings = settingsOf(this.model);
        const [start, end] = settings.hide && settings.pool !== "" ? conditionOf(settings) : ["", ""];
        this.el.innerHTML = start + contentOf(kind, settings) + end;
        let shadow = samples.get(this.el);
        if (shadow === undefined) {
          shadow = (this.el as HTMLElement).attachShadow({ mode: "open" });
          samples.set(this.el, shadow);
        }
        shadow.replaceChildren(...sampleOf(kind, settings, shelf, words, this.el.ownerDocument));
      },
    },
  });
}

/** A parsed element as a component; `undefined` if it is not of this kind, or was changed beyond recognition. */
function definitionOf(element: HTMLElement, kind: Kind): ComponentDefinitionDefined | undefined {
  if (element.getAttribute?.(MARK) !== kind) return undefined;
  const found = readElement(element);
  if (found === null) return undefined;
  const definition: ComponentDefinitionDefined = { type: TYPES[kind], ...found.settings, components: [] };
  if (found.carrier !== element) definition.carried = carriedBy(found.carrier, kind);
  return definition;
}

/** What the element inside of a condition carries. The parser takes attributes from the one outside, after us. */
interface Carried {
  classes: string[];
  style: string;
  attributes: Record<string, string>;
}

function carriedBy(element: Element, kind: Kind): Carried {
  const carried: Carried = { classes: [], style: "", attributes: { [MARK]: kind } };
  for (const { name, value } of element.attributes) {
    if (name === "class") carried.classes = value.split(/\s+/).filter((part) => part !== "");
    else if (name === "style") carried.style = value;
    else carried.attributes[name] = value;
  }
  return carried;
}

/** What the canvas shows: a sample in the pool's shape, and that it is one. */
function sampleOf(kind: Kind, settings: Settings, shelf: Shelf, words: Words, document: Document): Node[] {
  const note = (text: string) => {
    const element = document.createElement("em");
    element.style.cssText = "font:italic 13px sans-serif;letter-spacing:normal;opacity:.75";
    element.textContent = text;
    return [element];
  };
  if (settings.pool === "") return note(words("noPool"));
  const pool = shelf.pool(settings.pool);
  if (pool === null) return note(words("unknown", { pool: settings.pool }));
  const code = shelf.sample(kind === "expiry" ? dateOf(settings) : codeOf(settings));
  const text = document.createElement("span");
  text.textContent = code || "…";
  const nodes: Node[] = [text, markOf(words, document)];
  if (kind === "block" && settings.expires) {
    const line = document.createElement("small");
    line.style.cssText = SMALL;
    // Text in, text out: the words of the line are the marketer's.
    line.textContent = unescaped(lineAround(shelf.sample(dateOf(settings)) || "…", settings));
    nodes.push(document.createElement("br"), line);
  }
  return nodes;
}

/** “Sample”, small and raised. */
function markOf(words: Words, document: Document): HTMLElement {
  const mark = document.createElement("sup");
  mark.className = "sample";
  mark.title = words("sampleHint");
  mark.style.cssText =
    "font:600 9px/1.4 sans-serif;letter-spacing:.04em;text-transform:uppercase;margin-inline-start:.6em;padding:1px 4px;border:1px solid currentColor;border-radius:3px;opacity:.7";
  mark.textContent = words("sample");
  return mark;
}

function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
