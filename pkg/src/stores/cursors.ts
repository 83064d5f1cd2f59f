/** Cursors of pages: the last row's place, as JSON, opaque to callers. */
import { CouponPoolsError } from "../errors.js";
import type { Page } from "../store.js";

export type Place = readonly (string | number)[];

/** The place that a cursor names, or `start` for the first page. */
export function readCursor<P extends Place>(cursor: string | null, start: P): P {
  if (cursor === null) return start;
  const place = parsed(cursor);
  const fits =
    Array.isArray(place) &&
    place.length === start.length &&
    place.every((part, i) => typeof part === typeof start[i] && isPart(part));
  if (!fits) {
    throw new CouponPoolsError("this is no cursor of this list: pass `next` of the page before", {
      code: "INVALID_ARGUMENT",
      details: { option: "cursor" },
    });
  }
  return place as unknown as P;
}

/** Whether a store wrote it: places are whole numbers and texts of keys, and a database fails at what is none. */
function isPart(part: string | number): boolean {
  return typeof part === "number" ? Number.isSafeInteger(part) : !part.includes("\0");
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(cursor);
  } catch {
    return null;
  }
}

/** A page of at most `limit` of `found`, which holds one row more than that if there is a next page. */
export function toPage<Found, Row>(
  found: readonly Found[],
  limit: number,
  placeOf: (last: Found) => Place,
  rowOf: (found: Found) => Row,
): Page<Row> {
  const shown = found.length > limit ? found.slice(0, limit) : found;
  const last = shown[shown.length - 1];
  return {
    rows: shown.map(rowOf),
    next: found.length > limit && last !== undefined ? JSON.stringify(placeOf(last)) : null,
  };
}
