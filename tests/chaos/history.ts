/**
 * What the logs say about one pool, put together: for each use what it must hold, for each draw who held it, for each
 * upload how it ended. What contradicts itself in the logs alone is reported here already.
 */
import type { Asked, AskedUse, Line, Told, ToldDraw } from "./log.js";

/** What a use must hold at the end: surely this draw, surely none, or either (a call of it was not answered). */
export interface UseHistory {
  contact: string;
  certain: boolean;
  /** The last draw that it was told, unless that was surely released. */
  code: string | null;
  number: number;
}

/** What the logs tell of one draw. */
export interface DrawHistory {
  code: string;
  /** The contact, where contacts keep codes; else the use's message. */
  holder: string;
}

export interface UploadHistory {
  count: number;
  /** The batch and what it added, where it was answered. */
  told: { batch: string; added: number } | null;
  /** Refused for a reason that is not the store's: nothing of it may be there. */
  refused: boolean;
}

export interface UndoHistory {
  told: { removed: number; kept: number } | null;
}

export interface PoolHistory {
  uses: Map<string, UseHistory>;
  draws: Map<number, DrawHistory>;
  uploads: Map<string, UploadHistory>;
  undos: Map<string, UndoHistory>;
  /** Codes that were told to be marked as redeemed. */
  redeemed: Set<string>;
  /** New draws that somebody was told. */
  drawn: number;
  /** Answers that were repeats. */
  repeats: number;
}

/** Hears what is wrong: a promise's name, and the case. */
export type Report = (promise: Promised, what: string) => void;

/** What can be found broken. */
export type Promised = "shared" | "retry" | "lost" | "invented" | "upload" | "undo" | "counts" | "redeemed";

/** Puts together what the logs (one list of lines each) say about `pool`. `keepsByContact`: whether its holders are contacts. */
export function historyOf(
  logs: readonly (readonly Line[])[],
  pool: string,
  keepsByContact: boolean,
  report: Report,
): PoolHistory {
  const history: PoolHistory = {
    uses: new Map(),
    draws: new Map(),
    uploads: new Map(),
    undos: new Map(),
    redeemed: new Set(),
    drawn: 0,
    repeats: 0,
  };
  for (const lines of logs) {
    let asked: Asked | null = null;
    for (const line of lines) {
      if ("born" in line) {
        asked = null;
      } else if ("ask" in line) {
        asked = line;
        ask(history, pool, line);
      } else {
        if (asked?.n !== line.told) throw new Error(`A log tells of call ${line.told} and asked ${asked?.n}.`);
        tell(history, pool, asked, line, keepsByContact, report);
        asked = null;
      }
    }
  }
  return history;
}

/** From here until its answer, whatever the call can change is uncertain. */
function ask(history: PoolHistory, pool: string, asked: Asked): void {
  if (asked.ask === "render") {
    if (asked.pools.includes(pool)) doubt(history, asked.use);
    return;
  }
  if (asked.pool !== pool) return;
  if (asked.ask === "draw") {
    for (const use of asked.uses) doubt(history, use);
  } else if (asked.ask === "release") {
    const known = useOf(history, asked.use);
    known.certain = false;
  } else if (asked.ask === "upload") {
    history.uploads.set(asked.name, { count: asked.count, told: null, refused: false });
  } else if (asked.ask === "undo") {
    if (!history.undos.has(asked.batch)) history.undos.set(asked.batch, { told: null });
  }
}

/** A draw was asked for: a use that surely holds none may now hold one. One that holds a draw still does. */
function doubt(history: PoolHistory, use: AskedUse): void {
  const known = useOf(history, use);
  if (known.code === null) known.certain = false;
}

function useOf(history: PoolHistory, [message, contact]: AskedUse): UseHistory {
  let known = history.uses.get(message);
  if (known === undefined) {
    known = { contact, certain: true, code: null, number: 0 };
    history.uses.set(message, known);
  }
  return known;
}

function tell(
  history: PoolHistory,
  pool: string,
  asked: Asked,
  told: Told,
  keepsByContact: boolean,
  report: Report,
): void {
  if (asked.ask === "render") {
    const at = asked.pools.indexOf(pool);
    if (at >= 0 && "draws" in told) tellDraw(history, asked.use, told.draws[at] ?? null, keepsByContact, report);
    return;
  }
  if (asked.pool !== pool) return;
  if (asked.ask === "draw" && "draws" in told) {
    for (const [i, use] of asked.uses.entries()) {
      tellDraw(history, use, told.draws[i] ?? null, keepsByContact, report);
    }
  } else if (asked.ask === "release" && "released" in told) {
    tellRelease(history, asked, told, report);
  } else if (asked.ask === "upload") {
    const upload = history.uploads.get(asked.name) as UploadHistory;
    if ("batch" in told) upload.told = { batch: told.batch, added: told.added };
    else if ("refused" in told) upload.refused = true;
  } else if (asked.ask === "undo" && "removed" in told) {
    const { removed, kept } = told;
    const before = history.undos.get(asked.batch)?.told;
    if (before && (before.removed !== removed || before.kept !== kept)) {
      report("undo", `${asked.batch}: undone twice, with ${JSON.stringify(before)} and ${JSON.stringify(told)}`);
    }
    history.undos.set(asked.batch, { told: { removed, kept } });
  } else if (asked.ask === "redeem" && "marked" in told && told.marked > 0) {
    for (const code of asked.codes) history.redeemed.add(code);
  }
}

function tellDraw(history: PoolHistory, use: AskedUse, draw: ToldDraw, keepsByContact: boolean, report: Report): void {
  const [message, contact] = use;
  const known = useOf(history, use);
  const common = message.startsWith("all-");
  if (draw === null) {
    if (known.certain && known.code !== null && !common) {
      report("retry", `${message} held ${known.code} and came away empty`);
    }
    // Of a use that all draw, somebody may hold the answer to a later call.
    if (known.code === null && !common) known.certain = true;
    return;
  }
  const [code, number, repeat] = draw;
  if (repeat) history.repeats += 1;
  else history.drawn += 1;
  if (known.certain && known.code !== null) {
    if (known.code !== code || known.number !== number) {
      report("retry", `${message} was told ${known.code} (${known.number}) and then ${code} (${number})`);
    } else if (!repeat && !common) {
      report("retry", `${message} was told ${code} twice, the second time as new`);
    }
  }
  known.certain = true;
  known.code = code;
  known.number = number;
  const holder = keepsByContact ? contact : message;
  const before = history.draws.get(number);
  if (before === undefined) history.draws.set(number, { code, holder });
  else if (before.code !== code || before.holder !== holder) {
    report("shared", `draw ${number} is ${before.code} for ${before.holder} and ${code} for ${holder}`);
  }
}

function tellRelease(
  history: PoolHistory,
  { use, number }: Extract<Asked, { ask: "release" }>,
  { released, reason }: { released: boolean; reason: string | null },
  report: Report,
): void {
  const known = useOf(history, use);
  if (released) {
    known.certain = true;
    known.code = null;
  } else if (reason === "redeemed") {
    known.certain = true;
  } else {
    // Only this process releases this use, and never twice: it must have been there.
    report("lost", `${use[0]} was told draw ${number}, whose release says ${reason}`);
  }
}
