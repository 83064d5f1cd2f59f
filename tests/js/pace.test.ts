import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Pace } from "../../pkg/src/pace.js";

describe("the pace of an upload", () => {
  const paced = (totalBytes?: number) => {
    const clock = { now: 1_000 };
    const pace = new Pace(() => clock.now);
    return { clock, at: (rows: number, bytes: number) => pace.at({ rows, bytes, totalBytes }) };
  };

  it("is right from the first figure on, while it stays the same", () => {
    const { clock, at } = paced(1_000_000);
    for (let second = 1; second <= 50; second++) {
      clock.now += 1_000;
      const { rowsPerSecond, secondsLeft } = at(second * 2_000, second * 20_000);
      assert.equal(Math.round(rowsPerSecond), 2_000);
      assert.equal(Math.round(secondsLeft ?? -1), 50 - second);
    }
  });

  it("follows a store that slows down, within seconds and without a leap", () => {
    const { clock, at } = paced(10_000_000);
    let [rows, before] = [0, 10_000];
    for (let second = 1; second <= 30; second++) {
      clock.now += 1_000;
      rows += second <= 10 ? 10_000 : 1_000;
      const { rowsPerSecond } = at(rows, rows * 10);
      assert.ok(rowsPerSecond <= before + 1 && rowsPerSecond > before * 0.7, `${second}: ${rowsPerSecond}`);
      before = rowsPerSecond;
    }
    assert.ok(before < 1_500, `${before}`);
  });

  it("is told apart from no time at all, and from a clock that goes back", () => {
    const { clock, at } = paced(1_000);
    assert.deepEqual(at(5, 50), { rows: 5, bytes: 50, totalBytes: 1_000, rowsPerSecond: 0 });
    clock.now -= 10_000;
    assert.equal(at(6, 60).rowsPerSecond, 0);
    clock.now += 1_000;
    assert.equal(at(10, 100).rowsPerSecond, 10);
    assert.deepEqual(at(8, 80), { rows: 10, bytes: 100, totalBytes: 1_000, rowsPerSecond: 10, secondsLeft: 9 });
  });

  it("says no time left where the size is not known, and none at the end", () => {
    const { clock, at } = paced();
    clock.now += 1_000;
    assert.deepEqual(at(10, 100), { rows: 10, bytes: 100, rowsPerSecond: 10 });
    const known = paced(100);
    assert.equal(known.at(10, 100).secondsLeft, 0);
  });
});
