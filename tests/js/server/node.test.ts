/** Node's own HTTP server in front of a handler: what it keeps in memory, whom it waits for, what it takes for a request. */

import assert from "node:assert/strict";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { toNode } from "coupon-pools/server/node";
import { Bench, soon } from "../workbench.js";
import { handlerOver } from "./served.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** A server for one test, by any listener of Node's. */
async function serving(
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
  work: (port: number) => Promise<void>,
) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** What the server answers to a request as it stands on the wire, until it closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    let heard = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.setTimeout(15_000, () => socket.destroy(new Error("the server neither answers nor hangs up")));
    socket.on("data", (piece) => (heard += piece));
    socket.on("error", reject);
    socket.on("close", () => resolve(heard));
  });
}

const MB = 1 << 20;

describe("an answer over node:http", () => {
  it("is not kept in memory while it is sent", async () => {
    let made = 0;
    let most = 0;
    gc();
    const before = process.memoryUsage().arrayBuffers;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (made++ === 200) return controller.close();
          controller.enqueue(new Uint8Array(MB));
          if (made % 40 !== 0) return;
          gc();
          most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        },
      });
    await serving(
      toNode(async () => new Response(endless())),
      async (port) => {
        let size = 0;
        const response = await fetch(`http://127.0.0.1:${port}`);
        for await (const piece of response.body as ReadableStream<Uint8Array>) size += piece.length;
        assert.equal(size, 200 * MB);
      },
    );
    assert.ok(most < 80 * MB, `${Math.round(most / MB)} MB of 200 were held`);
  });

  it("is cancelled when its client left before it began", async () => {
    let cancelled: () => void;
    const heard = new Promise<void>((resolve) => (cancelled = resolve));
    const handler = async (request: Request) => {
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      return new Response(
        new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(MB)), cancel: () => cancelled() }, {}),
      );
    };
    await serving(toNode(handler), async (port) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n", () => socket.destroy());
      });
      await soon(heard, "the cancel");
    });
  });

  it("sets each of its cookies, beside those that were set before", async () => {
    const handler = async () =>
      new Response("", {
        headers: [
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
        ],
      });
    const node = toNode(handler);
    const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
      outgoing.setHeader("Set-Cookie", "session=0");
      node(incoming, outgoing);
    };
    await serving(listener, async (port) => {
      const { headers } = await fetch(`http://127.0.0.1:${port}`);
      assert.deepEqual(headers.getSetCookie(), ["session=0", "a=1", "b=2"]);
    });
  });
});

describe("a request over node:http", () => {
  it("whose body was read before is an error that says so, and does not hang", async () => {
    const heard: unknown[] = [];
    const node = toNode(handlerOver(Bench.inMemory(), { authorize: () => "default", onError: (e) => heard.push(e) }));
    const listener = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
      for await (const _ of incoming);
      node(incoming, outgoing);
    };
    await serving(listener, async (port) => {
      const ask = fetch(`http://127.0.0.1:${port}/preview`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"template":"Hello"}',
      });
      assert.equal((await soon(ask, "the answer")).status, 500);
      assert.match(String(heard[0]), /read before/);
    });
  });

  it("whose sender falls silent is cut off, and one that goes on is not", async () => {
    const bench = Bench.inMemory();
    await bench.pools.create({ handle: "a", kind: "static" });
    const handler = handlerOver(bench, { authorize: () => "default" });
    await serving(toNode(handler, { idleMs: 1_500 }), async (port) => {
      const head = "POST /pools/a/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
      assert.equal(await raw(port, `${head}code\nHALF-1\n`), "");
      const request = httpRequest({ port, host: "127.0.0.1", path: "/pools/a/uploads", method: "POST" });
      const answered = new Promise<IncomingMessage>((resolve, reject) => {
        request.on("response", resolve).on("error", reject);
      });
      for (let row = 0; row < 40; row++) {
        request.write(`SLOW-${row}\n`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      request.end();
      const response = await soon(answered, "the report");
      assert.equal(response.resume().statusCode, 200);
    });
    assert.equal((await bench.pools.get("a")).added, 40);
  });

  it("reaches no other path by the host that it names", async () => {
    const bench = Bench.inMemory();
    await bench.pools.create({ handle: "a", kind: "static" });
    const handler = handlerOver(bench, { authorize: () => "default", base: "/api/coupons" });
    const archive = "/api/coupons/pools/a/archive";
    await serving(toNode(handler), async (port) => {
      for (const host of [`h${archive}#`, `h${archive}?`, "h/", "u@h", "a b", "h\\x"]) {
        const answer = await raw(port, `POST /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        assert.match(answer, /^HTTP\/1\.1 400 /, host);
      }
      for (const host of ["h", "h:8080", "127.0.0.1:80", "[::1]:80", "a-b.example_c"]) {
        const answer = await raw(port, `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        assert.match(answer, /^HTTP\/1\.1 404 /, host);
      }
      assert.equal((await bench.pools.get("a")).archived, false);
    });
    await serving(toNode(handler, { origin: "https://api.example.com" }), async (port) => {
      const answer = await raw(port, `POST @h${archive} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 400 /);
      assert.equal((await bench.pools.get("a")).archived, false);
    });
  });

  it("that is none is answered in JSON, with the headers of every answer", async () => {
    await serving(toNode(handlerOver(Bench.inMemory())), async (port) => {
      for (const [line, status, code] of [
        ["GET / HTTP/1.1\r\nHost: a b", 400, "INVALID_ARGUMENT"],
        ["TRACE / HTTP/1.1\r\nHost: a", 405, "METHOD_NOT_ALLOWED"],
      ] as const) {
        const answer = await raw(port, `${line}\r\nConnection: close\r\n\r\n`);
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.match(answer, /cache-control: no-store/i);
        assert.match(answer, /x-content-type-options: nosniff/i);
        assert.match(answer, new RegExp(`"code":"${code}"`));
      }
    });
  });

  it("is served by options that can be right only", () => {
    const handler = async () => new Response("");
    for (const options of [{ origin: "https://a.example/" }, { origin: "a.example" }, { idleMs: Number.NaN }]) {
      assert.throws(() => toNode(handler, options), { code: "INVALID_ARGUMENT" });
    }
  });
});
