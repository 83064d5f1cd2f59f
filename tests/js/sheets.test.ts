/** Spreadsheets through the package: the whole of an upload, from a file to codes that can be drawn. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { EngineCrashedError, UploadError, type UploadProgress, type UploadSource } from "coupon-pools";
import type { Artefacts, Sheet } from "../../pkg/dist/engine.js";
import { CouponPools } from "../../pkg/dist/pools.js";
import { Bench, failure, NOON, overEveryStore, textOf } from "./workbench.js";
import { type Cell, workbook } from "./workbook.js";
import { zip } from "./zip.mjs";

const codes = (count: number): Cell[][] => Array.from({ length: count }, (_, index) => [`CODE-${index + 1}`]);

const remaining = async (bench: Bench) =>
  (await textOf(bench.pools.export("a", "remaining"))).trim().split("\r\n").slice(1);

async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

overEveryStore("an upload of a spreadsheet", (open) => {
  const file = workbook(
    [
      {
        name: "Größe 日本",
        rows: [
          ["Coupon Code", "Valid until", "Note"],
          [{ xml: '<c s="1"><v>42</v></c>' }, { xml: '<c s="2"><v>46082</v></c>' }, "x"],
          [],
          ["A & B", { xml: '<c s="2"><v>46083.5</v></c>' }, null],
          [{ xml: "<c><v>1.23457E+15</v></c>" }, null, "damaged"],
          [{ xml: '<c t="str"><f>A2</f><v>F-1</v></c>' }, "2026-03-05", null],
        ],
      },
      { name: "Empty", rows: [[null]] },
    ],
    ["00000000", "d.m.yyyy"],
  );
  const sources: [string, () => UploadSource][] = [
    ["bytes", () => file],
    ["a Buffer", () => Buffer.from(file)],
    ["a Blob", () => new Blob([file as BlobPart])],
    ["a File with another name", () => new File([file as BlobPart], "codes.csv")],
    ["a stream", () => new Blob([file as BlobPart]).stream()],
    ["a Node stream", () => Readable.from([Buffer.from(file)])],
    ["single bytes", () => chunked(file, 1)],
  ];
  for (const [name, source] of sources) {
    it(`takes what people see in the cells, from ${name}`, async () => {
      const bench = open();
      await bench.pool("a", []);
      const report = await bench.pools.upload("a", source());
      assert.deepEqual([report.rows, report.added, report.rejectedCount, report.bytes], [4, 3, 1, file.length]);
      assert.deepEqual(
        [report.format.kind, report.format.sheet, report.format.columns],
        ["xlsx", "Größe 日本", ["Coupon Code", "Valid until", "Note"]],
      );
      assert.deepEqual(
        report.rejected.map(({ row, reason, value }) => [row, reason, value]),
        [[5, "rounded-number", "1.23457E+15"]],
      );
      assert.ok(report.warnings.some(({ kind, row }) => kind === "formulas" && row === 6));
      assert.deepEqual(await remaining(bench), [
        "00000042,2026-03-02T00:00:00Z",
        "A & B,2026-03-03T00:00:00Z",
        "F-1,2026-03-06T00:00:00Z",
      ]);
      await bench.audit("a");
    });
  }

  it("reads the worksheet that is named, and asks where two have codes", async () => {
    const bench = open();
    await bench.pool("a", []);
    const two = workbook([
      { name: "Old", rows: [["OLD-1"]] },
      { name: "New", rows: [["NEW-1"], ["NEW-2"]] },
      { name: "Secret", rows: [["S-1"]], hidden: true },
    ]);
    const error = await failure(bench.pools.upload("a", two));
    assert.ok(error instanceof UploadError);
    assert.deepEqual([error.code, error.details.sheets], ["UPLOAD_SHEET_UNKNOWN", ["Old", "New"]]);
    const missing = await failure(bench.pools.upload("a", two, { sheet: "Newest" }));
    assert.deepEqual([missing.code, missing.details.sheets], ["UPLOAD_SHEET_MISSING", ["Old", "New", "Secret"]]);
    assert.equal((await bench.pools.upload("a", two, { sheet: "New", header: false })).added, 2);
    assert.equal((await bench.pools.upload("a", two, { sheet: 1, header: false })).format.sheet, "Old");
    assert.equal((await bench.pools.upload("a", two, { sheet: "Secret", header: false })).added, 1);
    for (const sheet of [0, 1.5, Number.NaN, -1]) {
      const odd = await failure(bench.pools.upload("a", two, { sheet }));
      assert.deepEqual([odd.code, odd.details.option], ["INVALID_ARGUMENT", "sheet"]);
    }
  });

  it("that is refused or cancelled leaves nothing, and the next one begins at once", async () => {
    const bench = open();
    await bench.pool("a", []);
    const whole = workbook([{ name: "Codes", rows: codes(30_000) }]);
    const turned = whole.slice();
    // In the middle of the rows: seen when the part is unpacked, after codes were staged.
    turned[whole.length >> 1] = (turned[whole.length >> 1] as number) ^ 1;
    const error = await failure(bench.pools.upload("a", turned));
    assert.ok(error instanceof UploadError, error.stack);
    assert.equal(error.code, "UPLOAD_DAMAGED");
    const controller = new AbortController();
    const onProgress = ({ rows }: UploadProgress) => rows > 5_000 && controller.abort("enough");
    const aborted = await failure(bench.pools.upload("a", whole, { onProgress, signal: controller.signal }));
    assert.deepEqual([aborted.code, aborted.cause], ["ABORTED", "enough"]);
    assert.deepEqual([...(await bench.pools.batches("a"))], []);
    assert.equal((await bench.pools.upload("a", whole)).added, 30_000);
    await bench.audit("a");
  });
});

describe("an upload of a spreadsheet", () => {
  it("is told by its first bytes, not by its name", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const text = new File(["code\nA-1\n"], "codes.xlsx");
    assert.equal((await bench.pools.upload("a", text)).format.kind, "csv");
    const refused = async (bytes: Uint8Array) => {
      const error = await failure(bench.pools.upload("a", bytes));
      assert.ok(error instanceof UploadError, error.stack);
      return [error.code, error.details.kind];
    };
    assert.deepEqual(await refused(zip({ "codes.csv": "A-1\n" })), ["UPLOAD_SPREADSHEET", "zip"]);
    assert.deepEqual(await refused(zip({ "_rels/.rels": "", "word/document.xml": "" })), [
      "UPLOAD_SPREADSHEET",
      "docx",
    ]);
    assert.deepEqual(await refused(new TextEncoder().encode("PK\x03\x04 and no more")), ["UPLOAD_DAMAGED", undefined]);
    // A code may begin like an archive.
    assert.equal((await bench.pools.upload("a", "PK-1\nPK-2\n", { header: false })).added, 2);
  });

  it("tells in a dry run what it would do, and shows the first rows", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", ["CODE-2"]);
    const report = await bench.pools.upload("a", workbook([{ name: "Codes", rows: [["code"], ...codes(3)] }]), {
      dryRun: true,
    });
    assert.deepEqual([report.batch, report.added, report.duplicatesInPool], [null, 2, 1]);
    assert.deepEqual(
      report.preview.map(({ row, verdict, code }) => [row, verdict, code]),
      [
        [1, "header", null],
        [2, "code", "CODE-1"],
        [3, "in-pool", "CODE-2"],
        [4, "code", "CODE-3"],
      ],
    );
  });

  it("tells its progress in bytes of the file", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const file = workbook([{ name: "Codes", rows: codes(60_000) }]);
    for (const source of [file, new Blob([file as BlobPart]).stream()]) {
      const seen: UploadProgress[] = [];
      await bench.pools.upload("a", source, { dryRun: true, onProgress: (progress) => void seen.push(progress) });
      const bytes = seen.map((progress) => progress.bytes);
      assert.ok(seen.length > 5 && bytes.every((at, index) => at >= (bytes[index - 1] ?? 0) && at <= file.length));
      assert.deepEqual([seen.at(-1)?.bytes, seen.at(-1)?.totalBytes], [file.length, file.length]);
      assert.ok(bytes.some((at) => at > file.length / 4 && at < file.length));
    }
  });

  it("holds no more of a stream than it may, and every limit can be raised", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const file = workbook([{ name: "Codes", rows: codes(2_000) }]);
    const limited = async (source: UploadSource, limits: object) => {
      const error = await failure(bench.pools.upload("a", source, { limits, dryRun: true }));
      assert.ok(error instanceof UploadError, error.stack);
      return [error.code, error.details.option];
    };
    const small = { gatheredBytes: file.length - 1 };
    let given = 0;
    const endless = async function* () {
      yield file;
      for (; given < 100; given++) yield new Uint8Array(1 << 10);
    };
    assert.deepEqual(await limited(endless(), small), ["UPLOAD_TOO_LARGE", "limits.gatheredBytes"]);
    assert.equal(given, 0, "no more was asked for");
    assert.deepEqual(await limited(new Blob([file as BlobPart]), small), ["UPLOAD_TOO_LARGE", "limits.gatheredBytes"]);
    const enough = { limits: { gatheredBytes: file.length }, dryRun: true };
    assert.equal((await bench.pools.upload("a", new Blob([file as BlobPart]), enough)).added, 2_000);
    assert.equal((await bench.pools.upload("a", file, { limits: small, dryRun: true })).added, 2_000);
    for (const [name, limit] of [
      ["expandedBytes", 1_000],
      ["sheetRows", 1_999],
      ["sharedStringsBytes", 1_000],
    ] as const) {
      assert.deepEqual(await limited(file, { [name]: limit }), ["UPLOAD_TOO_LARGE", `limits.${name}`]);
    }
    const odd = await failure(bench.pools.upload("a", file, { limits: { sheetRows: 0 } }));
    assert.deepEqual([odd.code, odd.details.option], ["INVALID_ARGUMENT", "limits.sheetRows"]);
    const unknown = await failure(bench.pools.upload("a", file, { limits: { rows: 1 } as object }));
    assert.deepEqual([unknown.code, unknown.details.option], ["INVALID_ARGUMENT", "limits.rows"]);
  });

  it("whose source fails is HOST_FAILED with the source's own error", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const file = workbook([{ name: "Codes", rows: codes(10) }]);
    const broken = new Error("the disk is gone");
    const source = async function* () {
      yield file.subarray(0, 100);
      throw broken;
    };
    const error = await failure(bench.pools.upload("a", source()));
    assert.deepEqual([error.code, error.cause], ["HOST_FAILED", broken]);
  });
});

describe("the reader of spreadsheets", () => {
  /** The real one behind glue that counts instances, and traps where it is told to. */
  async function counting(trapAt: "open" | number | null) {
    const artefact = async <Name extends "core" | "mail" | "manage" | "xlsx">(name: Name) => {
      const { createGlue } = (await import(`../../pkg/wasm/${name}.glue.js`)) as {
        createGlue: Artefacts[Name]["glue"];
      };
      const module = new WebAssembly.Module(readFileSync(new URL(`../../pkg/wasm/${name}.wasm`, import.meta.url)));
      return { glue: createGlue, load: () => module } as Artefacts[Name];
    };
    const [core, mail, manage, xlsx] = await Promise.all([
      artefact("core"),
      artefact("mail"),
      artefact("manage"),
      artefact("xlsx"),
    ]);
    const log = { instances: 0, usedAfterTrap: 0 };
    const glue = () => {
      log.instances += 1;
      const real = xlsx.glue();
      let [calls, trapped] = [0, false];
      const trap = () => {
        trapped = true;
        throw new WebAssembly.RuntimeError("unreachable");
      };
      class Counting {
        readonly #sheet: Sheet;
        constructor(...args: ConstructorParameters<typeof real.Sheet>) {
          if (trapAt === "open") trap();
          this.#sheet = new real.Sheet(...args);
        }
        #use() {
          if (trapped) log.usedAfterTrap += 1;
        }
        next() {
          this.#use();
          calls += 1;
          if (calls === trapAt) trap();
          return this.#sheet.next();
        }
        position() {
          this.#use();
          return this.#sheet.position();
        }
        kind = () => this.#sheet.kind();
        name = () => this.#sheet.name();
      }
      return Object.assign((options: { module_or_path: WebAssembly.Module }) => real(options), {
        initSync: (options: { module: WebAssembly.Module }) => real.initSync(options),
        Sheet: Counting,
      }) as unknown as ReturnType<Artefacts["xlsx"]["glue"]>;
    };
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const pools = new (CouponPools as unknown as new (options: object, artefacts: Artefacts) => CouponPools)(
      { store: bench.store, clock: () => NOON },
      { core, mail, manage, xlsx: { ...xlsx, glue }, spreadsheets: { ...xlsx, glue } },
    );
    return { bench, pools, log };
  }

  it("is an instance of its own for each upload of such a file, and for no other", async () => {
    const { pools, log } = await counting(null);
    const file = workbook([{ name: "Codes", rows: codes(5) }]);
    await pools.upload("a", "X-1\nX-2\n", { header: false });
    assert.equal(log.instances, 0);
    await Promise.all([1, 2, 3].map(() => pools.upload("a", file, { dryRun: true })));
    assert.equal(log.instances, 3);
  });

  for (const trapAt of ["open", 1, 3] as const) {
    it(`that traps (${trapAt === "open" ? "when it opens" : `at piece ${trapAt}`}) ends its upload and nothing else`, async () => {
      const { bench, pools, log } = await counting(trapAt);
      const error = await failure(pools.upload("a", workbook([{ name: "Codes", rows: codes(60_000) }])));
      assert.ok(error instanceof EngineCrashedError, error.stack);
      assert.deepEqual([error.code, log.usedAfterTrap], ["ENGINE_CRASHED", 0]);
      assert.deepEqual([...(await pools.batches("a"))], []);
      assert.equal((await pools.upload("a", "A-1\n")).added, 1);
      assert.equal((await pools.draw("a", { message: "m", contact: "c" })).code, "A-1");
      await bench.audit("a");
    });
  }
});
