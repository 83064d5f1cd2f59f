/** Pool documents, stock, alert state and the journal. */
import type { AlertRecord, ExpirySum, JournalEntry, PoolDocument, Stock, UsageRow } from "../../store.js";
import { fromColumn } from "../instants.js";
import { plainScript, poolScript } from "./engine.js";
import { ALERTS, HANDLES, LOAD, READ_JOURNAL, REGISTER, SAVE, SAVE_ALERTS, SAVE_JOURNAL, SHOW } from "./lua/pools.js";

export const SAVE_SCRIPT = poolScript(SAVE, "stock");
export const SHOW_SCRIPT = poolScript(SHOW);
export const LOAD_SCRIPT = plainScript(LOAD);
export const ALERTS_SCRIPT = plainScript(ALERTS);
export const SAVE_ALERTS_SCRIPT = poolScript(SAVE_ALERTS);
export const JOURNAL_SCRIPT = plainScript(READ_JOURNAL);
export const SAVE_JOURNAL_SCRIPT = poolScript(SAVE_JOURNAL);
export const REGISTER_SCRIPT = plainScript(REGISTER);
export const HANDLES_SCRIPT = plainScript(HANDLES);

/** What `SHOW` answers of a pool. */
export interface Shown {
  document: PoolDocument;
  stock: Stock;
  /** Ascending. */
  usage: UsageRow[];
}

export function shown(reply: unknown[]): Shown | null {
  if (reply.length === 0) return null;
  const [document, fellBack, redeemed, sums, usage] = reply as [string, string, string, string[], string[]];
  const expiries: ExpirySum[] = pairs(sums)
    .sort(([a], [b]) => a - b)
    .map(([column, sum]) => {
      const [added = 0, undone = 0, assigned = 0, voided = 0] = sum.split(" ").map(Number);
      return { expiresAt: fromColumn(column), added, undone, assigned, void: voided };
    });
  return {
    document: JSON.parse(document),
    stock: { expiries, fellBack: Number(fellBack), redeemed: Number(redeemed) },
    usage: pairs(usage)
      .sort(([a], [b]) => a - b)
      .map(([at, draws]) => ({ at, draws: Number(draws) })),
  };
}

function pairs(flat: readonly string[]): [number, string][] {
  const list: [number, string][] = [];
  for (let at = 0; at < flat.length; at += 2) list.push([Number(flat[at]), flat[at + 1] as string]);
  return list;
}

export const alertRecord = (revision: unknown, state: unknown): AlertRecord | null =>
  revision ? { revision: Number(revision), state: JSON.parse(state as string) } : null;

/** An entry as it is stored: its revision, a space, its JSON. */
export function journalEntry(id: string, stored: string): JournalEntry | null {
  if (stored === "") return null;
  const space = stored.indexOf(" ");
  return { id, revision: Number(stored.slice(0, space)), entry: JSON.parse(stored.slice(space + 1)) };
}

/** All entries, by id, out of one flat list. */
export function journalEntries(flat: readonly string[]): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const entry = journalEntry(flat[at] as string, flat[at + 1] as string);
    if (entry !== null) entries.push(entry);
  }
  return entries.sort((a, b) => (a.id < b.id ? -1 : 1));
}
