/** Claims and releases: requests as flat lists of texts, and answers read back. */
import type { ClaimAnswer, ClaimOutcome, ClaimRequest, ReleaseItem, ReleaseOutcome } from "../../store.js";
import { fromColumn, hourOf, toColumn } from "../instants.js";
import { poolScript } from "./engine.js";
import { CLAIM } from "./lua/claim.js";
import { RELEASE } from "./lua/release.js";
import { escapeText } from "./texts.js";

export const CLAIM_SCRIPT = poolScript(CLAIM, "stock", "uses");
export const RELEASE_SCRIPT = poolScript(RELEASE, "stock", "finder", "uses");

export function claimValues(request: ClaimRequest): string[] {
  const { items, now } = request;
  const count = items.length;
  const ends = items.map(({ message, slot }) => `${escapeText(message)}\t${escapeText(slot)}`);
  const sameEnd = ends.every((end) => end === ends[0]) ? (ends[0] ?? "") : "";
  const holders = items.some(({ holder }) => holder !== null) ? items.map(({ holder }) => holder ?? "") : [];
  const values = [
    String(request.version),
    String(now),
    request.reuse,
    String(toColumn(request.expiresAt)),
    String(request.minValidity),
    String(hourOf(now)),
    now.toString(36),
    String(count),
    items.some(({ fallsBack }) => fallsBack) ? items.map(({ fallsBack }) => (fallsBack ? "1" : "0")).join("") : "",
    sameEnd,
    String(holders.length),
  ];
  for (const { use } of items) values.push(use);
  for (const { contact } of items) values.push(escapeText(contact));
  if (sameEnd === "") values.push(...ends);
  values.push(...holders);
  return values;
}

export function claimAnswer(reply: string[]): ClaimAnswer {
  if (reply[0] === "stale") return { status: "stale", document: reply[1] ? JSON.parse(reply[1]) : null };
  const [, remaining, added, alertsRevision, alerts, lines = "", ...codes] = reply;
  const outcomes: ClaimOutcome[] = [];
  let next = 0;
  for (const line of lines === "" ? [] : lines.split("\n")) {
    if (line === "E" || line === "X") {
      outcomes.push({ code: null, reason: line === "E" ? "empty" : "expired" });
      continue;
    }
    const [kind, ...numbers] = line.split(" ");
    const text = codes[next] as string;
    next += 1;
    if (kind === "F") {
      const [number = 0, count = 0, first = 0, column = 0] = numbers.map(Number);
      const expiresAt = fromColumn(column);
      const stored = text.split("\n");
      for (let i = 0; i < count; i += 1) {
        const code = codeOf(stored[first + i] as string);
        outcomes.push({ code, number: number + i, expiresAt, repeat: false, fresh: true, answers: 1 });
      }
      continue;
    }
    const [number = 0, answers = 0, column = 0] = numbers.map(Number);
    outcomes.push({ code: text, number, expiresAt: fromColumn(column), repeat: kind === "r", fresh: false, answers });
  }
  return {
    status: "claimed",
    outcomes,
    remaining: Number(remaining),
    added: Number(added),
    alerts: alertsRevision ? { revision: Number(alertsRevision), state: JSON.parse(alerts as string) } : null,
  };
}

/** A code is stored with its equality key behind it, where that is another text. */
function codeOf(stored: string): string {
  const at = stored.indexOf("\r");
  return at < 0 ? stored : stored.slice(0, at);
}

export const releaseValues = (items: readonly ReleaseItem[]): string[] =>
  items.flatMap(({ use, number, answers }) => [use, String(number), answers === null ? "" : String(answers)]);

export function releaseOutcome(word: string): ReleaseOutcome {
  if (word === "freed" || word === "kept") return { released: true, freed: word === "freed" };
  return { released: false, reason: word as Extract<ReleaseOutcome, { released: false }>["reason"] };
}
