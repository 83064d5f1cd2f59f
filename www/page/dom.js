/** Building the page: elements whose contents are always text, figures and dates as they are shown, files to keep. */

/** The element with this id; a missing one is a mistake in index.html. */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no #${id}`);
  return element;
}

/**
 * Makes an element. Properties are set as properties, `on` takes listeners, names with a dash are attributes.
 * Children are elements or texts; a text never becomes markup.
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name.includes("-") || name === "scope") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Shows a message in a notice, or hides the notice. */
export function notice(element, message) {
  element.textContent = message ?? "";
  element.hidden = message == null;
}

/** Fills a select with pools and keeps what was chosen, where it is still there. */
export function choosePool(select, rows) {
  const chosen = select.value;
  select.replaceChildren(...rows.map(({ handle, name }) => el("option", { value: handle }, name)));
  if (rows.some(({ handle }) => handle === chosen)) select.value = chosen;
}

const figures = new Intl.NumberFormat("en");
export const count = (value) => figures.format(value);

/** “1 code”, “2 codes”. */
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

const moments = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
export const moment = (at) => (at === null ? "–" : moments.format(at));
