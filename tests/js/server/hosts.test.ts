/** What screens see is the same in the page and behind a server. */

import assert from "node:assert/strict";
import { it } from "node:test";
import {
  CouponPoolsError,
  PoolConflictError,
  PoolNotFoundError,
  TemplateError,
  UploadError,
  type UploadProgress,
} from "coupon-pools";
import { codes, DAY, failure, HOUR, NOON, textOf } from "../workbench.js";
import { onEveryHost } from "./served.js";

/** A stream that takes bytes, and what it took. */
function taker() {
  let text = "";
  let ended: "closed" | "aborted" | null = null;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const stream = new WritableStream<Uint8Array>({
    write(piece) {
      text += decoder.decode(piece, { stream: true });
    },
    close() {
      ended = "closed";
    },
    abort() {
      ended = "aborted";
    },
  });
  return { stream, text: () => text, ended: () => ended };
}

onEveryHost("a host", (open) => {
  it("makes, changes, archives, reads and lists pools", async () => {
    const { host } = await open();
    const made = await host.create({ handle: "spring", name: "Spring sale", kind: "static", lowStock: [5, "10%"] });
    assert.deepEqual([made.name, made.kind, made.remaining, made.lowStock], ["Spring sale", "static", 0, [5, "10%"]]);
    const edited = await host.edit("spring", {
      name: "Spring",
      expiresAt: new Date(NOON + DAY),
      onEmpty: { fallback: "HI" },
    });
    assert.deepEqual([edited.name, edited.expiresAt, edited.onEmpty], ["Spring", NOON + DAY, { fallback: "HI" }]);
    assert.equal((await host.edit("spring", { expiresAt: null })).expiresAt, null);
    await host.create({ handle: "autumn", kind: "fixed", fixedCode: "FALL" });
    const first = await host.list({ limit: 1 });
    assert.deepEqual(
      first.map(({ handle }) => handle),
      ["autumn"],
    );
    const second = await host.list({ cursor: first.next });
    assert.deepEqual([second.map(({ handle }) => handle), second.next], [["spring"], null]);
    assert.equal((await host.archive("autumn")).archived, true);
    assert.deepEqual(
      (await host.list({ archived: true, limit: 5_000 })).map(({ handle }) => handle),
      ["autumn"],
    );
    assert.equal((await host.get("spring")).name, "Spring");
  });

  it("fails with the same errors", async () => {
    const { host } = await open();
    const missing = await failure(host.get("nowhere"));
    assert.ok(missing instanceof PoolNotFoundError);
    assert.deepEqual(
      [missing.name, missing.code, missing.details],
      ["PoolNotFoundError", "POOL_NOT_FOUND", { pool: "nowhere" }],
    );
    await host.create({ handle: "a", kind: "static" });
    const twice = await failure(host.create({ handle: "a", kind: "static" }));
    assert.ok(twice instanceof PoolConflictError);
    assert.equal(twice.code, "POOL_EXISTS");
    const wrong = await failure(host.get("No Such/../Pool"));
    assert.ok(wrong instanceof CouponPoolsError);
    assert.deepEqual([wrong.code, wrong.details.option], ["INVALID_ARGUMENT", "handle"]);
    for (const handle of ["", ".", "..", "a/b", "%2e%2e", "a?b", "a#b", "ünï", "x".repeat(65), "a\ud800"]) {
      assert.equal((await failure(host.get(handle), handle)).code, "INVALID_ARGUMENT");
    }
    const unknown = await failure(host.edit("a", { colour: "red" } as object));
    assert.deepEqual([unknown.code, unknown.details.option], ["INVALID_ARGUMENT", "colour"]);
    const empty = await failure(host.upload("a", ""));
    assert.ok(empty instanceof UploadError);
    assert.equal(empty.code, "UPLOAD_EMPTY");
    const tag = await failure(host.preview('<p>{% coupon "a" </p>'));
    assert.ok(tag instanceof TemplateError);
    assert.equal(tag.code, "TEMPLATE_SYNTAX");
    assert.equal((await failure(host.undo("a", "no-such-batch"))).code, "BATCH_NOT_FOUND");
    assert.equal((await failure(textOf(host.export("nowhere", "draws")))).code, "POOL_NOT_FOUND");
    assert.throws(() => host.export("a", "everything" as "draws"), { code: "INVALID_ARGUMENT" });
  });

  it("takes a file from every source, tells its progress, gives its rejected rows, and undoes it", async () => {
    const { host } = await open();
    await host.create({ handle: "a", kind: "static" });
    const bytes = new TextEncoder().encode(`code\n${codes("B", 3).join("\n")}\n`);
    const sources = {
      text: "code\nA-1\nA-2\n",
      bytes,
      blob: new File(["code\nC-1\n"], "märz.csv"),
      stream: new Blob(["code\nD-1\nD-2\n"]).stream() as ReadableStream<Uint8Array>,
      iterable: (async function* () {
        yield new TextEncoder().encode("code\nE-");
        yield new TextEncoder().encode("1\n");
      })(),
    };
    for (const [name, source] of Object.entries(sources)) {
      const { added } = await host.upload("a", source);
      assert.equal(added, { text: 2, bytes: 3, blob: 1, stream: 2, iterable: 1 }[name], name);
    }
    assert.deepEqual(
      (await host.batches("a")).map(({ note }) => note?.fileName),
      [null, null, "märz.csv", null, null],
    );
    const heard: UploadProgress[] = [];
    const rejected = taker();
    const many = `code\n${codes("F", 20_000).join("\n")}\n\u0007bad,\n"a\nb"\n`;
    const report = await host.upload("a", many, {
      fileName: "many.csv",
      header: true,
      onProgress: (progress) => heard.push(progress),
      rejectedTo: rejected.stream,
    });
    assert.deepEqual([report.added, report.rejectedCount], [20_000, 2]);
    assert.equal(rejected.ended(), "closed");
    assert.match(rejected.text(), /^\uFEFF?.*row.*reason/i);
    assert.equal(rejected.text().trim().split(/\r?\n/).length >= 3, true, rejected.text());
    assert.ok(heard.length > 0);
    assert.ok(heard.every(({ totalBytes }) => totalBytes === undefined || totalBytes >= 20_000));
    const { removed, kept } = await host.undo("a", report.batch as string);
    assert.deepEqual([removed, kept], [20_000, 0]);
  });

  it("says in a dry run what would happen, and stores nothing", async () => {
    const { host } = await open();
    await host.create({ handle: "a", kind: "static" });
    await host.upload("a", "code\nA-1\n");
    const report = await host.upload("a", "offer;code;until\nspring;A-1;01.02.2027\nspring;A-2;03.04.2027\n", {
      dryRun: true,
      columns: { code: "code", expiresAt: "until", dateOrder: "dmy" },
    });
    assert.deepEqual([report.batch, report.added, report.duplicatesInPool], [null, 1, 1]);
    assert.equal(report.format.columns[2], "until");
    assert.equal((await host.get("a")).added, 1);
  });

  it("cancels an upload by its signal, which leaves nothing behind", async () => {
    const { host } = await open();
    await host.create({ handle: "a", kind: "static" });
    const reason = new Error("changed my mind");
    const aborter = new AbortController();
    const source = (async function* () {
      for (let block = 0; ; block++) {
        yield new TextEncoder().encode(`${codes(`A${block}`, 1_000).join("\n")}\n`);
        if (block === 20) aborter.abort(reason);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const error = await failure(host.upload("a", source, { signal: aborter.signal, header: false }));
    assert.deepEqual([error.code, error.cause], ["ABORTED", reason]);
    assert.equal((await failure(host.upload("a", "A-1", { signal: AbortSignal.abort(reason) }))).code, "ABORTED");
    for (let tries = 0; ; tries++) {
      // The server hears of it a moment later.
      const next = await host.upload("a", "A-1\n", { header: false }).catch((thrown: CouponPoolsError) => thrown);
      if (!(next instanceof Error)) break;
      assert.equal(next.code, "UPLOAD_IN_PROGRESS");
      assert.ok(tries < 200, "the cancelled upload still holds the pool");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.equal((await host.get("a")).added, 1);
  });

  it("finds who has which code, exports, and tells whether there is enough", async () => {
    const { bench, host } = await open();
    await bench.pool("a", codes("A", 5));
    await bench.pools.drawMany("a", [
      { message: "m1", contact: "ada@example.com" },
      { message: "m1", contact: "émile@example.com" },
    ]);
    const [row] = await host.find("a", { contact: "émile@example.com" });
    assert.deepEqual([row?.code, row?.status, row?.message], ["A-2", "assigned", "m1"]);
    const one = await host.find("a", { message: "m1" }, { limit: 1 });
    assert.deepEqual([one.length, (await host.find("a", { message: "m1" }, { cursor: one.next })).length], [1, 1]);
    assert.equal((await host.find("a", { code: "a-1" }))[0]?.contact, "ada@example.com");
    assert.equal((await failure(host.find("a", { message: "m1" }, { cursor: "nonsense" }))).message.length > 0, true);
    assert.match(await textOf(host.export("a", "draws")), /ada@example\.com/);
    assert.deepEqual((await textOf(host.export("a", "remaining"))).match(/A-\d/g), ["A-3", "A-4", "A-5"]);
    assert.deepEqual(await host.prepare("a", { count: 4 }), { enough: false, remaining: 3, short: 1 });
    assert.equal((await failure(host.prepare("a", { count: 1.5 }))).code, "INVALID_ARGUMENT");
  });

  it("previews a template in its own shape", async () => {
    const { bench, host } = await open();
    await bench.pool("a", codes("A", 2));
    const template = { subject: 'Your {% coupon "a" %}', html: '<p>{% coupon "a" %}</p>' };
    const { output, warnings } = await host.preview(template);
    assert.deepEqual(Object.keys(output), ["subject", "html"]);
    assert.doesNotMatch(output.html, /A-[12]|coupon/);
    assert.deepEqual(warnings, []);
    assert.equal(typeof (await host.preview('{% coupon "a" %}', { mode: "text" })).output, "string");
  });

  it("tells draws by hour, the alerts that were sent, and what it stands on", async () => {
    const { bench, host } = await open();
    await bench.pool("a", codes("A", 10), { name: "Ten", lowStock: [5] });
    const draw = (contact: string) => bench.pools.draw("a", { message: "m", contact });
    for (const contact of codes("c", 5)) await draw(contact);
    bench.now += 2 * HOUR;
    for (const contact of codes("d", 5)) await draw(contact);
    assert.deepEqual(await host.usage("a", { from: NOON - DAY, to: bench.now + 1 }), [
      { at: NOON, draws: 5 },
      { at: NOON + 2 * HOUR, draws: 5 },
    ]);
    assert.deepEqual(await host.usage("a", { from: new Date(NOON + HOUR), to: NOON + 2 * HOUR }), []);
    const alerts = await host.alerts("a");
    assert.deepEqual(
      alerts.map(({ type, rung, remaining, at, sentAt }) => ({ type, rung, remaining, at, sentAt })),
      [
        { type: "out-of-codes", rung: "0", remaining: 0, at: bench.now, sentAt: bench.now },
        { type: "low-stock", rung: "5", remaining: 5, at: NOON, sentAt: NOON },
      ],
    );
    assert.deepEqual(
      alerts.map(({ sentAt, ...alert }) => alert),
      bench.alerts.toReversed(),
    );
    assert.deepEqual(await host.alerts("a"), alerts, "to read changes nothing");
    assert.equal((await failure(host.alerts("b"))).code, "POOL_NOT_FOUND");
    assert.equal((await failure(host.usage("b", { from: 0 }))).code, "POOL_NOT_FOUND");
    assert.deepEqual(await host.about(), {
      store: { name: "memory", durability: "none", failover: "may-lose" },
      shops: {},
    });
  });
});
