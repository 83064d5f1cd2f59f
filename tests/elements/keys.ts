/** A person who has a keyboard only: goes from control to control with Tab, and hears what each is called. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";

/** Most stops on the way to a control: a page that needs more has lost its order. */
const MOST_STOPS = 150;

/** What a screen reader would call the control that has the focus. */
export async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (element === null || element === document.body) return "";
    const labels = (element as HTMLInputElement).labels;
    const name = element.getAttribute("aria-label") ?? (labels?.length ? labels[0]?.textContent : element.textContent);
    return (name ?? "").replaceAll(/\s+/g, " ").trim();
  });
}

/** Goes forward, or back by Shift and Tab, until the control of this name has the focus. */
export async function tabTo(page: Page, name: string | RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const heard: string[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (typeof name === "string" ? now === name : name.test(now)) return;
    heard.push(now);
  }
  assert.fail(`${key} never came to ${name}: ${heard.slice(0, 60).join(" · ")}`);
}

/** Goes to a control and presses it. */
export async function press(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

/** Goes to a field and types. */
export async function type(page: Page, name: string | RegExp, text: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(text);
}

/** Picks a file in the chooser, to which the keyboard has been led, or goes. */
export async function pick(page: Page, name: string, text: string, way: "led" | "goes" = "led"): Promise<void> {
  if (way === "goes") await tabTo(page, "Choose a file");
  else await page.locator("#file:focus").waitFor({ state: "attached" });
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
}
