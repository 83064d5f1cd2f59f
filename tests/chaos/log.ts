/**
 * What a process was told, in a file of its own: a line before each call, and one after it. Nothing is flushed to the
 * disk, because a process's death leaves what it has written; only its last line may be torn.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/** One draw asked for: (message, contact), without a slot. */
export type AskedUse = readonly [message: string, contact: string];

/** What a use was told: its code, the draw's number, and 1 for a repeat; `null`: it came away without a draw. */
export type ToldDraw = readonly [code: string, number: number, repeat: 0 | 1] | null;

/** A call that is about to be made. `n` counts the calls of one life of a process. */
export type Asked =
  | { ask: "draw"; n: number; pool: string; uses: readonly AskedUse[] }
  /** One mail over several pools, whose uses all fail or are all shown. */
  | { ask: "render"; n: number; pools: readonly string[]; use: AskedUse }
  | { ask: "release"; n: number; pool: string; use: AskedUse; number: number }
  | { ask: "redeem"; n: number; pool: string; codes: readonly string[] }
  /** Codes `name-0`, `name-1`, … */
  | { ask: "upload"; n: number; pool: string; name: string; count: number }
  | { ask: "undo"; n: number; pool: string; batch: string };

/** What came of the call `told`. `failed`: the store failed, so it may have been done or not. */
export type Told =
  | { told: number; draws: readonly ToldDraw[] }
  | { told: number; released: boolean; reason: string | null }
  | { told: number; marked: number }
  | { told: number; batch: string; added: number }
  | { told: number; removed: number; kept: number }
  | { told: number; refused: string }
  | { told: number; failed: string };

/** The first line of each life of a process. */
export interface Born {
  born: number;
}

export type Line = Asked | Told | Born;

/** How much of a dead process's log its heir reads. */
const TAIL_BYTES = 64 * 1024;

/** The log of one place among the processes; whoever takes the place over goes on in the same file. */
export class Log {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a+");
  }

  write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  /** Begins a life: a torn line is ended, and the last whole lines of those who lived before are the answer. */
  begin(life: number): Line[] {
    const { size } = fstatSync(this.#file);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(this.#file, tail, 0, tail.length, size - tail.length);
    const text = tail.toString("utf8");
    if (text !== "" && !text.endsWith("\n")) writeSync(this.#file, "\n");
    this.write({ born: life });
    // The first line of the piece is a part of one, unless the piece is the whole.
    return parsed(text.slice(size > tail.length ? text.indexOf("\n") + 1 : 0));
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The lines of a log, in order. A line that a death has torn is left out: its call was made by nobody or told to nobody. */
export function readLog(path: string): Line[] {
  return parsed(readFileSync(path, "utf8"));
}

function parsed(text: string): Line[] {
  const lines: Line[] = [];
  let torn: string | null = null;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    let read: Line;
    try {
      read = JSON.parse(line) as Line;
    } catch {
      if (torn !== null) throw new Error(`Two torn lines in a row: ${torn.slice(0, 200)}`);
      torn = line;
      continue;
    }
    if (torn !== null && !("born" in read))
      throw new Error(`A torn line in the middle of a life: ${torn.slice(0, 200)}`);
    torn = null;
    lines.push(read);
  }
  return lines;
}
