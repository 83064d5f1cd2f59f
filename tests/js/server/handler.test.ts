/** The handler: who is let in, what is refused, and what no answer may say. */

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { describe, it } from "node:test";
import { CouponPoolsError, StoreError } from "coupon-pools";
import { createClient } from "coupon-pools/client";
import { createHandler, type HandlerOptions } from "coupon-pools/server";
import { MESSAGES } from "../../../pkg/dist/server/messages.js";
import { type Action, ROUTES, type Route } from "../../../pkg/dist/server/routes.js";
import { Bench, codes, failure, soon, textOf, watched } from "../workbench.js";
import { AUTHORIZED, clientOf, handlerOver, listening } from "./served.js";

const ORIGIN = "https://pools.example";

/** A request that each route would answer well, in a bench with a pool `a`. */
const BODIES: Partial<Record<Action, string>> = {
  create: JSON.stringify({ handle: "b", kind: "static" }),
  edit: JSON.stringify({ name: "New" }),
  undo: JSON.stringify({ batch: "x" }),
  find: JSON.stringify({ contact: "ada@example.com" }),
  prepare: JSON.stringify({ count: 1 }),
  preview: JSON.stringify({ template: "Hello" }),
  upload: "code\nNEW-1\n",
};
const QUERIES: Partial<Record<Action, string>> = { usage: "?from=0" };

function requestTo(action: Action, headers: Record<string, string> = {}, body = BODIES[action]): Request {
  const { method, path } = ROUTES[action];
  const type = body === undefined || action === "upload" ? {} : { "Content-Type": "application/json" };
  return new Request(`${ORIGIN}${path.replace("{handle}", "a")}${QUERIES[action] ?? ""}`, {
    method,
    headers: { ...type, ...headers },
    ...(body !== undefined && { body }),
  });
}

const ACTIONS = Object.keys(ROUTES) as Action[];

async function benchWithPool(): Promise<Bench> {
  const bench = Bench.inMemory();
  await bench.pool("a", codes("SECRET", 4));
  await bench.pools.draw("a", { message: "m1", contact: "ada@example.com" });
  return bench;
}

async function errorIn(
  response: Response,
): Promise<{ code: string; message: string; details: Record<string, unknown> }> {
  const { error } = (await response.json()) as { error: { code: string; message: string; details: object } };
  return error as { code: string; message: string; details: Record<string, unknown> };
}

describe("the handler lets nobody in by itself", () => {
  it("is not made without authorize, or without a way to the pools of a tenant", async () => {
    const pools = Bench.inMemory().pools;
    const wrong = [{ pools: () => pools }, { authorize: () => "default" }, { pools, authorize: () => "default" }, {}];
    for (const options of wrong) {
      assert.throws(() => createHandler(options as unknown as HandlerOptions), { code: "INVALID_ARGUMENT" });
    }
    for (const options of [
      { base: "api" },
      { base: "/api/" },
      { origins: ["*"] },
      { origins: ["https://a.example/"] },
    ]) {
      assert.throws(() => handlerOver(Bench.inMemory(), options), { code: "INVALID_ARGUMENT" });
    }
  });

  for (const action of ACTIONS) {
    it(`${action} asks for authority, under its own name, and is refused without`, async () => {
      const bench = await benchWithPool();
      const asked: string[] = [];
      const before = await bench.pools.get("a");
      for (const granted of [null, undefined, "", 0, false, {}, true]) {
        const authorize = (_: Request, name: string) => {
          asked.push(name);
          return granted as null;
        };
        const response = await handlerOver(bench, { authorize })(requestTo(action));
        assert.equal(response.status, 403, `${action} with ${JSON.stringify(granted)}`);
        assert.equal((await errorIn(response)).code, "FORBIDDEN");
      }
      assert.deepEqual(new Set(asked), new Set([action]));
      const own = await handlerOver(bench, { authorize: () => new Response("log in", { status: 401 }) })(
        requestTo(action),
      );
      assert.deepEqual([own.status, await own.text()], [401, "log in"]);
      assert.deepEqual(await bench.pools.get("a"), before);
      assert.equal((await bench.pools.list()).length, 1);
    });

    it(`${action} does what it says for whom it lets in, and reaches no other tenant's pool`, async () => {
      const bench = await benchWithPool();
      const response = await handlerOver(bench)(requestTo(action, AUTHORIZED));
      assert.equal(response.status, action === "undo" ? 404 : 200, await response.clone().text());
      await response.text();
      const before = await bench.pools.list();
      const other = await handlerOver(bench)(requestTo(action, { Authorization: "Bearer token-b" }));
      const text = await other.text();
      assert.doesNotMatch(text, /SECRET|ada@/);
      if (ROUTES[action].path.includes("{handle}")) assert.equal(other.status, 404, text);
      assert.deepEqual(await bench.pools.list(), before);
    });
  }

  it("answers 500 where authorize throws, says nothing of why, and tells the server", async () => {
    const heard: unknown[] = [];
    const authorize = () => {
      throw new Error("ldap://10.0.0.7 refused");
    };
    const handler = handlerOver(Bench.inMemory(), { authorize, onError: (error) => heard.push(error) });
    const response = await handler(requestTo("list"));
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /ldap|at .*\.ts/);
    assert.match(String(heard[0]), /ldap/);
  });
});

describe("the handler refuses", () => {
  it("changes that a page of another origin asks for, before it asks who it is", async () => {
    const bench = await benchWithPool();
    let asked = 0;
    const authorize = () => {
      asked += 1;
      return "default";
    };
    const handler = handlerOver(bench, { authorize, origins: ["https://app.example"] });
    for (const action of ACTIONS.filter((one) => ROUTES[one].changes)) {
      const foreign = [{ Origin: "https://evil.example" }, { Origin: "null" }, { "Sec-Fetch-Site": "cross-site" }];
      for (const headers of [
        ...foreign,
        { Origin: "https://pools.example.evil.example" },
        { Origin: "http://pools.example" },
      ]) {
        const response = await handler(requestTo(action, headers as Record<string, string>));
        assert.deepEqual([response.status, (await errorIn(response)).code], [403, "WRONG_ORIGIN"], action);
      }
    }
    assert.equal(asked, 0);
    for (const headers of [
      { Origin: ORIGIN },
      { Origin: "https://app.example" },
      { "Sec-Fetch-Site": "same-origin" },
      {},
    ]) {
      const response = await handler(requestTo("prepare", headers as Record<string, string>));
      assert.equal(response.status, 200, JSON.stringify(headers));
    }
  });

  it("to show an answer to pages that were not named", async () => {
    const handler = handlerOver(await benchWithPool(), { origins: ["https://app.example"] });
    const named = await handler(requestTo("list", { ...AUTHORIZED, Origin: "https://app.example" }));
    assert.equal(named.headers.get("Access-Control-Allow-Origin"), "https://app.example");
    const foreign = await handler(requestTo("list", { ...AUTHORIZED, Origin: "https://evil.example" }));
    assert.equal(foreign.headers.get("Access-Control-Allow-Origin"), null);
    const preflight = new Request(`${ORIGIN}/pools`, {
      method: "OPTIONS",
      headers: { Origin: "https://evil.example" },
    });
    assert.equal((await handler(preflight)).headers.get("Access-Control-Allow-Origin"), null);
  });

  it("bodies that are too large, whatever they claim, and keeps nothing of them", async () => {
    const bench = await benchWithPool();
    const limits = { bodyBytes: 200, templateBytes: 300, uploadBytes: 5_000 };
    const handler = handlerOver(bench, { limits });
    const long = JSON.stringify({ template: "x".repeat(400), name: "x".repeat(400) });
    for (const action of ["create", "edit", "undo", "find", "prepare", "preview"] as const) {
      const response = await handler(requestTo(action, AUTHORIZED, long));
      assert.deepEqual([response.status, (await errorIn(response)).code], [413, "BODY_TOO_LARGE"], action);
    }
    const file = `code\n${codes("BIG", 2_000).join("\n")}`;
    for (const accept of ["application/json", "application/x-ndjson"]) {
      const chunks = new Blob([file]).stream();
      const claimed = new Request(requestTo("upload", { ...AUTHORIZED, Accept: accept }), {
        body: chunks,
        duplex: "half",
      } as RequestInit);
      const text = await (await handler(claimed)).text();
      assert.match(text, /"code":"BODY_TOO_LARGE"/);
    }
    const declared = await handler(requestTo("upload", { ...AUTHORIZED, "Content-Length": "5001" }));
    assert.equal(declared.status, 413);
    assert.equal((await bench.pools.get("a")).added, 4);
    assert.equal((await bench.pools.upload("a", "code\nNEXT\n")).added, 1, "no upload holds the pool");
  });

  it("what is not JSON, not of a route's shape, or not sent as JSON", async () => {
    const handler = handlerOver(await benchWithPool());
    const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
    const bodies = [
      "",
      "{",
      "null",
      "[]",
      '"a"',
      "1",
      deep,
      '{"count":"1"}',
      '{"count":-1}',
      '{"count":1,"more":1}',
      '{"__proto__":{}}',
    ];
    for (const body of bodies) {
      const response = await handler(requestTo("prepare", AUTHORIZED, body));
      assert.deepEqual([response.status, (await errorIn(response)).code], [400, "INVALID_ARGUMENT"], body.slice(0, 40));
    }
    const named = await errorIn(
      await handler(requestTo("create", AUTHORIZED, '{"handle":"c","kind":"static","dynamic":{"shop":7}}')),
    );
    assert.equal(named.details.option, "dynamic.rule");
    const bytes = new Request(requestTo("prepare", AUTHORIZED), {
      method: "POST",
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    assert.equal((await handler(bytes)).status, 400);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
      const response = await handler(requestTo("prepare", { ...AUTHORIZED, "Content-Type": type }));
      assert.deepEqual([response.status, (await errorIn(response)).code], [415, "BODY_TYPE"], type);
    }
    const queries = [
      "limit=0",
      "limit=1001",
      "limit=1e2",
      "archived=yes",
      "cursor=x",
      "cursor=[1]",
      "colour=red",
      "limit=1&limit=2",
      "__proto__=1",
    ];
    for (const query of queries) {
      const response = await handler(new Request(`${ORIGIN}/pools?${query}`, { headers: AUTHORIZED }));
      assert.deepEqual([response.status, (await errorIn(response)).code], [400, "INVALID_ARGUMENT"], query);
    }
    for (const options of [
      "{",
      "[]",
      '{"rejectedTo":{}}',
      '{"signal":{}}',
      '{"onProgress":1}',
      '{"limits":{"rowBytes":-1}}',
    ]) {
      const url = `${ORIGIN}/pools/a/uploads?options=${encodeURIComponent(options)}`;
      const response = await handler(new Request(url, { method: "POST", headers: AUTHORIZED, body: "A" }));
      assert.deepEqual([response.status, (await errorIn(response)).code], [400, "INVALID_ARGUMENT"], options);
    }
  });

  it("handles that are none, and paths that lead nowhere", async () => {
    const handler = handlerOver(await benchWithPool(), { base: "/api/coupons" });
    const get = (path: string, method = "GET") => handler(new Request(ORIGIN + path, { method, headers: AUTHORIZED }));
    assert.equal((await get("/api/coupons/pools/a")).status, 200);
    const hostile = [
      "%00",
      "%2e%2e",
      "a%2Fb",
      "..%2f..%2fetc%2fpasswd",
      "%ff",
      "%",
      "A",
      "a%20",
      "%F0%9F%8E%81",
      "x".repeat(65),
      "a';DROP",
    ];
    for (const handle of hostile) {
      const response = await get(`/api/coupons/pools/${handle}`);
      const { status } = response;
      assert.ok(status === 400 || status === 404, `${handle}: ${status}`);
      assert.doesNotMatch(await response.text(), /passwd|DROP/);
    }
    for (const path of [
      "/",
      "/pools",
      "/api/coupons",
      "/api/coupons/",
      "/api/couponspools",
      "/api/coupons/pools/a/b",
      "/api/coupons//pools",
    ]) {
      assert.equal((await errorIn(await get(path))).code, "ROUTE_NOT_FOUND", path);
    }
    const wrong = await get("/api/coupons/pools/a", "DELETE");
    assert.deepEqual([wrong.status, wrong.headers.get("Allow")], [405, "GET, PATCH"]);
  });

  it("a tenant that asks too often, and says when it may come again", async () => {
    let now = 1_000;
    const handler = handlerOver(await benchWithPool(), { rate: { perMinute: 60, burst: 3 }, clock: () => now });
    const statuses = async (count: number, token = "token-a") => {
      const list: number[] = [];
      for (let index = 0; index < count; index++) {
        list.push((await handler(requestTo("list", { Authorization: `Bearer ${token}` }))).status);
      }
      return list;
    };
    assert.deepEqual(await statuses(4), [200, 200, 200, 429]);
    assert.deepEqual(await statuses(1, "token-b"), [200], "another tenant is not held back");
    const refused = await handler(requestTo("list", AUTHORIZED));
    assert.equal(refused.headers.get("Retry-After"), "1");
    now += 2_000;
    assert.deepEqual(await statuses(3), [200, 200, 429]);
  });

  it("more uploads of a tenant at a time than it takes, until one of them ends", async () => {
    const bench = await benchWithPool();
    await bench.pools.create({ handle: "b", kind: "static" });
    const handler = handlerOver(bench, { rate: { uploads: 1 } });
    const host = clientOf(handler);
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow = (async function* () {
      yield new TextEncoder().encode("code\nSLOW-1\n");
      await finished;
    })();
    const first = host.upload("a", slow);
    const second = await failure(
      (async () => {
        // Until the first has arrived.
        for (let tries = 0; tries < 400; tries++) {
          await host.upload("b", "code\nX\n", { dryRun: true });
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })(),
    );
    assert.equal(second.code, "RATE_LIMITED");
    finish();
    assert.equal((await first).added, 1);
    assert.equal((await host.upload("b", "code\nX\n")).added, 1);
  });

  it("to export codes that nobody holds, unless the server was told that it may", async () => {
    const bench = await benchWithPool();
    const refused = await failure(
      textOf(clientOf(handlerOver(bench, { exportRemaining: false })).export("a", "remaining")),
    );
    assert.equal(refused.code, "FORBIDDEN");
    const asked: string[] = [];
    const authorize = (_: Request, action: string) => {
      asked.push(action);
      return action === "exportRemaining" ? null : "default";
    };
    const unprivileged = await failure(textOf(clientOf(handlerOver(bench, { authorize })).export("a", "remaining")));
    assert.deepEqual([unprivileged.code, asked], ["FORBIDDEN", ["exportRemaining"]]);
  });
});

describe("no answer", () => {
  it("gives out a code that nobody holds and that the asker has not named", async () => {
    const bench = await benchWithPool();
    const handler = handlerOver(bench, { exportRemaining: false });
    for (const action of ACTIONS) {
      const text = await (await handler(requestTo(action, AUTHORIZED))).text();
      assert.doesNotMatch(text, /SECRET-[234]/, action);
    }
  });

  it("says what a store or a program says when it fails, but the server hears it", async () => {
    const bench = await benchWithPool();
    const cause = new Error("password authentication failed for user app at 10.0.0.5, code SECRET-2");
    for (const action of ACTIONS.filter((one) => one !== "about")) {
      const heard: unknown[] = [];
      const broken = watched(bench.store, () => Promise.reject(cause)).store;
      const handler = handlerOver(bench, {
        pools: (tenant) => bench.over(broken, { tenant }),
        onError: (error) => heard.push(error),
      });
      const response = await handler(requestTo(action, AUTHORIZED));
      if (action === "preview") continue; // It asks the store nothing: the template has no tags.
      const text = await response.text();
      assert.equal(response.status, 503, `${action}: ${text}`);
      assert.doesNotMatch(text, /password|10\.0|SECRET|\bat \S+:\d/);
      assert.ok(heard[0] instanceof StoreError);
      assert.equal((heard[0] as StoreError).cause, cause);
    }
    const crashed = handlerOver(bench, {
      pools: () => {
        throw new TypeError("undefined is not a function");
      },
    });
    const response = await crashed(requestTo("list", AUTHORIZED));
    assert.deepEqual([response.status, (await errorIn(response)).code], [500, "INTERNAL"]);
  });

  it("is stored, guessed at, or framed", async () => {
    const handler = handlerOver(await benchWithPool());
    for (const action of ACTIONS) {
      for (const headers of [AUTHORIZED, {}] as Record<string, string>[]) {
        const response = await handler(requestTo(action, headers));
        assert.equal(response.headers.get("Cache-Control"), "no-store");
        assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
        assert.match(
          response.headers.get("Content-Security-Policy") ?? "",
          /default-src 'none'; frame-ancestors 'none'/,
        );
        assert.match(
          response.headers.get("Content-Type") ?? "",
          /^(application\/json|application\/x-ndjson|text\/csv)/,
        );
        await response.text();
      }
    }
    const csv = await handler(requestTo("exportDraws", AUTHORIZED));
    assert.equal(csv.headers.get("Content-Disposition"), 'attachment; filename="a-draws.csv"');
  });
});

describe("over node:http", () => {
  /** A server over a pool `a`, closed at the end. */
  async function serve(work: (url: string, bench: Bench) => Promise<void>, options: Partial<HandlerOptions> = {}) {
    const bench = await benchWithPool();
    const { url, close } = await listening(handlerOver(bench, options));
    try {
      await work(url, bench);
    } finally {
      await close();
    }
  }

  it("an upload that breaks off leaves nothing behind, and is no shorter file", async () => {
    await serve(async (url, bench) => {
      const headers = { ...AUTHORIZED, "Content-Type": "application/octet-stream" };
      for (const claimed of [{ "Content-Length": "1000000" }, { "Transfer-Encoding": "chunked" }]) {
        const request = httpRequest(`${url}/pools/a/uploads`, { method: "POST", headers: { ...headers, ...claimed } });
        request.on("error", () => undefined);
        request.write(`code\n${codes("HALF", 9_000).join("\n")}\n`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        request.destroy();
      }
      for (let tries = 0; ; tries++) {
        const next = await bench.pools.upload("a", "code\nNEXT\n").catch((error: CouponPoolsError) => error);
        if (!(next instanceof Error)) break;
        assert.equal(next.code, "UPLOAD_IN_PROGRESS");
        assert.ok(tries < 200, "the upload that broke off still holds the pool");
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      assert.equal((await bench.pools.get("a")).added, 5);
    });
  });

  it("a refused upload is answered while its file is still being sent", async () => {
    await serve(
      async (url, bench) => {
        const endless = new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(new TextEncoder().encode("X-1\n".repeat(2_000))),
        });
        const host = createClient({ url, headers: AUTHORIZED });
        const error = await soon(failure(host.upload("a", endless, { header: false })), "the refusal");
        assert.equal(error.code, "BODY_TOO_LARGE");
        assert.equal((await bench.pools.get("a")).added, 4);
      },
      { limits: { uploadBytes: 100_000 } },
    );
  });

  it("a body that was refused halfway comes to its end without harm", async () => {
    await serve(
      async (url) => {
        const headers = { ...AUTHORIZED, "Content-Type": "application/json" };
        for (let tries = 0; tries < 3; tries++) {
          const ask = (body: Blob) =>
            fetch(`${url}/preview`, { method: "POST", headers, body: body.stream(), duplex: "half" } as RequestInit);
          assert.equal((await ask(new Blob([JSON.stringify({ template: "x".repeat(500_000) })]))).status, 413);
          assert.equal((await ask(new Blob([JSON.stringify({ template: "x" })]))).status, 200);
        }
      },
      { limits: { templateBytes: 1_000 } },
    );
  });

  it("an export that fails halfway does not look whole", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 9_000));
    let pages = 0;
    const breaking = watched(bench.store, (call) => {
      if (call.method === "codes" && ++pages > 3) throw new Error("gone");
      return call.go();
    }).store;
    const { url, close } = await listening(handlerOver(bench, { pools: () => bench.over(breaking) }));
    try {
      const error = await failure(textOf(createClient({ url, headers: AUTHORIZED }).export("a", "remaining")));
      assert.ok(pages > 3, "it was under way");
      assert.equal(error.code, "SERVER_ANSWER");
    } finally {
      await close();
    }
  });

  it("a reader that goes away ends its export", async () => {
    const bench = Bench.inMemory();
    await bench.pool("a", codes("A", 60_000));
    const store = watched(bench.store);
    const { url, close } = await listening(handlerOver(bench, { pools: () => bench.over(store.store) }));
    try {
      const reader = createClient({ url, headers: AUTHORIZED }).export("a", "remaining").getReader();
      await reader.read();
      await reader.cancel();
      let before = -1;
      for (let tries = 0; before !== store.of("codes").length; tries++) {
        before = store.of("codes").length;
        assert.ok(tries < 100, "pages are still being read");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      await close();
    }
  });

  it("requests that are none are answered, and the server goes on", async () => {
    await serve(async (url) => {
      const { port } = new URL(url);
      const status = await new Promise((resolve, reject) => {
        const request = httpRequest({ port, host: "127.0.0.1", path: "/pools", headers: { Host: "a b" } }, (response) =>
          resolve(response.resume().statusCode),
        );
        request.on("error", reject).end();
      });
      assert.equal(status, 400);
      assert.equal((await fetch(`${url}/pools`, { headers: AUTHORIZED })).status, 200);
    });
  });

  it("a server that is not there, or is another's, is a typed error", async () => {
    const { url, close } = await listening(async () => new Response("<html>", { status: 200 }));
    const host = createClient({ url });
    assert.equal((await failure(host.get("a"))).code, "SERVER_ANSWER");
    await close();
    const gone = await failure(host.get("a"));
    assert.ok(gone instanceof CouponPoolsError);
    assert.equal(gone.code, "SERVER_UNREACHABLE");
    assert.ok(gone.cause instanceof Error);
  });
});

it("every route has a message, and every message a route", () => {
  assert.deepEqual(Object.keys(MESSAGES).toSorted(), ACTIONS.toSorted());
  for (const route of Object.values(ROUTES) as Route[]) {
    assert.match(route.path, /^(\/([a-z.]+|\{handle\}))+$/);
    assert.ok(!(route.changes && route.method === "GET"));
  }
});
