import assert from "node:assert/strict";
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import type { UploadProgress } from "coupon-pools";
import { Bench, codes, failure, gate, overEveryStoreAndThread, soon, watched } from "./workbench.js";

const bad = (count: number) => "1.23457E+15\n".repeat(count);

/** A stream that keeps what it is given, as a page would to make a Blob of it. */
function kept() {
  const parts: Uint8Array[] = [];
  const ends: unknown[] = [];
  const stream = new WritableStream<Uint8Array>({
    write: (part) => void parts.push(part),
    close: () => void ends.push("closed"),
    abort: (reason) => void ends.push(reason),
  });
  const rows = () => Buffer.concat(parts).toString().trim().split("\r\n").slice(1);
  return { stream, parts, ends, rows };
}

overEveryStoreAndThread("an upload tells", (open) => {
  it("what it understood of the first rows, every cell, before anything is stored", async () => {
    const bench = open();
    await bench.pool("a", ["OLD-1"]);
    const text =
      "Our codes;\n\nnote;code;expires\nx;NEW-1;2027-01-31\ny;old-1;\nz;new-1;\n;;2027-01-31\nw;NEW-2;soon\n";
    const { format, preview, added, duplicatesInFile, duplicatesInPool, rejectedCount } = await bench.pools.upload(
      "a",
      text,
      { dryRun: true },
    );
    assert.deepEqual([added, duplicatesInFile, duplicatesInPool, rejectedCount], [1, 1, 1, 2]);
    assert.deepEqual(
      [format.kind, format.sheet, format.encoding, format.delimiter, format.headerRow, format.codeColumn],
      ["csv", null, "utf-8", ";", 3, 1],
    );
    assert.deepEqual(
      preview.map(({ row, verdict, cells, reason }) => [
        row,
        verdict,
        cells.map((cell) => `${cell.value} ${cell.verdict}`).join(", "),
        reason,
      ]),
      [
        [1, "ignored", "Our codes ignored,  ignored", null],
        [3, "header", "note header, code header, expires header", null],
        [4, "code", "x ignored, NEW-1 code, 2027-01-31 expiry", null],
        [5, "in-pool", "y ignored, old-1 code,  expiry", null],
        [6, "duplicate", "z ignored, new-1 code,  expiry", null],
        [7, "rejected", " ignored,  rejected, 2027-01-31 expiry", "empty"],
        [8, "rejected", "w ignored, NEW-2 code, soon rejected", "bad-date"],
      ],
    );
    assert.deepEqual([preview[2]?.code, preview[2]?.expiresAt], ["NEW-1", Date.parse("2027-02-01T00:00:00Z")]);
    assert.equal((await bench.pools.get("a")).added, 1);
    const stored = await bench.pools.upload("a", text);
    assert.deepEqual(stored.preview, preview, "the upload itself says the same");
  });

  it("every rejected row in a file, however many, in a dry run and in the upload itself", async () => {
    const bench = open();
    await bench.pool("a", ["OLD-1"]);
    for (const dryRun of [true, false]) {
      const file = kept();
      const source = `code\nA-1\n${bad(3_000)}=1+1\u200b\nA-2\n`;
      const report = await bench.pools.upload("a", source, { dryRun, rejectedTo: file.stream });
      assert.deepEqual([report.added, report.rejectedCount, report.rejected.length], [2, 3_001, 1_000]);
      const rows = file.rows();
      assert.equal(rows.length, 3_001);
      assert.match(rows[0] ?? "", /^3,code,1\.23457E\+15,rounded-number,"?The digits are lost: .*text.*$/);
      assert.match(rows[3_000] ?? "", /^3003,code,'=1\+1\\u\{200b\},invisible-character,/, "and is safe to open");
      assert.deepEqual(file.ends, ["closed"]);
      assert.ok(!file.stream.locked);
      assert.match(report.reasons[0]?.advice ?? "", /format the column as text/);
    }
  });

  it("all of it, too, when no row could be taken", async () => {
    const bench = open();
    await bench.pool("a", []);
    const file = kept();
    const error = await failure(bench.pools.upload("a", `code\n${bad(2_000)}`, { rejectedTo: file.stream }));
    assert.equal(error.code, "UPLOAD_NOTHING_USABLE");
    await soon(file.stream.getWriter().closed, "the file's end");
    assert.deepEqual([file.rows().length, file.ends], [2_000, ["closed"]]);
  });

  it("the file of rejected rows no faster than it is taken", async () => {
    const bench = open();
    await bench.pool("a", []);
    const [begun, taken] = [gate(), gate()];
    let written = 0;
    const slow = new WritableStream<Uint8Array>({
      write: async () => {
        written += 1;
        begun.open();
        await taken.opened;
      },
    });
    let read = 0;
    const source = async function* () {
      for (; read < 100; read++) yield Buffer.from(`A-${read}\n${bad(2_000)}`);
    };
    const upload = bench.pools.upload("a", source(), { rejectedTo: slow, header: false });
    await begun.opened;
    // Room for every step that an upload could take if nothing held it back.
    for (let turn = 0; turn < 1_000; turn++) await new Promise(setImmediate);
    assert.equal(written, 1);
    assert.ok(read < 20, `${read} pieces were read for a stream that takes none`);
    taken.open();
    assert.equal((await upload).rejectedCount, 200_000);
  });

  it("a stream of rejected rows that fails as HOST_FAILED, and stores nothing", async () => {
    const broken = new Error("the disk is full");
    const fails: [string, UnderlyingSink<Uint8Array>][] = [
      ["write", { write: () => Promise.reject(broken) }],
      ["close", { close: () => Promise.reject(broken) }],
    ];
    for (const [what, sink] of fails) {
      const bench = open();
      await bench.pool("a", []);
      const rejectedTo = new WritableStream<Uint8Array>(sink);
      const error = await failure(bench.pools.upload("a", `A-1\n${bad(3)}`, { rejectedTo }), what);
      assert.deepEqual([error.code, error.cause], ["HOST_FAILED", broken], what);
      assert.equal((await bench.pools.get("a")).added, 0, what);
    }
  });

  it("the stream of rejected rows that the upload failed", async () => {
    const bench = open();
    await bench.pool("a", []);
    const file = kept();
    const reason = new Error("changed my mind");
    const upload = bench.pools.upload("a", "A-1\n", { rejectedTo: file.stream, signal: AbortSignal.abort(reason) });
    const error = await failure(upload);
    assert.deepEqual([error.code, file.ends], ["ABORTED", [error]]);
  });

  it("how far it is after each block, at the pace of the store", async () => {
    const bench = open();
    await bench.pool("a", []);
    const { store } = watched(bench.store, (call) => {
      if (call.method === "addBlock") bench.now += 1_000;
      return call.go();
    });
    const seen: UploadProgress[] = [];
    const text = `code\n${codes("A", 50_000).join("\n")}\n`;
    await bench.over(store).upload("a", new Blob([text]), { onProgress: (progress) => seen.push(progress) });
    const block = bench.store.traits.limits.blockCodes;
    assert.ok(seen.length >= 50_000 / block, `${seen.length} figures for ${50_000 / block} blocks`);
    for (const [index, { rows, bytes, totalBytes }] of seen.entries()) {
      assert.equal(totalBytes, text.length);
      assert.ok(rows >= (seen[index - 1]?.rows ?? 0) && bytes >= (seen[index - 1]?.bytes ?? 0));
    }
    const last = seen.at(-1) as UploadProgress;
    assert.deepEqual([last.rows, last.bytes, last.secondsLeft], [50_000, text.length, 0]);
    const middle = seen[Math.floor(seen.length / 2)] as UploadProgress;
    if (block < 25_000) {
      assert.ok(middle.rowsPerSecond > block / 3 && middle.rowsPerSecond < block * 3, `${middle.rowsPerSecond} rows/s`);
      assert.ok((middle.secondsLeft ?? 0) > 0);
    }
  });
});

describe("an upload", () => {
  it("stops soon when it is cancelled or its progress callback throws between two blocks", async () => {
    for (const how of ["abort", "throw"]) {
      const bench = Bench.inMemory();
      await bench.pool("a", []);
      const controller = new AbortController();
      const broken = new Error("the page is gone");
      const { store, of } = watched(bench.store);
      const onProgress = ({ rows }: UploadProgress) => {
        if (rows === 0) return;
        if (how === "throw") throw broken;
        controller.abort(broken);
      };
      const options = { onProgress, signal: controller.signal };
      const error = await failure(bench.over(store).upload("a", codes("A", 90_000).join("\n"), options));
      assert.deepEqual([error.code, error.cause], [how === "throw" ? "HOST_FAILED" : "ABORTED", broken]);
      assert.ok(of("addBlock").length <= 2, "of one piece with many blocks");
      assert.equal((await bench.pools.get("a")).added, 0);
    }
  });

  it("names the limit that it met, and takes the file when that is raised", async () => {
    const long = `code,note\nA-1,"${"x".repeat(2 << 20)}"\n`;
    const wide = `code${",".repeat(2_000)}\nA-1${",".repeat(2_000)}\n`;
    const dated = `code,expires\n${codes("A", 20)
      .map((code, day) => `${code},2027-01-${day + 10}`)
      .join("\n")}\n`;
    const cases: [string, string, object, object][] = [
      ["UPLOAD_ROW_TOO_LONG", long, {}, { rowBytes: 3 << 20 }],
      ["UPLOAD_TOO_MANY_COLUMNS", wide, {}, { columns: 2_001 }],
      ["UPLOAD_TOO_MANY_EXPIRIES", dated, { expiries: 19 }, { expiries: 20 }],
      ["UPLOAD_TOO_MANY_CODES", codes("A", 200_000).join("\n"), { dedupeBytes: 1 << 20 }, { dedupeBytes: 64 << 20 }],
    ];
    for (const [code, source, limits, raised] of cases) {
      const bench = Bench.inMemory();
      await bench.pool("a", []);
      const error = await failure(bench.pools.upload("a", source, { limits }), code);
      assert.equal(error.code, code);
      assert.equal(error.details.option, `limits.${Object.keys(raised)[0]}`);
      assert.ok((await bench.pools.upload("a", source, { limits: raised })).added > 0, code);
    }
  });

  it("can be told every thing that it would find out", async () => {
    const read = async (source: string | Uint8Array, options: object) => {
      const bench = Bench.inMemory();
      await bench.pool("a", []);
      const { preview } = await bench.pools.upload("a", source, { dryRun: true, ...options });
      return preview.flatMap(({ code }) => code ?? []);
    };
    const file = "code,x\nA-1,B-1\nA-2,B-2\n";
    assert.deepEqual(await read(file, { columns: { code: 1 } }), ["B-1", "B-2"]);
    assert.deepEqual(await read(file, { columns: { code: "X" } }), ["B-1", "B-2"]);
    assert.deepEqual(await read(file, { header: 2, columns: { code: 0 } }), ["A-2"]);
    assert.deepEqual(await read(file, { header: false, columns: { code: 0 } }), ["code", "A-1", "A-2"]);
    assert.deepEqual(await read(file, { delimiter: "" }), ["A-1,B-1", "A-2,B-2"]);
    assert.deepEqual(await read("code~x\nA-1~B-1\n", { delimiter: "~" }), ["A-1"]);
    assert.deepEqual(await read("code\nÄ-1\n", { encoding: "windows-1252" }), ["Ã„-1"]);
  });

  it("keeps its rejected rows by one line in Node and by one in a page", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const folder = mkdtempSync(join(tmpdir(), "coupon-pools-"));
    const path = join(folder, "rejected.csv");
    const source = `code\nA-1\n${bad(5)}`;
    await bench.pools.upload("a", source, { rejectedTo: Writable.toWeb(createWriteStream(path)) });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const [blob] = await Promise.all([
      new Response(readable).blob(),
      bench.pools.upload("a", source, { rejectedTo: writable }),
    ]);
    const text = readFileSync(path, "utf8");
    rmSync(folder, { recursive: true });
    assert.equal(text.split("\r\n").length, 7);
    assert.equal(Buffer.from(await blob.arrayBuffer()).toString(), text);
  });
});
