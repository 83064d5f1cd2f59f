import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatDate, type LocalTime, resolveInstants } from "../../pkg/dist/intl.js";

const local = (text: string): LocalTime => {
  const [year, month, day, hour = 0, minute = 0, second = 0, millis = 0] = text.split(/\D/).map(Number);
  return { year: year ?? 0, month: month ?? 0, day: day ?? 0, hour, minute, second, millis };
};
const at = (zone: string, text: string) => {
  const found = resolveInstants(zone, [local(text)])?.[0];
  return found === null || found === undefined ? found : new Date(found).toISOString();
};

describe("wall-clock times become instants", () => {
  it("on ordinary days", () => {
    assert.equal(at("UTC", "2027-02-01T00:00"), "2027-02-01T00:00:00.000Z");
    assert.equal(at("Europe/Berlin", "2027-02-01T00:00"), "2027-01-31T23:00:00.000Z");
    assert.equal(at("Europe/Berlin", "2027-07-01T00:00"), "2027-06-30T22:00:00.000Z");
    assert.equal(at("America/New_York", "2027-02-01T12:34:56.789"), "2027-02-01T17:34:56.789Z");
    assert.equal(at("Pacific/Apia", "2027-02-01T00:00"), "2027-01-31T11:00:00.000Z");
    assert.equal(at("Asia/Kathmandu", "2027-02-01T00:00"), "2027-01-31T18:15:00.000Z");
  });

  it("up to the last moment before a change and from the first after it", () => {
    assert.equal(at("Europe/Berlin", "2026-03-29T01:59:59.999"), "2026-03-29T00:59:59.999Z");
    assert.equal(at("Europe/Berlin", "2026-03-29T03:00"), "2026-03-29T01:00:00.000Z");
    assert.equal(at("Europe/Berlin", "2026-10-25T01:59:59"), "2026-10-24T23:59:59.000Z");
    assert.equal(at("Europe/Berlin", "2026-10-25T03:00"), "2026-10-25T02:00:00.000Z");
    assert.equal(at("America/New_York", "2026-03-08T01:59:59"), "2026-03-08T06:59:59.000Z");
    assert.equal(at("America/New_York", "2026-03-08T03:00"), "2026-03-08T07:00:00.000Z");
  });

  it("that happen twice as the later one", () => {
    assert.equal(at("Europe/Berlin", "2026-10-25T02:30"), "2026-10-25T01:30:00.000Z");
    assert.equal(at("America/New_York", "2026-11-01T01:30"), "2026-11-01T06:30:00.000Z");
    assert.equal(at("Australia/Lord_Howe", "2026-04-05T01:45"), "2026-04-04T15:15:00.000Z");
  });

  it("that a clock change skips as the moment of the change", () => {
    assert.equal(at("America/Sao_Paulo", "2018-11-04T00:00"), "2018-11-04T03:00:00.000Z", "midnight itself is skipped");
    assert.equal(at("Pacific/Apia", "2011-12-30T00:00"), "2011-12-30T10:00:00.000Z", "a whole day is skipped");
    assert.equal(at("Europe/Berlin", "2026-03-29T02:00"), "2026-03-29T01:00:00.000Z");
    assert.equal(at("Europe/Berlin", "2026-03-29T02:30"), "2026-03-29T01:00:00.000Z");
    assert.equal(at("America/New_York", "2026-03-08T02:30"), "2026-03-08T07:00:00.000Z");
    assert.equal(at("Pacific/Apia", "2011-12-30T12:00"), "2011-12-30T10:00:00.000Z");
  });

  it("for far and early years", () => {
    assert.equal(at("UTC", "10000-01-01"), "+010000-01-01T00:00:00.000Z");
    assert.equal(at("Europe/Berlin", "10000-01-01"), "9999-12-31T23:00:00.000Z");
    assert.equal(at("Europe/Berlin", "1970-01-01"), "1969-12-31T23:00:00.000Z");
  });

  it("in order, and null for a zone that there is not", () => {
    assert.equal(resolveInstants("Mars/Phobos", []), null);
    assert.equal(resolveInstants("", [local("2027-01-01")]), null);
    assert.deepEqual(resolveInstants("UTC", []), []);
    assert.deepEqual(resolveInstants("UTC", [local("1970-01-02"), local("1970-01-01")]), [86_400_000, 0]);
  });

  it("so that every hour of a year comes back from its own wall clock", () => {
    for (const zone of ["Europe/Berlin", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"]) {
      const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
      for (let hour = 0; hour < 366 * 24; hour += 1) {
        const instant = Date.UTC(2026, 0, 1, hour);
        const wall = clock.format(instant);
        const [found] = resolveInstants(zone, [local(wall)]) as [number];
        assert.equal(clock.format(found), wall, zone);
        assert.ok(found >= instant, `${zone} ${wall}: never earlier`);
      }
    }
  });
});

describe("instants are written", () => {
  const request = { at: Date.UTC(2026, 11, 31, 22, 5, 9), timeZone: "Europe/Berlin", locale: "en-GB" };
  const write = (format: string, part = {}) => formatDate({ ...request, ...part, format });

  it("in the locale's own styles", () => {
    assert.equal(write("long"), "31 December 2026");
    assert.equal(write("medium"), "31 Dec 2026");
    assert.equal(write("short"), "31/12/2026");
    assert.equal(write("long", { locale: "de" }), "31. Dezember 2026");
    assert.equal(write("long", { locale: "ja" }), "2026年12月31日");
  });

  it("by strftime's letters", () => {
    assert.equal(write("%Y-%m-%d %H:%M:%S"), "2026-12-31 23:05:09");
    assert.equal(write("%y %-m %-d %-H %I %-I %p"), "26 12 31 23 11 11 pm");
    assert.equal(write("%A %a %B %b %%"), "Thursday Thu December Dec %");
    assert.equal(write("%e|%d|%-d|%m|%-m", { at: Date.UTC(2026, 2, 5) }), " 5|05|5|03|3");
    assert.equal(
      write("%H %-H %I %-I %p", { at: Date.UTC(2026, 2, 5), timeZone: "UTC", locale: "en-US" }),
      "00 0 12 12 AM",
    );
    assert.equal(write("until %d, 100%%"), "until 31, 100%");
    assert.match(write("%Z", { locale: "en-US" }), /GMT\+1|CET/);
  });

  it("with month names in the form that follows a day, in Latin digits and the Gregorian calendar", () => {
    assert.equal(write("%-d %B %Y", { locale: "ru" }), "31 декабря 2026");
    assert.equal(write("%-d. %B", { locale: "cs" }), "31. prosince");
    assert.equal(write("%-d %B %Y", { locale: "th" }), "31 ธันวาคม 2026");
    assert.equal(write("%Y-%m-%d", { locale: "fa" }), "2026-12-31");
    assert.equal(write("%Y-%m-%d", { locale: "ar-EG" }), "2026-12-31");
  });

  it("with whole month names in languages that write them as numbers", () => {
    assert.equal(write("%B", { locale: "ja" }), "12月");
    assert.match(write("%B", { locale: "zh" }), /^(12|十二)月$/);
    assert.equal(write("%B", { locale: "ko" }), "12월");
  });

  it("in English where a locale is unknown, rather than not at all", () => {
    assert.equal(write("%B", { locale: "not a locale" }), "December");
    assert.equal(write("long", { locale: "xx" }).includes("2026"), true);
  });
});
