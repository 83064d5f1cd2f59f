/** The table of a chaos run, as Markdown. */
import type { ChaosResult } from "./run.js";

const HEAD = [
  "engine",
  "draws",
  "repeats",
  "uploads",
  "kills",
  "server restarts",
  "shared",
  "lost",
  "other",
  "seconds",
];

export function tableOf(results: readonly ChaosResult[]): string {
  const rows = results.map(({ engine, draws, repeats, uploads, kills, serverRestarts, broken, seconds }) => {
    const { shared, lost, ...rest } = broken;
    const other = Object.values(rest).reduce((sum, count) => sum + count, 0);
    return [engine, draws, repeats, uploads, kills, serverRestarts, shared, lost, other, Math.round(seconds)];
  });
  const lines = [HEAD, HEAD.map(() => "---"), ...rows.map((row) => row.map((cell) => cell.toLocaleString("en-GB")))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
