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
  preview.map(({ row, code, expiresAt }) =>
    expiresAt === null ? [row, code] : [row, code, new Date(expiresAt).toISOString()],
  );

async function upload(entry: Case, source: Uint8Array | AsyncIterable<Uint8Array>) {
  const bench = Bench.inMemory();
  await bench.pool("a", []);
  const report = await bench.pools.upload("a", source, entry.options).catch((error: unknown) => {
    assert.ok(error instanceof CouponPoolsError, String(error));
    return error.code;
  });
  if (typeof report === "string") return { report, drawn: [] };
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
          const { report, drawn } = await upload(entry, source);
          if (typeof report === "string" || entry.error) {
            assert.equal(typeof report === "string" ? report : "taken", entry.error);
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
