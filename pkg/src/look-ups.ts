/** Steps that ask what every JavaScript host knows: normal forms, time zones, names of months. They need no callback. */

import { type DateRequest, formatDate, type LocalTime, resolveInstants } from "./intl.js";
import { pack, type Texts, unpack } from "./texts.js";

/** How each is answered, by its name. */
export const LOOK_UPS: Readonly<Record<string, (request: unknown) => unknown>> = {
  normalize: (texts) => pack(unpack(texts as Texts).map((text) => text.normalize("NFC"))),
  instants: (request) => {
    const { timeZone, times } = request as { timeZone: string; times: LocalTime[] };
    return resolveInstants(timeZone, times);
  },
  dates: (requests) => (requests as DateRequest[]).map(formatDate),
};
