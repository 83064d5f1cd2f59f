/** What `make demo` prints. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const DEMO = fileURLToPath(new URL("../../www/demo.mjs", import.meta.url));

test("the demo shows the whole job in plain lines of at most 100 columns", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO], { encoding: "utf8", timeout: 120_000 });
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stderr, "");
  for (const line of stdout.split("\n")) assert.ok([...line].length <= 100, line);
  assert.ok(!stdout.includes("\x1b"));
});

test("the demo shows the upload, the mails, the retry, the alerts and both dashboards", () => {
  const { stdout } = spawnSync(process.execPath, [DEMO], { encoding: "utf8", timeout: 120_000 });
  for (const line of [
    /codes added +5,000$/m,
    /duplicates in the file +18$/m,
    /rejected +10$/m,
    / 381 +empty +–$/m,
    /ada@example\.com +SPR-\w{4}-\w{4} +GIFT-4711$/m,
    /it is good until 31 March 2030\.$/m,
    /25 of 25 the same$/m,
    /! Early bird: low-stock, 2 of 4 left/,
    /! Early bird: out-of-codes, 0 of 4 left/,
    /jonas@example\.com +not sent: OUT_OF_CODES$/m,
    /jonas@example\.com +Your code: THANKYOU5$/m,
    /jonas@example\.com +Thank you\. See you soon\.$/m,
    /Spring sale +static +5,000 +0 +100\.0/,
    /Spring sale +static +4,975 +25 +99\.5/,
    /Welcome +fixed +∞/,
    /The buffer is filled: 60 codes/,
    /ada@example\.com +HI-\w{10} +HI-\w{10}$/m,
    /! Welcome back: low-stock, 10 of 60 left/,
    /the buffer is filled again: 50 codes/,
    /Welcome back +dynamic +∞ +50/,
    /17 checks passed/,
  ])
    assert.match(stdout, line);
  assert.equal(new Set(stdout.match(/SPR-\w{4}-\w{4}$|SPR-\w{4}-\w{4}(?= +(?:GIFT|–))/gm)).size, 25);
});
