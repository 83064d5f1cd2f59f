/** Events: what they tell, and what they never tell. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CouponPools } from "coupon-pools";
import type { PoolsEvent } from "../../pkg/dist/events.js";
import { memory } from "../../pkg/src/stores/memory.js";

const CODES = ["SECRET-1", "SECRET-2", "SECRET-3"];
const PEOPLE = { message: "m-secret", contact: "secret@example.com" };

/** A `CouponPools` that notes its events, their durations left out. */
function listening(options: object = {}) {
  const events: object[] = [];
  const pools = new CouponPools({
    store: memory(),
    onEvent: ({ milliseconds, ...event }: PoolsEvent & { milliseconds?: number }) => {
      if (event.type !== "top-up") assert.ok((milliseconds ?? -1) >= 0, `${event.type} has no duration`);
      events.push(event);
    },
    ...options,
  });
  return { pools, events };
}

describe("events", () => {
  it("tell of claims, uploads, alerts and errors, with counts and never a code, a contact or a message", async () => {
    const { pools, events } = listening({ onAlert: () => {} });
    await pools.create({ handle: "sale", kind: "static", lowStock: [1], onEmpty: "omit" });
    await pools.upload("sale", `code\n${CODES.join("\n")}\nSECRET-1\nSECRET 4\u0001\n`);
    await pools.draw("sale", PEOPLE);
    await pools.drawMany("sale", [
      PEOPLE,
      { ...PEOPLE, slot: "2" },
      { ...PEOPLE, slot: "3" },
      { ...PEOPLE, slot: "4" },
    ]);
    await assert.rejects(pools.get("secret-pool"), { code: "POOL_NOT_FOUND" });
    await assert.rejects(pools.upload("sale", "SECRET \u0001\n"), { code: "UPLOAD_NOT_TEXT" });
    const told = { pool: "sale", milliseconds: undefined };
    const expected: object[] = [
      { type: "upload", ...told, dryRun: false, rows: 5, added: 3, duplicates: 1, rejected: 1 },
      { type: "claim", ...told, asked: 1, drawn: 1, repeated: 0, empty: 0 },
      { type: "claim", ...told, asked: 4, drawn: 2, repeated: 1, empty: 1 },
      { type: "alert", ...told, alert: "out-of-codes", delivered: true },
      { type: "error", operation: "get", pool: "secret-pool", code: "POOL_NOT_FOUND" },
      { type: "error", operation: "upload", pool: "sale", code: "UPLOAD_NOT_TEXT" },
    ];
    for (const event of expected) delete (event as { milliseconds?: undefined }).milliseconds;
    assert.deepEqual(events, expected);
    assert.doesNotMatch(JSON.stringify(events.slice(0, 4)), /secret/i);
  });

  it("tell of an alert that nobody took", async () => {
    const { pools, events } = listening({
      onAlert: () => {
        throw new Error("no mail today");
      },
    });
    await pools.create({ handle: "sale", kind: "static", lowStock: [1] });
    await pools.upload("sale", CODES.join("\n"));
    await pools.drawMany("sale", [PEOPLE, { ...PEOPLE, slot: "2" }]);
    assert.deepEqual(events.at(-1), { type: "alert", pool: "sale", alert: "low-stock", delivered: false });
  });

  it("tell of codes that a shop made", async () => {
    const generate = async ({ suggested }: { suggested: readonly string[] }) => suggested;
    const { custom } = await import("coupon-pools/shops/custom");
    const { pools, events } = listening({ shops: { mine: custom({ generate, exact: true }) } });
    const pattern = { length: 12 };
    await pools.create({
      handle: "welcome",
      kind: "dynamic",
      dynamic: { shop: "mine", rule: "1", pattern, buffer: 50 },
    });
    await pools.maintain();
    assert.deepEqual(events, [{ type: "top-up", pool: "welcome", added: 50 }]);
  });

  it("cannot fail what they tell of", async () => {
    const { pools } = listening({
      onEvent: () => {
        throw new Error("the log is full");
      },
    });
    await pools.create({ handle: "sale", kind: "static" });
    await pools.upload("sale", CODES.join("\n"));
    assert.equal((await pools.draw("sale", PEOPLE)).status, "drawn");
    await assert.rejects(pools.get("other"), { code: "POOL_NOT_FOUND" });
  });
});
