/** What a server holds its requests to, whatever they ask for, and what it does when its own parts fail. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { PoolsHost, UploadLimits } from "coupon-pools";
import type { HandlerLimits, HandlerOptions, Rate } from "coupon-pools/server";
import { UPLOAD_CEILINGS } from "../../../pkg/dist/server/limits.js";
import { Bench, codes, failure, soon, textOf, watched } from "../workbench.js";
import { clientOf, handlerOver } from "./served.js";

const ORIGIN = "https://pools.example";
const anybody = { authorize: () => "default", onError: () => undefined };

/** The limits that reach the pools when a client asks for `asked`. */
async function inForce(asked: UploadLimits | undefined, upload?: UploadLimits): Promise<UploadLimits | undefined> {
  let heard: UploadLimits | undefined;
  const pools = { upload: async (_: string, __: unknown, { limits }: { limits?: UploadLimits }) => (heard = limits) };
  const limits: HandlerLimits = upload === undefined ? {} : { upload };
  const handler = handlerOver(Bench.inMemory(), { ...anybody, limits, pools: () => pools as unknown as PoolsHost });
  const query = asked === undefined ? "" : `?options=${encodeURIComponent(JSON.stringify({ limits: asked }))}`;
  const response = await handler(new Request(`${ORIGIN}/pools/a/uploads${query}`, { method: "POST", body: "A" }));
  assert.equal(response.status, 200, await response.clone().text());
  return heard;
}

describe("an upload's own limits", () => {
  it("are lowered by clients, and raised by the server alone", async () => {
    assert.deepEqual(await inForce({ gatheredBytes: 1e12, rowBytes: 100 }), {
      gatheredBytes: UPLOAD_CEILINGS.gatheredBytes,
      rowBytes: 100,
    });
    const all = Object.fromEntries(Object.keys(UPLOAD_CEILINGS).map((name) => [name, 1e15]));
    assert.deepEqual(await inForce(all), UPLOAD_CEILINGS);
    const host = { gatheredBytes: 1_000, expansion: 500 };
    assert.deepEqual(await inForce(undefined, host), host, "the server's hold where the client names none");
    assert.deepEqual(await inForce({ gatheredBytes: 2_000, expansion: 400 }, host), {
      gatheredBytes: 1_000,
      expansion: 400,
    });
    assert.deepEqual(await inForce({ columns: 9 }, { columns: undefined } as unknown as UploadLimits), { columns: 9 });
  });

  it("hold over what is gathered of a spreadsheet", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", []);
    let sent = 0;
    const bomb = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = new Uint8Array(1 << 20);
        if (sent++ === 0) piece.set([0x50, 0x4b, 3, 4]);
        controller.enqueue(piece);
      },
    });
    const limits = { upload: { gatheredBytes: 4 << 20 } };
    const error = await failure(
      clientOf(handlerOver(bench, { limits })).upload("a", bomb, { limits: { gatheredBytes: 1e12 } }),
    );
    assert.equal(error.code, "UPLOAD_TOO_LARGE");
    assert.ok(sent < 20, `${sent} MB were taken`);
  });

  it("are by default those of the core", () => {
    const core = readFileSync(new URL("../../../src/limits.rs", import.meta.url), "utf8");
    const names: Record<keyof UploadLimits, string> = {
      rowBytes: "ROW_BYTES",
      columns: "COLUMNS",
      expiries: "BATCH_EXPIRIES",
      dedupeBytes: "DEDUPE_BYTES",
      expandedBytes: "SHEET_EXPANDED_BYTES",
      expansion: "SHEET_EXPANSION",
      cellBytes: "CELL_BYTES",
      sheetRows: "SHEET_ROWS",
      sharedStringsBytes: "SHARED_STRINGS_BYTES",
      gatheredBytes: "GATHERED_BYTES",
    };
    for (const [name, constant] of Object.entries(names)) {
      const [, base = "", shift = "0"] =
        new RegExp(`pub const ${constant}: \\w+ = ([\\d_]+)(?: << (\\d+))?;`).exec(core) ?? [];
      const value = Number(base.replaceAll("_", "")) * 2 ** Number(shift);
      assert.equal(UPLOAD_CEILINGS[name as keyof UploadLimits], value, name);
    }
  });
});

describe("limits and rates", () => {
  it("that are undefined are the usual ones", async () => {
    const limits = { bodyBytes: undefined } as unknown as HandlerLimits;
    const rate = { perMinute: undefined, burst: undefined, uploads: undefined } as unknown as Rate;
    const handler = handlerOver(Bench.inMemory(), { ...anybody, limits, rate, clock: () => 0 });
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ name: "x".repeat(70_000) });
    const response = await handler(new Request(`${ORIGIN}/pools`, { method: "POST", headers, body }));
    assert.equal(response.status, 413);
    const statuses = new Set<number>();
    for (let asked = 0; asked < 201; asked++) statuses.add((await handler(new Request(`${ORIGIN}/about`))).status);
    assert.deepEqual(statuses, new Set([200, 429]));
  });

  it("that are none are refused when the handler is made", () => {
    const wrong: unknown[] = [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, "1", null];
    for (const value of wrong) {
      for (const limits of [{ bodyBytes: value }, { uploadBytes: value }, { upload: { gatheredBytes: value } }])
        assert.throws(() => handlerOver(Bench.inMemory(), { limits: limits as HandlerLimits }), {
          code: "INVALID_ARGUMENT",
        });
    }
    for (const rate of [
      { perMinute: 0 },
      { perMinute: Number.NaN },
      { burst: Number.NaN },
      { burst: 0 },
      { uploads: -1 },
    ])
      assert.throws(() => handlerOver(Bench.inMemory(), { rate }), { code: "INVALID_ARGUMENT" }, JSON.stringify(rate));
    assert.throws(() => handlerOver(Bench.inMemory(), { limits: { upload: { rows: 1 } as UploadLimits } }), {
      code: "INVALID_ARGUMENT",
    });
  });
});

describe("the handler never rejects", () => {
  const ask = (options: Partial<HandlerOptions>) => {
    const handler = handlerOver(Bench.inMemory(), options);
    return () => handler(new Request(`${ORIGIN}/pools`));
  };

  it("when authorize gives an answer that cannot be sent", async () => {
    const constant = new Response("log in", { status: 401 });
    const heard: unknown[] = [];
    const onError = (error: unknown) => void heard.push(error);
    const twice = ask({ authorize: () => constant, onError });
    assert.deepEqual([await (await twice()).text(), (await twice()).status], ["log in", 500]);
    const response = await ask({ authorize: () => Response.error(), onError })();
    assert.deepEqual([response.status, response.headers.get("Cache-Control")], [500, "no-store"]);
    assert.equal(heard.length, 2);
  });

  it("when onError fails, at once or later", async (t) => {
    const log = t.mock.method(console, "error", () => undefined);
    const authorize = () => {
      throw new Error("first");
    };
    const onErrors = [
      () => {
        throw new Error("second");
      },
      async () => {
        throw new Error("second");
      },
    ];
    for (const onError of onErrors) assert.equal((await ask({ authorize, onError })()).status, 500);
    assert.equal(log.mock.callCount(), 2);
  });

  it("and tells of an export that fails halfway", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 9_000));
    let pages = 0;
    const cause = new Error("gone");
    const breaking = watched(bench.store, (call) => {
      if (call.method === "codes" && ++pages > 3) throw cause;
      return call.go();
    }).store;
    const heard: { cause?: unknown }[] = [];
    const onError = (error: unknown) => void heard.push(error as Error);
    const handler = handlerOver(bench, { ...anybody, onError, pools: () => bench.over(breaking) });
    await failure(textOf(clientOf(handler).export("a", "remaining")));
    assert.deepEqual(
      heard.map((error) => error.cause),
      [cause],
    );
    const left = clientOf(handlerOver(bench, { ...anybody, onError })).export("a", "remaining");
    await left.cancel();
    assert.equal(heard.length, 1, "who goes away is no failure");
  });

  it("nor keeps an upload's place when the pools throw at once", async () => {
    const pools = () =>
      ({
        upload() {
          throw new TypeError("at once");
        },
      }) as unknown as PoolsHost;
    const handler = handlerOver(Bench.inMemory(), { ...anybody, pools, rate: { uploads: 1 } });
    for (const accept of ["application/x-ndjson", "application/json", "application/x-ndjson"]) {
      const request = new Request(`${ORIGIN}/pools/a/uploads`, {
        method: "POST",
        headers: { Accept: accept },
        body: "A",
      });
      assert.match(await soon((await handler(request)).text(), "the answer"), /"INTERNAL"/);
    }
  });
});
