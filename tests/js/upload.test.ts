import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { CouponPoolsError, UploadError, type UploadReport, type UploadSource } from "coupon-pools";
import { Bench, codes, DAY, failure, gate, NOON, overEveryStoreAndThread, soon, textOf, watched } from "./workbench.js";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The pool's free codes, in the order in which they would be drawn. */
const remaining = async (bench: Bench, handle = "a") =>
  (await textOf(bench.pools.export(handle, "remaining")))
    .trim()
    .split("\r\n")
    .slice(1)
    .map((row) => row.split(",")[0]);

const sums = ({ rows, added, duplicatesInFile, duplicatesInPool, rejectedCount }: UploadReport) =>
  assert.equal(rows, added + duplicatesInFile + duplicatesInPool + rejectedCount);

async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Nothing is stored, nothing is staged: the next upload begins at once. */
async function holdsNothing(bench: Bench, handle = "a") {
  const row = await bench.pools.get(handle);
  assert.deepEqual([row.added, row.remaining], [0, 0]);
  assert.deepEqual([...(await bench.pools.batches(handle))], []);
  assert.equal((await bench.another().upload(handle, "NEXT-1\n")).added, 1);
}

overEveryStoreAndThread("an upload", (open) => {
  const file = "code\nA-1\nA-2\nA-3\n";
  const sources: [string, () => UploadSource][] = [
    ["a string", () => file],
    ["a Uint8Array", () => utf8(file)],
    ["a Buffer", () => Buffer.from(file)],
    ["a Blob", () => new Blob([file])],
    ["a File", () => new File([file], "codes.csv")],
    ["a ReadableStream", () => new Blob([file]).stream()],
    ["an async iterable", () => chunked(utf8(file), 5)],
    ["a Node stream", () => Readable.from([Buffer.from(file)])],
    ["a stream of single bytes", () => chunked(utf8(file), 1)],
    ["a stream with empty chunks", () => Readable.from([new Uint8Array(), utf8(file), new Uint8Array()])],
  ];
  for (const [name, source] of sources) {
    it(`takes ${name}`, async () => {
      const bench = open();
      await bench.pool("a", []);
      const report = await bench.pools.upload("a", source());
      assert.deepEqual([report.rows, report.added, report.format.header], [3, 3, true]);
      assert.ok(report.batch);
      assert.deepEqual(await remaining(bench), ["A-1", "A-2", "A-3"]);
    });
  }

  it("reports every row: its sums add up and each rejected row has its number and reason", async () => {
    const bench = open();
    await bench.pool("a", ["OLD-1", "OLD-2"]);
    const report = await bench.pools.upload(
      "a",
      [
        "code,note",
        "NEW-1,x",
        "old-1,in the pool",
        "NEW-1,twice",
        "new-1,twice",
        ",nothing",
        `${"L".repeat(256)},long`,
        "Z\u200bERO,zero",
        "NEW-2,x",
        "",
      ].join("\n"),
    );
    sums(report);
    assert.deepEqual(
      [report.rows, report.added, report.duplicatesInFile, report.duplicatesInPool, report.rejectedCount],
      [8, 2, 2, 1, 3],
    );
    assert.deepEqual(
      report.rejected.map(({ row, reason }) => [row, reason]),
      [
        [6, "empty"],
        [7, "too-long"],
        [8, "invisible-character"],
      ],
    );
    assert.deepEqual(await remaining(bench), ["OLD-1", "OLD-2", "NEW-1", "NEW-2"]);
    await bench.audit("a");
  });

  it("keeps the good rows when some are bad, and all 5,000 of them", async () => {
    const bench = open();
    await bench.pool("a", []);
    const report = await bench.pools.upload("a", `code\n${codes("A", 5_000).join("\n")}\n${"x".repeat(300)}\n`);
    assert.deepEqual([report.added, report.rejectedCount], [5_000, 1]);
    assert.deepEqual([report.rejected[0]?.row, report.rejected[0]?.reason], [5_002, "too-long"]);
  });

  it("in a dry run says the same and stores nothing", async () => {
    const bench = open();
    await bench.pool("a", ["A-2"]);
    const before = await bench.pools.get("a");
    const { store, calls } = watched(bench.store);
    const dry = await bench.over(store).upload("a", `${file}${"x".repeat(300)}\n`, { dryRun: true });
    sums(dry);
    assert.deepEqual([dry.batch, dry.rows, dry.added, dry.duplicatesInPool], [null, 4, 2, 1]);
    for (const { method } of calls) assert.ok(["load", "contains", "counts"].includes(method), method);
    assert.deepEqual(await bench.pools.get("a"), before);
    assert.equal((await bench.pools.batches("a")).length, 1);
    const real = await bench.pools.upload("a", `${file}${"x".repeat(300)}\n`);
    assert.deepEqual({ ...real, batch: null }, dry);
  });

  it("can be undone: what nobody holds leaves, what is held stays and still repeats", async () => {
    const bench = open();
    await bench.pool("a", []);
    const { batch } = await bench.pools.upload("a", codes("A", 5).join("\n"));
    const held = await bench.pools.draw("a", { message: "m", contact: "c" });
    assert.deepEqual(await bench.pools.undo("a", batch ?? ""), { removed: 4, kept: 1 });
    assert.deepEqual(await bench.pools.undo("a", batch ?? ""), { removed: 4, kept: 1 });
    assert.equal((await bench.pools.draw("a", { message: "m", contact: "c" })).code, held.code);
    assert.equal((await failure(bench.pools.draw("a", { message: "m2", contact: "c" }))).code, "OUT_OF_CODES");
    await bench.audit("a");
    const again = await bench.pools.upload("a", codes("A", 5).join("\n"));
    assert.deepEqual([again.added, again.duplicatesInPool], [4, 1]);
    const error = await failure(bench.pools.undo("a", "no-such-batch"));
    assert.deepEqual([error.name, error.code], ["UploadError", "BATCH_NOT_FOUND"]);
    await bench.audit("a");
  });

  it("of which a held code is released after the undo gives that code back to nobody", async () => {
    const bench = open();
    await bench.pool("a", []);
    const { batch } = await bench.pools.upload("a", "A-1\n");
    const { number } = await bench.pools.draw("a", { message: "m", contact: "c" });
    await bench.pools.undo("a", batch ?? "");
    assert.deepEqual(await bench.pools.release("a", { message: "m", contact: "c", number: number ?? 0 }), {
      released: true,
    });
    assert.deepEqual(await bench.audit("a"), { remaining: 0, assigned: 0, expired: 0, added: 0 });
    assert.deepEqual([...(await bench.pools.find("a", { code: "A-1" }))], []);
  });

  it("lists batches, newest first, with the file's name", async () => {
    const bench = open();
    await bench.pool("a", []);
    await bench.pools.upload("a", new File(["A-1"], "one.csv"));
    bench.now += 1;
    await bench.pools.upload("a", "A-2", { fileName: "two.csv" });
    bench.now += 1;
    await bench.pools.upload("a", "A-3");
    const batches = await bench.pools.batches("a");
    assert.deepEqual(
      batches.map(({ note }) => note?.fileName),
      [null, "two.csv", "one.csv"],
    );
    assert.deepEqual(
      batches.map(({ added, state }) => [added, state]),
      [
        [1, "committed"],
        [1, "committed"],
        [1, "committed"],
      ],
    );
    const first = await bench.pools.batches("a", { limit: 2 });
    assert.equal(first.length, 2);
    assert.equal((await bench.pools.batches("a", { cursor: first.next })).length, 1);
  });

  it("whose source fails is HOST_FAILED with the source's own error, and stores nothing", async () => {
    const bench = open();
    await bench.pool("a", []);
    const broken = new Error("the disk is gone");
    const generator = async function* () {
      yield utf8(`${codes("A", 30_000).join("\n")}\n`);
      throw broken;
    };
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(utf8("A-1\n"));
        controller.error(broken);
      },
    });
    for (const source of [generator(), stream]) {
      const error = await failure(bench.pools.upload("a", source));
      assert.ok(error instanceof CouponPoolsError);
      assert.equal(error.code, "HOST_FAILED");
      assert.equal(error.cause, broken);
    }
    await holdsNothing(bench);
  });

  it("stores nothing when its progress callback throws", async () => {
    const bench = open();
    await bench.pool("a", []);
    const broken = new Error("the page is gone");
    const onProgress = () => {
      throw broken;
    };
    const error = await failure(bench.pools.upload("a", "A-1\n", { onProgress }));
    assert.deepEqual([error.code, error.cause === broken], ["HOST_FAILED", true]);
    await holdsNothing(bench);
  });

  describe("that is aborted leaves nothing", () => {
    const reason = new Error("changed my mind");

    it("before it began", async () => {
      const bench = open();
      await bench.pool("a", []);
      const signal = AbortSignal.abort(reason);
      const error = await failure(bench.pools.upload("a", "A-1\n", { signal }));
      assert.deepEqual([error.code, error.cause === reason], ["ABORTED", true]);
      await holdsNothing(bench);
    });

    it("between two chunks", async () => {
      const bench = open();
      await bench.pool("a", []);
      const controller = new AbortController();
      const source = async function* () {
        yield utf8(`${codes("A", 30_000).join("\n")}\n`);
        controller.abort(reason);
        yield utf8("A-0\n");
      };
      const error = await failure(bench.pools.upload("a", source(), { signal: controller.signal }));
      assert.deepEqual([error.code, error.cause === reason], ["ABORTED", true]);
      await holdsNothing(bench);
    });

    it("from its progress callback", async () => {
      const bench = open();
      await bench.pool("a", []);
      const controller = new AbortController();
      const bytes = utf8(`${codes("A", 1_000).join("\n")}\n`);
      const onProgress = (progress: { bytes: number }) => {
        if (progress.bytes === bytes.length) controller.abort(reason);
      };
      const error = await failure(
        bench.pools.upload("a", chunked(bytes, 100), { signal: controller.signal, onProgress }),
      );
      assert.equal(error.code, "ABORTED");
      await holdsNothing(bench);
    });

    it("while a stream is waited for, which is cancelled", async () => {
      const bench = open();
      await bench.pool("a", []);
      const controller = new AbortController();
      let cancelled = false;
      const stalled = new ReadableStream<Uint8Array>({
        start: (stream) => stream.enqueue(utf8("A-1\n")),
        pull: () => new Promise(() => setTimeout(() => controller.abort(reason), 10)),
        cancel: () => {
          cancelled = true;
        },
      });
      const upload = bench.pools.upload("a", stalled, { signal: controller.signal });
      const error = await soon(failure(upload), "an aborted upload of a stalled stream");
      assert.deepEqual([error.code, cancelled], ["ABORTED", true]);
      await holdsNothing(bench);
    });

    it("while an async iterable is waited for", async () => {
      const bench = open();
      await bench.pool("a", []);
      const controller = new AbortController();
      const stalled = async function* () {
        yield utf8("A-1\n");
        setTimeout(() => controller.abort(reason), 10);
        await new Promise(() => undefined);
      };
      const upload = bench.pools.upload("a", stalled(), { signal: controller.signal });
      const error = await soon(failure(upload), "an aborted upload of a stalled iterable");
      assert.equal(error.code, "ABORTED");
      await holdsNothing(bench);
    });

    it("while its last block is being stored, or else it was stored whole and says so", async () => {
      const bench = open();
      await bench.pool("a", []);
      const controller = new AbortController();
      const { store } = watched(bench.store, async (call) => {
        if (call.method === "addBlock") controller.abort(reason);
        return call.go();
      });
      const outcome = await bench
        .over(store)
        .upload("a", "A-1\nA-2\n", { signal: controller.signal })
        .then(
          ({ added }) => added,
          ({ code }) => code,
        );
      const { added } = await bench.pools.get("a");
      assert.ok((outcome === "ABORTED" && added === 0) || (outcome === 2 && added === 2), `${outcome}, ${added}`);
    });

    it("and says how far it had come", async () => {
      const bench = open();
      await bench.pool("a", []);
      const seen: { rows: number; bytes: number; totalBytes?: number }[] = [];
      const text = `${codes("A", 200_000).join("\n")}\n`;
      await bench.pools.upload("a", new Blob([text]), { onProgress: (progress) => seen.push(progress) });
      assert.ok(seen.length > 2);
      for (const [index, { rows, bytes, totalBytes }] of seen.entries()) {
        assert.equal(totalBytes, text.length);
        assert.ok(rows >= (seen[index - 1]?.rows ?? 0) && bytes >= (seen[index - 1]?.bytes ?? 0));
      }
      assert.equal(seen.at(-1)?.bytes, text.length);
    });
  });

  it("is refused while another is under way", async () => {
    const bench = open();
    await bench.pool("a", []);
    const [begun, finish] = [gate(), gate()];
    const source = async function* () {
      yield utf8("A-1\n");
      begun.open();
      await finish.opened;
      yield utf8("A-2\n");
    };
    const first = bench.pools.upload("a", source());
    await begun.opened;
    bench.now += 1_000;
    const error = await failure(bench.another().upload("a", "B-1\n"));
    assert.ok(error instanceof UploadError);
    assert.equal(error.code, "UPLOAD_IN_PROGRESS");
    assert.ok((error.details.retryAfter as number) > 0);
    finish.open();
    assert.equal((await first).added, 2);
    assert.equal((await bench.pools.upload("a", "B-1\n")).added, 1);
    assert.deepEqual(await remaining(bench), ["A-1", "A-2", "B-1"]);
  });

  it("takes over from one whose lease has run out, which learns it and stores nothing", async () => {
    const bench = open();
    await bench.pool("a", []);
    const [begun, finish] = [gate(), gate()];
    const source = async function* () {
      yield utf8("SAME-1\nA-1\n");
      begun.open();
      await finish.opened;
      yield utf8("A-2\n");
    };
    const dead = failure(bench.pools.upload("a", source()));
    await begun.opened;
    bench.now += 120_000;
    const second = await bench.another().upload("a", "SAME-1\nB-1\n");
    assert.deepEqual([second.added, second.duplicatesInPool], [2, 0], "codes of a dead batch are no duplicates");
    finish.open();
    const error = await dead;
    assert.deepEqual([error.name, error.code], ["UploadError", "UPLOAD_SUPERSEDED"]);
    assert.deepEqual(await remaining(bench), ["SAME-1", "B-1"]);
    await bench.audit("a");
  });

  it("takes over at once from another one when it is told to, and the other one, if it lives, stores nothing", async () => {
    const bench = open();
    await bench.pool("a", ["OLD-1"]);
    for (const told of [true, false]) {
      const [begun, finish] = [gate(), gate()];
      const source = async function* () {
        yield utf8(`SAME-1\nOLD-1\n${codes("A", 30_000).join("\n")}\n`);
        begun.open();
        await finish.opened;
        yield utf8("A-X\n");
      };
      const dead = failure(bench.pools.upload("a", source()));
      await begun.opened;
      const again = (takeOver: boolean | string) => bench.another().upload("a", "SAME-1\nOLD-1\nB-1\n", { takeOver });
      const refused = await failure(again(false));
      assert.equal(refused.code, "UPLOAD_IN_PROGRESS");
      const [staged] = await bench.pools.batches("a");
      assert.deepEqual([staged?.state, refused.details.batch], ["staged", staged?.batch]);
      assert.ok(refused.message.includes(`takeOver: "${staged?.batch}"`), refused.message);
      assert.equal((await failure(again("another batch"))).details.batch, staged?.batch, "only the one that was named");
      const second = await again(told ? (refused.details.batch as string) : true);
      assert.deepEqual([second.added, second.duplicatesInPool], [2, 1], "codes of a dropped batch are no duplicates");
      finish.open();
      const error = await dead;
      assert.deepEqual([error.name, error.code], ["UploadError", "UPLOAD_SUPERSEDED"]);
      assert.deepEqual(await remaining(bench), ["OLD-1", "SAME-1", "B-1"]);
      await bench.pools.undo("a", second.batch as string);
    }
    await bench.pools.maintain();
    assert.equal((await bench.audit("a")).added, 1);
  });

  it("takes over from one at most: of two that take over the same one, one is refused", async () => {
    const bench = open();
    await bench.pool("a", []);
    const never = gate();
    const stuck = async function* () {
      yield utf8("A-1\n");
      begun.open();
      await never.opened;
    };
    const begun = gate();
    const dead = failure(bench.pools.upload("a", stuck()));
    await begun.opened;
    let other: Promise<UploadReport> | undefined;
    const { store } = watched(bench.connect(), async (call) => {
      const answer = await call.go();
      if (call.method !== "dropBatch" || other !== undefined) return answer;
      // Between its drop and its next try another one begins.
      const held = gate();
      const source = async function* () {
        yield utf8("B-1\n");
        held.open();
        await late.opened;
      };
      other = bench.another().upload("a", source(), { takeOver: true });
      await held.opened;
      return answer;
    });
    const late = gate();
    const refused = await failure(bench.over(store).upload("a", "C-1\n", { takeOver: true }));
    assert.equal(refused.code, "UPLOAD_IN_PROGRESS");
    late.open();
    assert.equal((await other)?.added, 1);
    never.open();
    assert.equal((await dead).code, "UPLOAD_SUPERSEDED");
    assert.deepEqual(await remaining(bench), ["B-1"]);
  });

  it("says what takeOver may be", async () => {
    const bench = open();
    await bench.pool("a", []);
    const error = await failure(bench.pools.upload("a", "A-1\n", { takeOver: 1 as unknown as boolean }));
    assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", "takeOver"]);
  });

  it("keeps its lease alive while its source keeps sending, however slowly", async () => {
    const bench = open();
    await bench.pool("a", []);
    const other = bench.another();
    const source = async function* () {
      for (let minute = 0; minute < 6; minute++) {
        yield utf8(`A-${minute}\n`);
        bench.now += 30_000;
        // The settings' version changes with it.
        await other.edit("a", { minValidity: minute * 1_000 });
        await other.maintain();
      }
    };
    assert.equal((await bench.pools.upload("a", source())).added, 6);
  });

  it("whose first answer was lost can be tried again at once", async () => {
    const bench = open();
    await bench.pool("a", []);
    let lost = 0;
    const { store } = watched(bench.store, async (call) => {
      const answer = await call.go();
      if (call.method === "beginBatch" && lost++ === 0) throw new Error("the answer was lost");
      return answer;
    });
    const pools = bench.over(store);
    const first = await pools.upload("a", "A-1\n").catch((error: CouponPoolsError) => error);
    if (first instanceof Error) assert.equal((await pools.upload("a", "A-1\n")).added, 1);
    else assert.equal(first.added, 1);
  });

  it("whose commit's answer was lost is asked again and is stored once", async () => {
    const bench = open();
    await bench.pool("a", []);
    let lost = 0;
    const { store } = watched(bench.store, async (call) => {
      const answer = await call.go();
      if (call.method === "commitBatch" && lost++ < 2) throw new Error("the answer was lost");
      return answer;
    });
    assert.equal((await bench.over(store).upload("a", "A-1\nA-2\n")).added, 2);
    await bench.audit("a");
  });

  it("shows none of its codes to draws before it is committed", async () => {
    const bench = open();
    await bench.pool("a", []);
    const { store } = watched(bench.store, async (call) => {
      if (call.method === "commitBatch") {
        const [draw] = await bench.another().drawMany("a", [{ message: "m", contact: "early" }]);
        assert.equal(draw?.status, "empty");
      }
      return call.go();
    });
    assert.equal((await bench.over(store).upload("a", "A-1\n")).added, 1);
  });

  it("round-trips codes of every shape", async () => {
    const bench = open();
    await bench.pool("a", [], { caseSensitive: true });
    const shapes = [
      "000123",
      "12345678901234567890",
      "1E5",
      "🎁-1",
      "Ä-1",
      "a b",
      "<b>&\"'",
      "C".repeat(255),
      "=1+1",
      "日本語",
    ];
    const csv = shapes.map((code) => `"${code.replaceAll('"', '""')}"`).join("\n");
    const report = await bench.pools.upload("a", `code\n${csv}\n`);
    assert.equal(report.added, shapes.length);
    assert.deepEqual(
      (
        await bench.pools.drawMany(
          "a",
          shapes.map((_, index) => ({ message: "m", contact: `${index}` })),
        )
      ).map(({ code }) => code),
      shapes,
    );
  });
});

describe("an upload reads", () => {
  const read = async (source: UploadSource, options = {}, settings = {}) => {
    const bench = Bench.inMemory();
    await bench.pool("a", [], settings);
    const report = await bench.pools.upload("a", source, options);
    sums(report);
    const expiries = new Map<string, number | null>();
    for (const { code, expiresAt } of report.preview) if (code !== null) expiries.set(code, expiresAt);
    return { report, codes: await remaining(bench), expiries };
  };
  const utf16 = (text: string, little: boolean, mark = true) => {
    const buffer = Buffer.from((mark ? "\uFEFF" : "") + text, "utf16le");
    return new Uint8Array(little ? buffer : buffer.swap16());
  };

  it("the same however its bytes are cut", async () => {
    const bytes = utf8('\uFEFFcode;expires_at\r\n"A;1";2027-01-31\r\n"Ä""2";\r\n🎁3;2027-02-01 10:00\r\nA;1\r\n');
    const whole = await read(bytes);
    for (let size = 1; size <= bytes.length; size++) {
      const { report } = await read(chunked(bytes, size));
      assert.deepEqual({ ...report, batch: null }, { ...whole.report, batch: null }, `cut every ${size} bytes`);
    }
  });

  it("byte order marks, UTF-16 and Windows-1252", async () => {
    const text = "code\nÄ-1\nB-2\n";
    const encodings: [string, Uint8Array][] = [
      ["utf-8", utf8(text)],
      ["utf-8", utf8(`\uFEFF${text}`)],
      ["utf-16le", utf16(text, true)],
      ["utf-16be", utf16(text, false)],
      ["windows-1252", new Uint8Array(Buffer.from(text, "latin1"))],
    ];
    for (const [encoding, bytes] of encodings) {
      const { report, codes } = await read(bytes);
      assert.deepEqual([report.format.encoding, codes], [encoding, ["Ä-1", "B-2"]]);
    }
    const told = await read(utf16(text, true, false), { encoding: "utf-16le" });
    assert.deepEqual(told.codes, ["Ä-1", "B-2"]);
  });

  it("any of four delimiters, and says which", async () => {
    for (const delimiter of [",", ";", "\t", "|"]) {
      const text = `Name${delimiter}Coupon Code\nAnna${delimiter}A-1\nBob${delimiter}A-2\n`;
      const { report, codes } = await read(text);
      assert.deepEqual([report.format.delimiter, report.format.codeColumn, codes], [delimiter, 1, ["A-1", "A-2"]]);
    }
  });

  it("headers in several wordings, and files without one", async () => {
    for (const header of [
      "code",
      "Coupon Code",
      "COUPON_CODE",
      "Discount code",
      "Gutscheincode",
      "Voucher",
      "código",
    ]) {
      const { report, codes } = await read(`id,${header}\n1,AB-1\n2,AB-2\n`);
      assert.deepEqual([report.format.header, codes], [true, ["AB-1", "AB-2"]], header);
    }
    assert.deepEqual((await read("AB-1\nAB-2")).codes, ["AB-1", "AB-2"]);
    assert.deepEqual((await read("Code\nAB-2", { header: false })).codes, ["Code", "AB-2"]);
    assert.deepEqual((await read("AB-1\nAB-2", { header: true })).codes, ["AB-2"]);
  });

  it("the columns that it is told to", async () => {
    const text = "left,right,until\nL-1,R-1,2027-01-31\nL-2,R-2,2027-01-31\n";
    assert.deepEqual((await read(text, { columns: { code: "right" } })).codes, ["R-1", "R-2"]);
    assert.deepEqual((await read(text, { columns: { code: 0 } })).codes, ["L-1", "L-2"]);
    const { expiries } = await read(text, { columns: { code: "left", expiresAt: "until" } });
    assert.equal(expiries.get("L-1"), Date.parse("2027-02-01T00:00:00Z"));
    const ignored = await read("code,expires\nA-1,2027-01-31\n", { columns: { expiresAt: null } });
    assert.equal(ignored.expiries.get("A-1"), null);
    for (const columns of [{ code: "middle" }, { code: 7 }]) {
      const bench = Bench.inMemory();
      await bench.pool("a", []);
      const error = await failure(bench.pools.upload("a", text, { columns }));
      assert.equal(error.code, "UPLOAD_COLUMN_MISSING");
      assert.deepEqual(error.details.columns, ["left", "right", "until"]);
    }
  });

  it("dates as the end of their day in the pool's time zone", async () => {
    const text = "code,expires at\nA-1,2027-03-27\nA-2,2027-03-28\nA-3,31.12.2026\nA-4,2027-03-28T12:00:00Z\nA-5,\n";
    const { expiries } = await read(text, {}, { timeZone: "Europe/Berlin" });
    assert.deepEqual(
      [...expiries.values()].map((at) => (at === null ? null : new Date(at).toISOString())),
      [
        "2027-03-27T23:00:00.000Z",
        "2027-03-28T22:00:00.000Z",
        "2026-12-31T23:00:00.000Z",
        "2027-03-28T12:00:00.000Z",
        null,
      ],
    );
  });

  it("an expiry for all rows that have none", async () => {
    const { expiries } = await read(
      "code,expires\nA-1,2027-01-31\nA-2,\n",
      { expiresAt: "2027-06-30" },
      { timeZone: "Asia/Tokyo" },
    );
    assert.equal(expiries.get("A-1"), Date.parse("2027-01-31T15:00:00Z"));
    assert.equal(expiries.get("A-2"), Date.parse("2027-06-30T15:00:00Z"));
  });

  it("01/02/2027 in neither way unless told", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const text = "code,expires\nA-1,01/02/2027\n";
    const error = await failure(bench.pools.upload("a", text));
    assert.deepEqual([error.name, error.code, error.details.row], ["UploadError", "UPLOAD_DATES_AMBIGUOUS", 2]);
    const dmy = await read(text, { columns: { dateOrder: "dmy" } });
    assert.equal(dmy.expiries.get("A-1"), Date.parse("2027-02-02T00:00:00Z"));
    const mdy = await read(text, { columns: { dateOrder: "mdy" } });
    assert.equal(mdy.expiries.get("A-1"), Date.parse("2027-01-03T00:00:00Z"));
    const one = await read("code,expires\nA-1,01/02/2027\nA-2,13/02/2027\n");
    assert.equal(one.report.format.dateOrder, "dmy");
  });

  it("a bad date as a rejected row, never as no expiry", async () => {
    const { report, codes } = await read("code,expires\nA-1,2027-01-31\nA-2,31.2.2027\nA-3,soon\n");
    assert.deepEqual(codes, ["A-1"]);
    assert.deepEqual(
      report.rejected.map(({ row, column, reason }) => [row, column, reason]),
      [
        [3, 1, "bad-date"],
        [4, 1, "bad-date"],
      ],
    );
  });

  it("codes that differ in case as one, unless the pool tells them apart", async () => {
    assert.deepEqual((await read("Abc-1\nABC-1\n\u00c4-1\nA\u0308-1\n", { header: false })).codes, [
      "Abc-1",
      "\u00c4-1",
    ]);
    const apart = await read("Abc-1\nABC-1\n", { header: false }, { caseSensitive: true });
    assert.deepEqual(apart.codes, ["Abc-1", "ABC-1"]);
  });

  it("warnings in the shape that its type promises", async () => {
    const { report } = await read("code\n A-1 \nA-2\n");
    const [warning] = report.warnings;
    assert.equal(warning?.kind, "trimmed");
    assert.equal(warning?.count, 1);
    assert.deepEqual([warning?.row, warning?.value], [2, "A-1"]);
  });
});

describe("an upload refuses", () => {
  const refused = async (source: unknown, options = {}) => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const error = await failure(
      bench.pools.upload("a", source as UploadSource, options),
      JSON.stringify([source, options]).slice(0, 99),
    );
    await holdsNothing(bench);
    return error;
  };

  it("what holds no codes, and says why", async () => {
    const files: [string, UploadSource][] = [
      ["UPLOAD_EMPTY", ""],
      ["UPLOAD_EMPTY", new Uint8Array()],
      ["UPLOAD_EMPTY", "\n\n \n"],
      ["UPLOAD_EMPTY", "code\n"],
      ["UPLOAD_EMPTY", "\uFEFF"],
      ["UPLOAD_NOT_TEXT", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")],
      ["UPLOAD_NOT_TEXT", Buffer.from("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "latin1")],
      ["UPLOAD_DAMAGED", Buffer.from("504b0304140006000800000021", "hex")],
      ["UPLOAD_DAMAGED", Buffer.from("d0cf11e0a1b11ae1000000000000", "hex")],
      ["UPLOAD_NOTHING_USABLE", `code\n${"x".repeat(256)}\n`],
      ["UPLOAD_COLUMN_UNKNOWN", "LEFT-1,RIGHT-1\nLEFT-2,RIGHT-2\nLEFT-3,RIGHT-3\n"],
    ];
    for (const [code, source] of files) {
      const error = await refused(source);
      const shown = `${typeof source === "string" ? JSON.stringify(source.slice(0, 20)) : "bytes"}: ${error.code}`;
      assert.ok(error instanceof UploadError, shown);
      assert.equal(error.code, code, shown);
    }
  });

  it("hostile files without growing with them", async () => {
    assert.equal((await refused(`code\n"${"x".repeat(3 << 20)}`)).code, "UPLOAD_ROW_TOO_LONG");
    assert.equal((await refused(`${",".repeat(100_000)}\n`)).code, "UPLOAD_TOO_MANY_COLUMNS");
    const days = Array.from(
      { length: 5_000 },
      (_, day) => `C-${day},${new Date(NOON + day * DAY).toISOString().slice(0, 10)}`,
    );
    assert.equal((await refused(`code,expires\n${days.join("\n")}\n`)).code, "UPLOAD_TOO_MANY_EXPIRIES");
  });

  it("rows that are damaged in a file that claims to be UTF-8, and keeps the others", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    const report = await bench.pools.upload("a", Buffer.from("\xef\xbb\xbfA-1\nB\xff\nA-2\n", "latin1"));
    assert.deepEqual(
      report.rejected.map(({ row, reason }) => [row, reason]),
      [[2, "damaged-character"]],
    );
    assert.deepEqual(await remaining(bench), ["A-1", "A-2"]);
  });

  it("a source that is none, as an argument that is wrong", async () => {
    for (const source of [undefined, null, 5, {}, ["A-1", "A-2"], new ArrayBuffer(8)]) {
      const error = await refused(source);
      assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", "source"], String(source));
    }
  });

  it("options that cannot be right, and names them", async () => {
    const wrong: [string, object][] = [
      ["encoding", { encoding: "latin1" }],
      ["delimiter", { delimiter: "ab" }],
      ["delimiter", { delimiter: "x" }],
      ["dateOrder", { columns: { dateOrder: "ymd" } }],
      ["expiresAt", { expiresAt: "tomorrow" }],
      ["dryrun", { dryrun: true }],
      ["header", { header: "first" }],
      ["header", { header: 0 }],
      ["header", { header: 7 }],
      ["limits", { limits: { rowBytes: 0 } }],
      ["limits", { limits: { columns: "many" } }],
      ["limits.rows", { limits: { rows: 5 } }],
      ["rejectedTo", { rejectedTo: "rejected.csv" }],
    ];
    for (const [option, options] of wrong) {
      const error = await refused("A-1\n", options);
      assert.deepEqual([error.code, error.details.option], ["INVALID_ARGUMENT", option], JSON.stringify(options));
    }
  });

  it("pools that are not static", async () => {
    const bench = Bench.inMemory();
    await bench.pools.create({ handle: "f", kind: "fixed", fixedCode: "HELLO" });
    const error = await failure(bench.pools.upload("f", "A-1\n"));
    assert.deepEqual([error.name, error.code], ["PoolConflictError", "POOL_KIND"]);
  });
});
