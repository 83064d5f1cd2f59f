/** Every file of the corpora under `tests/fixtures`, uploaded through the package: what its table says is what becomes of it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { CouponPoolsError, type UploadOptions, type UploadReport } from "coupon-pools";
import { Bench } from "./workbench.js";

interface Case {
  file: string;
  about: string;
  options?: UploadOptions;
  error?: string;
  codes: [row: number, code: string, expiry?: string][];
  rejected: [row: number, reason: string][];
  duplicates: number[];
  warnings: string[];
  format?: Partial<UploadReport["format"]>;
}

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));

async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What the table calls the codes of a report: rows as the preview shows them. */
const shown = ({ preview }: UploadReport) =>
  preview
    .filter(({ verdict }) => verdict === "code")
    .map(({ row, code, expiresAt }) =>
      expiresAt === null ? [row, code] : [row, code, new Date(expiresAt).toISOString()],
    );

/** Uploads into a pool of its own, and draws all there is: the report, or the code of the error, and what was drawn. */
async function upload(source: Uint8Array | AsyncIterable<Uint8Array>, options: UploadOptions = {}) {
  const bench = Bench.inMemory();
  await bench.pool("a", []);
  const report = await bench.pools.upload("a", source, options).catch((error: unknown) => {
    assert.ok(error instanceof CouponPoolsError, String(error));
    return error;
  });
  if (report instanceof CouponPoolsError) return { error: report, drawn: [] };
  const uses = Array.from({ length: report.added }, (_, index) => ({ message: "m", contact: `c${index}` }));
  const drawn = await bench.pools.drawMany("a", uses);
  await bench.audit("a");
  return { report, drawn: drawn.map(({ code }) => code) };
}

for (const corpus of ["csv", "exports"]) {
  const folder = join(FIXTURES, corpus);
  const cases: Case[] = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  describe(`the corpus ${corpus}`, () => {
    for (const entry of cases) {
      it(`${entry.file}: ${entry.about}`, async () => {
        const bytes = new Uint8Array(readFileSync(join(folder, "files", entry.file)));
        for (const source of [bytes, chunked(bytes, 1), chunked(bytes, 7)]) {
          const { report, error, drawn } = await upload(source, entry.options);
          if (!report || entry.error) {
            assert.equal(error?.code ?? "taken", entry.error);
            continue;
          }
          const { rejected, duplicates, warnings } = report;
          assert.deepEqual(shown(report), entry.codes);
          assert.deepEqual(
            rejected.map(({ row, reason }) => [row, reason]),
            entry.rejected,
          );
          assert.deepEqual(
            duplicates.map(({ row }) => row),
            entry.duplicates,
          );
          assert.deepEqual(warnings.map(({ kind }) => kind).sort(), [...entry.warnings].sort());
          for (const [name, value] of Object.entries(entry.format ?? {})) {
            assert.deepEqual(Reflect.get(report.format, name), value, name);
          }
          assert.deepEqual([...drawn].sort(), entry.codes.map(([, code]) => code).sort());
        }
      });
    }
  });
}

/** What a reader is to find in one worksheet: a cell is its text, or a mark and its text. */
interface SheetCase {
  file: string;
  about: string;
  sheet?: string | number;
  name?: string;
  rows?: (string | [mark: string, text: string])[][];
  choices?: string[];
}

/** Why a code is refused, by the mark of its cell. */
const REASONS: Record<string, string> = {
  S: "rounded-number",
  D: "date-cell",
  B: "boolean-cell",
  E: "error-cell",
  F: "formula-without-result",
  N: "uncertain-number",
  L: "too-long",
};

/** What becomes of a worksheet whose header names the codes and the expiries; without one, of its first column. */
function outcome(rows: NonNullable<SheetCase["rows"]>) {
  const header = rows.findIndex((cells) => cells.some((cell) => /code$/i.test(String(cell))));
  const columnOf = (name: RegExp) => rows[header]?.findIndex((cell) => name.test(String(cell))) ?? -1;
  const [codeColumn, expiryColumn] = [Math.max(0, columnOf(/code$/i)), columnOf(/^(expires|valid until)$/i)];
  const codes: unknown[][] = [];
  const rejected: [number, string][] = [];
  for (const [index, cells] of rows.entries()) {
    if (index <= header || cells.length === 0) continue;
    const [mark, text] = both(cells[codeColumn]);
    const code = text.trim();
    const reason = REASONS[mark] ?? fault(code);
    if (reason) rejected.push([index + 1, reason]);
    else codes.push(dated(index + 1, code, both(cells[expiryColumn])[1]));
  }
  return { codes, rejected };
}

/** What is wrong with the text of a code. */
function fault(code: string) {
  if (code === "") return "empty";
  if (code.includes("\n")) return "line-break";
  return code.includes("\t") ? "invisible-character" : undefined;
}

const both = (cell: string | [string, string] | undefined) =>
  typeof cell === "object" ? cell : (["", cell ?? ""] as const);

/** A day alone means its end. */
function dated(row: number, code: string, expiry: string) {
  if (expiry === "") return [row, code];
  const instant = expiry.includes("T") ? Date.parse(`${expiry}Z`) : Date.parse(expiry) + 86_400_000;
  return [row, code, new Date(instant).toISOString()];
}

describe("the corpus sheets", () => {
  const folder = join(FIXTURES, "sheets");
  const cases: SheetCase[] = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  for (const { file, about, sheet, name, rows, choices } of cases) {
    it(`${file}: ${about}${sheet === undefined ? "" : ` (${sheet})`}`, async () => {
      const [program = "", workbook = ""] = file.split("/");
      const bytes = new Uint8Array(readFileSync(join(folder, program, "files", workbook)));
      for (const source of [bytes, chunked(bytes, 1_000)]) {
        const { report, error, drawn } = await upload(source, sheet === undefined ? {} : { sheet });
        if (!report || choices) {
          assert.equal(error?.code, choices?.length === 0 ? "UPLOAD_EMPTY" : "UPLOAD_SHEET_UNKNOWN");
          if (choices?.length) assert.deepEqual(error?.details.sheets, choices);
          continue;
        }
        assert.equal(report.format.kind, workbook.split(".").at(-1)?.replace("xlsm", "xlsx"));
        assert.equal(report.format.sheet, name);
        const wanted = outcome(rows ?? []);
        assert.deepEqual(
          report.rejected.map(({ row, reason }) => [row, reason]),
          wanted.rejected,
        );
        // The preview ends after some rows; what is drawn does not.
        const last = report.preview.at(-1)?.row ?? 0;
        assert.deepEqual(
          shown(report),
          wanted.codes.filter(([row]) => Number(row) <= last),
        );
        assert.deepEqual([...drawn].sort(), wanted.codes.map(([, code]) => code).sort());
      }
    });
  }
});
