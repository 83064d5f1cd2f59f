/** An upload under way: a bar, how much is done, how fast, how long it will take, and the way to cancel it. */

import { byId, count } from "./dom.js";
import { bytesText, timeLeftText } from "./upload-words.js";

/** How often figures change, in milliseconds: more often nobody can read them. */
const STEP_MS = 200;

const part = byId("upload-running");
const bar = byId("upload-progress");
const title = byId("upload-doing");
const figures = byId("upload-figures");

/** Shows that a file is being read; `update` takes progress as `upload` tells it. */
export function showRunning(what) {
  part.hidden = false;
  title.textContent = what;
  figures.textContent = "";
  bar.removeAttribute("value");
  let shown = Number.NEGATIVE_INFINITY;
  return {
    update(progress) {
      const now = performance.now();
      if (now - shown < STEP_MS) return;
      shown = now;
      const { rows, bytes, totalBytes, rowsPerSecond, secondsLeft } = progress;
      if (totalBytes) bar.value = bytes / totalBytes;
      const size = totalBytes ? `${bytesText(bytes)} of ${bytesText(totalBytes)}` : bytesText(bytes);
      const pace = rowsPerSecond > 0 ? `${count(Number(rowsPerSecond.toPrecision(2)))} rows a second` : "";
      figures.textContent = [`${count(rows)} rows`, size, pace, timeLeftText(secondsLeft)].filter(Boolean).join(" · ");
    },
    hide() {
      part.hidden = true;
    },
  };
}
