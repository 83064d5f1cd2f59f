/** The list of pools, without a page: what is found, in what order, and what is said about each. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CouponPools, type PoolRow } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { daysOf } from "../../pkg/src/elements/draws-chart.js";
import { Figures } from "../../pkg/src/elements/figures.js";
import { draftOf, fieldOf, newPoolOf, patchOf, slugOf } from "../../pkg/src/elements/form-draft.js";
import { FIRST_VIEW, PoolList } from "../../pkg/src/elements/pool-list.js";
import { statesOf } from "../../pkg/src/elements/pool-state.js";

const DAY = 86_400_000;
const NOW = Date.UTC(2027, 0, 15, 12);

const pools = new CouponPools({ store: memory(), clock: () => NOW });
const base = await pools.create({ handle: "base", kind: "static", lowStock: ["10%", 5], timeZone: "Europe/Berlin" });

const row = (name: string, some: Partial<PoolRow> = {}): PoolRow => ({ ...base, handle: slugOf(name), name, ...some });
const stocked = (name: string, remaining: number, added = 1_000): PoolRow =>
  row(name, { remaining, added, assigned: added - remaining, percentRemaining: (remaining * 100) / added });

const ROWS = [
  stocked("Zürich", 500),
  stocked("Apple 10", 50),
  stocked("Apple 9", 0),
  row("Ärger", { kind: "fixed", remaining: null, percentRemaining: null }),
  row("Été", { kind: "dynamic", remaining: null, percentRemaining: null, assigned: 7, buffered: 3, added: 10 }),
  row("Brand new"),
  row("Gone", { archived: true }),
];
const collator = new Intl.Collator("de", { numeric: true, sensitivity: "base" });
const list = new PoolList(ROWS, collator, NOW);
const look = (some: object) => list.look({ ...FIRST_VIEW, ...some }).map(({ name }) => name);

describe("the list of pools", () => {
  it("is in the order of the reader's language, numbers as numbers", () => {
    assert.deepEqual(look({}), ["Apple 9", "Apple 10", "Ärger", "Brand new", "Été", "Zürich"]);
    assert.deepEqual(look({ descending: true }), ["Zürich", "Été", "Brand new", "Ärger", "Apple 10", "Apple 9"]);
  });

  it("puts pools without a figure last, both ways", () => {
    assert.deepEqual(look({ sort: "share" }).slice(0, 3), ["Apple 9", "Apple 10", "Zürich"]);
    assert.deepEqual(look({ sort: "share", descending: true }).slice(0, 3), ["Zürich", "Apple 10", "Apple 9"]);
    assert.deepEqual(look({ sort: "assigned", descending: true }).at(-1), "Ärger");
  });

  it("is searched by any words of name or handle, without accents and case", () => {
    assert.deepEqual(look({ search: "ETE" }), ["Été"]);
    assert.deepEqual(look({ search: " 10 appl " }), ["Apple 10"]);
    assert.deepEqual(look({ search: "zurich" }), ["Zürich"]);
  });

  it("is filtered by type and state, the archive apart", () => {
    assert.deepEqual(look({ kind: "dynamic" }), ["Été"]);
    assert.deepEqual(look({ state: "low" }), ["Apple 10"]);
    assert.deepEqual(look({ state: "empty" }), ["Apple 9"]);
    assert.deepEqual(look({ state: "unfilled" }), ["Brand new"]);
    assert.deepEqual(look({ state: "attention" }), ["Apple 9", "Apple 10", "Brand new"]);
    assert.deepEqual(look({ state: "archived" }), ["Gone"]);
  });

  it("compares no names once it is made: a sort of thousands has to fit into a frame", () => {
    let compared = 0;
    const counting = {
      compare(one: string, other: string) {
        compared++;
        return collator.compare(one, other);
      },
    };
    const many = Array.from({ length: 5_000 }, (_, index) => stocked(`Pool ${(index * 7919) % 5_000}`, index % 997));
    const long = new PoolList(many, counting as unknown as Intl.Collator, NOW);
    assert.ok(compared > 5_000);
    compared = 0;
    for (const sort of ["name", "remaining", "share"] as const) long.look({ ...FIRST_VIEW, sort });
    assert.equal(compared, 0);
  });
});

describe("what a pool's figures mean", () => {
  it("is what its own thresholds call so", () => {
    assert.deepEqual(statesOf(stocked("a", 101), NOW), []);
    assert.deepEqual(statesOf(stocked("a", 100), NOW), ["low"]);
    assert.deepEqual(statesOf({ ...stocked("a", 5, 20), lowStock: [5] }, NOW), ["low"]);
    assert.deepEqual(statesOf(stocked("a", 0), NOW), ["empty"]);
  });

  it("tells what expires within a week, by the codes' own dates too", () => {
    assert.deepEqual(statesOf({ ...stocked("a", 900), nextExpiry: NOW + 7 * DAY }, NOW), ["expiring"]);
    assert.deepEqual(statesOf({ ...stocked("a", 900), nextExpiry: NOW + 8 * DAY }, NOW), []);
  });

  it("knows from the store which codes expire first, and forgets those that were drawn", async () => {
    await pools.create({ handle: "dated", kind: "static", timeZone: "Europe/Berlin" });
    await pools.upload("dated", "code,expires\nA-1,2027-03-31\nA-2,2027-01-20\nA-3,\n");
    const { nextExpiry } = await pools.get("dated");
    assert.equal(nextExpiry, Date.UTC(2027, 0, 20, 23));
    assert.deepEqual(statesOf(await pools.get("dated"), NOW), ["expiring"]);
    await pools.draw("dated", { message: "m", contact: "c" });
    assert.equal((await pools.get("dated")).nextExpiry, Date.UTC(2027, 2, 31, 22));
    assert.deepEqual(statesOf(await pools.get("dated"), NOW), []);
  });

  it("tells of a shop that fails until a day has passed", () => {
    const dynamic = ROWS[4] as PoolRow;
    const alert = { id: "1", type: "top-up-failing", at: NOW - DAY + 1 } as never;
    assert.deepEqual(statesOf(dynamic, NOW, [alert]), ["failing"]);
    assert.deepEqual(statesOf(dynamic, NOW + 2, [alert]), []);
  });

  it("never shows 0% of a pool that still holds a code, nor 100% of one that has given any", () => {
    const figures = new Figures("en-GB");
    assert.deepEqual(
      [0, 0.0001, 50, 99.9999, 100].map((share) => figures.percent(share)),
      ["0%", "0.1%", "50%", "99.9%", "100%"],
    );
  });

  it("counts draws by day, up to today", () => {
    const usage = [
      { at: NOW, draws: 3 },
      { at: NOW - DAY, draws: 4 },
      { at: NOW - DAY + 3_600_000, draws: 1 },
      { at: NOW - 9 * DAY, draws: 9 },
    ];
    assert.deepEqual(
      daysOf(usage, NOW, 7).map(({ draws }) => draws),
      [0, 0, 0, 0, 0, 5, 3],
    );
  });
});

describe("the form's fields", () => {
  it("give the settings that were typed, and a handle made of the name", () => {
    const draft = {
      ...draftOf(base),
      name: " Été à Paris ",
      handle: slugOf(" Été à Paris "),
      lowStock: "10%; 100, 5 ",
      expiresAt: "2027-03-31",
    };
    const { handle, name, lowStock, expiresAt, timeZone } = newPoolOf(draft);
    assert.deepEqual(
      [handle, name, lowStock, expiresAt, timeZone],
      ["ete-a-paris", "Été à Paris", ["10%", 100, 5], "2027-03-31", "Europe/Berlin"],
    );
  });

  it("are found by what was refused, here or by a server", () => {
    const field = (option: string) => fieldOf({ code: "INVALID_ARGUMENT", details: { option } } as never);
    const options = [
      "lowStock",
      "lowStock[0]",
      "onEmpty.fallback",
      "onEmpty",
      "dynamic.pattern.length",
      "dynamic.rule",
      "cursor",
    ];
    assert.deepEqual(options.map(field), ["lowStock", "lowStock", "fallback", "fallback", "length", "rule", null]);
  });

  it("leave an instant alone that nobody has touched, whatever day it is in UTC", async () => {
    // 23:30 in Berlin: a date field shows that day; saving another setting must not move it to the day's end.
    const expiresAt = Date.UTC(2027, 2, 31, 21, 30);
    const pool = row("a", { expiresAt });
    assert.equal(draftOf(pool).expiresAt, "2027-03-31");
    assert.deepEqual(Object.keys(patchOf({ ...draftOf(pool), name: "b" }, pool)).sort(), [
      "lowStock",
      "name",
      "onEmpty",
    ]);
    assert.equal(patchOf({ ...draftOf(pool), expiresAt: "" }, pool).expiresAt, null);
    // The end of that very day in Berlin is the day itself.
    assert.equal(draftOf(row("a", { expiresAt: Date.UTC(2027, 2, 31, 22) })).expiresAt, "2027-03-31");
  });
});
