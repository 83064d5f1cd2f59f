/** Look-ups and lists: pages are gathered from scripts that look at a bounded number of rows each. */
import type { FoundRow, Page } from "../../store.js";
import { readCursor, toPage } from "../cursors.js";
import { fromColumn, NEVER } from "../instants.js";
import { poolScript } from "./engine.js";
import { CODES, DRAWS, FIND, FORGET, MARK_REDEEMED, VOID } from "./lua/lookups.js";
import { escapeText, unescapeText } from "./texts.js";

export const FIND_SCRIPT = poolScript(FIND, "stock", "finder", "uses");
export const FORGET_SCRIPT = poolScript(FORGET, "stock", "uses");
export const MARK_REDEEMED_SCRIPT = poolScript(MARK_REDEEMED, "stock", "finder", "uses");
export const VOID_SCRIPT = poolScript(VOID, "stock", "finder");
export const DRAWS_SCRIPT = poolScript(DRAWS, "stock", "uses");
export const CODES_SCRIPT = poolScript(CODES, "stock");

/** Most rows that one script answers, and most that it looks at: a few milliseconds each. */
const ROWS = 250;
const LOOKED_AT = 1_000;

type Run = (values: string[]) => Promise<string[]>;
interface Pages {
  cursor: string | null;
  limit: number;
}

/** Runs a script again and again from where it stopped, until there are `limit + 1` rows or no more. */
async function gather<Row>(
  limit: number,
  from: string[],
  run: (from: string[], rows: number) => Promise<string[]>,
  read: (reply: string[]) => Row[],
): Promise<Row[]> {
  const found: Row[] = [];
  let place = from;
  while (found.length <= limit) {
    const reply = await run(place, Math.min(limit + 1 - found.length, ROWS));
    found.push(...read(reply.slice(from.length)));
    place = reply.slice(0, from.length);
    if (place[0] === "") break;
  }
  return found;
}

interface FoundUse {
  id: number;
  row: FoundRow;
}

function foundUses(reply: string[]): FoundUse[] {
  const uses: FoundUse[] = [];
  for (let at = 0; at < reply.length; at += 10) {
    const [id, code, status, expiresAt, batch, number, drawnAt, redeemedAt, isKnown, texts] = reply.slice(at, at + 10);
    const [first, message, slot] = (texts as string).split("\t").map(unescapeText);
    const isHeld = status === "assigned";
    uses.push({
      id: Number(id),
      row: {
        code: code as string,
        status: status as FoundRow["status"],
        expiresAt: fromColumn(Number(expiresAt)),
        batch: batch as string,
        number: isHeld ? Number(number) : null,
        drawnAt: isHeld ? Number.parseInt(drawnAt as string, 36) : null,
        contact: isKnown ? (first as string) : null,
        message: isKnown ? (message as string) : null,
        slot: isHeld ? ((isKnown ? slot : first) as string) : null,
        redeemedAt: redeemedAt ? Number(redeemedAt) : null,
      },
    });
  }
  return uses;
}

export async function find(
  run: Run,
  request: Pages & { by: { key: string } | { contact: string } | { message: string } },
): Promise<Page<FoundRow>> {
  const { by, cursor, limit } = request;
  const [after] = readCursor(cursor, [0] as [number]);
  const [kind, sought] = Object.entries(by)[0] as ["key" | "contact" | "message", string];
  const text = kind === "key" ? sought : escapeText(sought);
  const found = await gather(
    limit,
    [String(after)],
    ([from], rows) => run([kind, text, from as string, String(rows), String(LOOKED_AT)]),
    foundUses,
  );
  return toPage(
    found,
    limit,
    ({ id }) => [id],
    ({ row }) => row,
  );
}

export async function draws(run: Run, { cursor, limit }: Pages): Promise<Page<FoundRow>> {
  const [number, id] = readCursor(cursor, [1, 0] as [number, number]);
  const found = await gather(
    limit,
    [String(number), String(id)],
    (from, rows) => run([...from, String(rows), String(LOOKED_AT)]),
    foundUses,
  );
  return toPage(
    found,
    limit,
    ({ id, row }) => [row.number as number, id],
    ({ row }) => row,
  );
}

interface FreeCode {
  code: string;
  lot: number;
  position: number;
  column: number;
}

export async function codes(
  run: Run,
  { cursor, limit }: Pages,
): Promise<Page<{ code: string; expiresAt: number | null }>> {
  const place = readCursor(cursor, [-NEVER, 0, -1] as [number, number, number]);
  const found = await gather(
    limit,
    place.map(String),
    (from, rows) => run([...from, String(rows), String(LOOKED_AT)]),
    (reply) => {
      const free: FreeCode[] = [];
      for (let at = 0; at < reply.length; at += 4) {
        const [code, lot, position, column] = reply.slice(at, at + 4);
        free.push({ code: code as string, lot: Number(lot), position: Number(position), column: Number(column) });
      }
      return free;
    },
  );
  return toPage(
    found,
    limit,
    ({ column, lot, position }) => [column, lot, position],
    ({ code, column }) => ({ code, expiresAt: fromColumn(column) }),
  );
}

/** Forgets a contact in steps of bounded length: each is done as a whole, and a repeat goes on where one was lost. */
export async function forget(run: (values: string[]) => Promise<unknown>, contact: string): Promise<number> {
  let forgotten = 0;
  for (let after = "0"; after !== ""; ) {
    const [next, count] = (await run([escapeText(contact), after, String(LOOKED_AT)])) as [string, number];
    forgotten += count;
    after = next;
  }
  return forgotten;
}
