/** Batches: requests as flat lists of texts, and answers read back. */
import type { BatchRow, CodeBlock, Store } from "../../store.js";
import { toColumn } from "../instants.js";
import { poolScript } from "./engine.js";
import { ADD_BLOCK, BATCHES, BEGIN, COMMIT, CONTAINS, DROP_BATCH, SWEEP, UNDO } from "./lua/uploads.js";

export const BEGIN_SCRIPT = poolScript(BEGIN, "stock");
export const ADD_BLOCK_SCRIPT = poolScript(ADD_BLOCK, "stock", "finder");
export const COMMIT_SCRIPT = poolScript(COMMIT, "stock");
export const DROP_SCRIPT = poolScript(DROP_BATCH, "stock");
export const UNDO_SCRIPT = poolScript(UNDO, "stock");
export const CONTAINS_SCRIPT = poolScript(CONTAINS, "stock", "finder");
export const BATCHES_SCRIPT = poolScript(BATCHES, "stock");
export const SWEEP_SCRIPT = poolScript(SWEEP, "stock", "finder");

export function beginAnswer(reply: string[]): Awaited<ReturnType<Store["beginBatch"]>> {
  const [status, rest, batch] = reply;
  if (status === "stale") return { status, document: rest ? JSON.parse(rest) : null };
  if (status === "busy") return { status, batch: batch as string, until: Number(rest) };
  return { status: status as "begun" | "ended" };
}

export function blockValues(batch: string, number: number, leaseUntil: number, block: CodeBlock): string[] {
  const { codes, keys, runs } = block;
  const values = [batch, String(number), String(leaseUntil), String(runs.length)];
  for (const { expiresAt, count } of runs) values.push(String(toColumn(expiresAt)), String(count));
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] as string;
    values.push(keys === codes || keys[i] === code ? code : `${code}\r${keys[i]}`);
  }
  return values;
}

export function blockAnswer(reply: string[]): Awaited<ReturnType<Store["addBlock"]>> {
  const [status, duplicates] = reply;
  if (status === "ended") return { status };
  return { status: "added", duplicates: duplicates ? duplicates.split(",").map(Number) : [] };
}

const STATES: readonly BatchRow["state"][] = ["staged", "committed", "undone"];

export function batchRows(reply: string[]): { sequence: number; row: BatchRow }[] {
  const rows: { sequence: number; row: BatchRow }[] = [];
  for (let at = 0; at < reply.length; at += 8) {
    const [sequence, state, note, added, undone, assigned, instant, batch] = reply.slice(at, at + 8) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    rows.push({
      sequence: Number(sequence),
      row: {
        batch,
        state: STATES[Number(state)] as BatchRow["state"],
        note: JSON.parse(note),
        added: Number(added),
        undone: Number(undone),
        assigned: Number(assigned),
        at: Number(instant),
      },
    });
  }
  return rows;
}
