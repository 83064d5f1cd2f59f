/** What the host knows and the core does not carry: time zones, month names, date styles. */

/** A wall-clock time, as in an upload's expiry column. */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  millis: number;
}

/** An instant to be shown to people. */
export interface DateRequest {
  at: number;
  timeZone: string;
  locale: string;
  /** `long`, `medium`, `short`, or a strftime pattern, which always has a `%`. */
  format: string;
}

const DAY = 86_400_000;

const zones = new Map<string, Intl.DateTimeFormat | null>();

function zoneFormat(timeZone: string): Intl.DateTimeFormat | null {
  let format = zones.get(timeZone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone,
        calendar: "gregory",
        numberingSystem: "latn",
        hourCycle: "h23",
        era: "short",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      format = null;
    }
    zones.set(timeZone, format);
  }
  return format;
}

/** How far the zone's clocks are ahead of UTC at an instant, in milliseconds. */
function offsetAt(format: Intl.DateTimeFormat, at: number): number {
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(at)) parts[type] = value;
  const year = parts.era === "BC" ? 1 - Number(parts.year) : Number(parts.year);
  const shown = new Date(0);
  shown.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
  shown.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
  return shown.getTime() - Math.floor(at / 1000) * 1000;
}

/**
 * Wall-clock times as instants. A time that a clock change skips is the moment of the change; one that happens
 * twice is the later one, so that a code never expires before its clock says so. `null` if there is no such zone.
 */
export function resolveInstants(timeZone: string, times: readonly LocalTime[]): (number | null)[] | null {
  const format = zoneFormat(timeZone);
  if (format === null) return null;
  return times.map((time) => {
    const date = new Date(Date.UTC(2000, 0, 1, time.hour, time.minute, time.second, time.millis));
    date.setUTCFullYear(time.year, time.month - 1, time.day);
    const wall = date.getTime();
    if (Number.isNaN(wall)) return null;
    // The offsets a day before and a day after cover every change of the clocks in between.
    const [before, after] = [wall - DAY, wall + DAY].map((at) => offsetAt(format, at)) as [number, number];
    const exact = [wall - before, wall - after].filter((at) => at + offsetAt(format, at) === wall);
    return exact.length > 0 ? Math.max(...exact) : changeBetween(format, wall - 2 * DAY, wall + 2 * DAY, after);
  });
}

/** The moment from which the zone's clocks are `after` ahead of UTC. */
function changeBetween(format: Intl.DateTimeFormat, from: number, to: number, after: number): number {
  let [low, high] = [Math.floor(from / 1000), Math.ceil(to / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(format, middle * 1000) === after) high = middle;
    else low = middle;
  }
  return high * 1000;
}

const PLAIN = { calendar: "gregory", numberingSystem: "latn" };

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}|${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat(locale, options);
    } catch {
      format = new Intl.DateTimeFormat("en", options);
    }
    formats.set(key, format);
  }
  return format;
}

function part(request: DateRequest, options: Intl.DateTimeFormatOptions, type: Intl.DateTimeFormatPartTypes): string {
  const format = dateFormat(request.locale, {
    timeZone: request.timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    ...options,
  });
  return format.formatToParts(request.at).find((found) => found.type === type)?.value ?? "";
}

/** The fields of an instant in its zone, by strftime's letters; a `-` before the letter drops the padding. */
function field(request: DateRequest, letter: string, padded: boolean): string {
  const number = (options: Intl.DateTimeFormatOptions, type: Intl.DateTimeFormatPartTypes, width: number) => {
    const value = part({ ...request, locale: "en-US" }, options, type);
    return padded ? value.padStart(width, "0") : String(Number(value));
  };
  switch (letter) {
    case "Y":
      return part({ ...request, locale: "en-US" }, { year: "numeric" }, "year");
    case "y":
      return number({ year: "2-digit" }, "year", 2);
    case "m":
      return number({ month: "numeric" }, "month", 2);
    case "d":
      return number({ day: "numeric" }, "day", 2);
    case "e":
      return number({ day: "numeric" }, "day", 2).replace(/^0/, padded ? " " : "");
    case "H":
      return number({ hour: "numeric", hourCycle: "h23" }, "hour", 2);
    case "I":
      return number({ hour: "numeric", hourCycle: "h12" }, "hour", 2);
    case "M":
      return number({ hour: "numeric", minute: "numeric", hourCycle: "h23" }, "minute", 2);
    case "S":
      return number({ minute: "numeric", second: "numeric" }, "second", 2);
    case "p":
      return part(request, { hour: "numeric", hourCycle: "h12" }, "dayPeriod");
    // Together with the day, so that languages that decline month names give the form that follows a number.
    case "B":
      return monthName(request, "long");
    case "b":
      return monthName(request, "short");
    case "A":
      return part(request, { weekday: "long" }, "weekday");
    case "a":
      return part(request, { weekday: "short" }, "weekday");
    case "Z":
      return part(request, { hour: "numeric", timeZoneName: "short" }, "timeZoneName");
    default:
      return "%";
  }
}

/** Languages that number their months keep the word for "month" apart from the number when a day is near. */
function monthName(request: DateRequest, style: "long" | "short"): string {
  const name = part(request, { day: "numeric", month: style }, "month");
  return /^\d+$/.test(name)
    ? dateFormat(request.locale, { ...PLAIN, timeZone: request.timeZone, month: style }).format(request.at)
    : name;
}

/**
 * An instant as people read it: `at` is the last millisecond of what ends there. A time of day is the end's own,
 * unless that is midnight, which belongs to the next day.
 */
export function formatDate(given: DateRequest): string {
  const { format, timeZone } = given;
  const end = { ...given, at: given.at + 1 };
  const atMidnight = field(end, "H", true) === "00" && field(end, "M", true) === "00" && field(end, "S", true) === "00";
  const request = /%-?[HIMSpZ]/.test(format) && !atMidnight ? end : given;
  if (format === "long" || format === "medium" || format === "short") {
    return dateFormat(request.locale, { timeZone, dateStyle: format }).format(request.at);
  }
  return format.replace(/%(-?)([A-Za-z%])/g, (_, flag: string, letter: string) => field(request, letter, flag === ""));
}
