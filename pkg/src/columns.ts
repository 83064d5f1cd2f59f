/** Lists of codes, uses and rows, between the columns in which they cross to the engine and the rows of the store contract. */

import type { ClaimAnswer, ClaimItem, CodeBlock, FoundRow, Page } from "./store.js";
import { cut, pack, type Texts, unpack } from "./texts.js";

/** A claim as the engine asks for it. */
export interface ClaimColumns {
  pool: string;
  version: number;
  now: number;
  reuse: "per-message" | "per-contact" | "until-expired";
  expiresAt: number | null;
  minValidity: number;
  uses: string;
  holders: string;
  contacts: Texts;
  messages: Texts;
  slots: Texts;
  fallsBack: Uint8Array;
}

/** Length of a key: SHA-256 in base64url. */
const KEY_LENGTH = 43;
const CODE = 1;
const REPEAT = 2;
const FRESH = 4;
const EXPIRED = 8;

/** What a claim asks for, use by use. */
export function toItems(columns: ClaimColumns): ClaimItem[] {
  const uses = cut(columns.uses, KEY_LENGTH);
  const holders = cut(columns.holders, KEY_LENGTH);
  const contacts = unpack(columns.contacts);
  const messages = unpack(columns.messages);
  const slots = unpack(columns.slots);
  const items: ClaimItem[] = new Array(uses.length);
  // A send has one message: its text is kept once, however many uses a store keeps.
  let message = "";
  for (let index = 0; index < uses.length; index++) {
    if (messages[index] !== message) message = messages[index] as string;
    items[index] = {
      use: uses[index] as string,
      holder: holders[index] ?? null,
      contact: contacts[index] as string,
      message,
      slot: slots[index] as string,
      fallsBack: columns.fallsBack[index] === 1,
    };
  }
  return items;
}

function insist(fits: boolean, what: string): asserts fits {
  if (!fits) throw new TypeError(`the store's answer has no ${what}`);
}

/** What a claim got; throws where the contract does not allow the answer. */
export function claimedToColumns(answer: ClaimAnswer & { status: "claimed" }, count: number): unknown {
  const { status, outcomes, remaining, added, alerts } = answer;
  insist(status === "claimed" && Array.isArray(outcomes) && outcomes.length === count, "outcome for each item");
  insist(Number.isSafeInteger(remaining) && Number.isSafeInteger(added), "counts");
  const codes = new Array<string>(count);
  const numbers = new Float64Array(count);
  const expiries = new Float64Array(count).fill(Number.NaN);
  const answers = new Uint32Array(count);
  const flags = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const outcome = outcomes[index] as (typeof outcomes)[number];
    if (outcome.code === null) {
      insist(outcome.reason === "expired" || outcome.reason === "empty", "reason");
      codes[index] = "";
      flags[index] = outcome.reason === "expired" ? EXPIRED : 0;
      continue;
    }
    insist(typeof outcome.code === "string" && outcome.code !== "", "code");
    insist(Number.isSafeInteger(outcome.number) && outcome.number > 0 && outcome.answers > 0, "draw");
    codes[index] = outcome.code;
    numbers[index] = outcome.number;
    if (outcome.expiresAt !== null) expiries[index] = outcome.expiresAt;
    answers[index] = outcome.answers;
    flags[index] = CODE | (outcome.repeat ? REPEAT : 0) | (outcome.fresh ? FRESH : 0);
  }
  return { status: "claimed", codes: pack(codes), numbers, expiries, answers, flags, remaining, added, alerts };
}

/** How many uses a claim served, and how, by its flags. */
export function tally(flags: Uint8Array): { asked: number; drawn: number; repeated: number; empty: number } {
  let [drawn, empty] = [0, 0];
  for (const flag of flags) {
    if ((flag & FRESH) !== 0) drawn += 1;
    else if ((flag & CODE) === 0) empty += 1;
  }
  return { asked: flags.length, drawn, repeated: flags.length - drawn - empty, empty };
}

/** A block of codes as the engine gives it; keys are `null` where each is its code, empty where one is. */
export interface BlockColumns {
  codes: Texts;
  keys: Texts | null;
  fingerprints: Uint8Array;
  runs: { expiresAt: number | null; count: number }[];
}

/** A block as stores take it. */
export function toBlock(block: BlockColumns): CodeBlock {
  const codes = unpack(block.codes);
  const keys = block.keys === null ? codes : unpack(block.keys).map((key, index) => key || (codes[index] as string));
  return { codes, keys, fingerprints: block.fingerprints, runs: block.runs };
}

/** Which page of rows. */
export interface PageColumns {
  pool: string;
  cursor: string | null;
  limit: number;
}

function instants(count: number, at: (index: number) => number | null): Float64Array {
  const column = new Float64Array(count);
  for (let index = 0; index < count; index++) column[index] = at(index) ?? Number.NaN;
  return column;
}

/** One page of free codes. */
export function codesToColumns(page: Page<{ code: string; expiresAt: number | null }>): unknown {
  const { rows, next } = page;
  return {
    codes: pack(rows.map((row) => row.code)),
    expiries: instants(rows.length, (index) => rows[index]?.expiresAt ?? null),
    next,
  };
}

/** One page of uses. */
export function drawsToColumns(page: Page<FoundRow>): unknown {
  const { rows, next } = page;
  return {
    texts: pack(rows.flatMap((row) => [row.code, row.batch, row.contact, row.message, row.slot])),
    forgotten: Uint8Array.from(rows, (row) => (row.contact === null ? 1 : 0)),
    numbers: instants(rows.length, (index) => rows[index]?.number ?? null),
    instants: Float64Array.from(
      rows.flatMap((row) => [row.expiresAt, row.drawnAt, row.redeemedAt]),
      (at) => at ?? Number.NaN,
    ),
    next,
  };
}
