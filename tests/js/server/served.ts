/** Hosts of the same pools: in the page, through the handler, and through Node's own HTTP server. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe } from "node:test";
import type { PoolsHost } from "coupon-pools";
import { createClient } from "coupon-pools/client";
import { createHandler, type HandlerOptions } from "coupon-pools/server";
import { toNode } from "coupon-pools/server/node";
import { Bench } from "../workbench.js";

/** The bearer tokens of tests, and whose they are. */
export const TOKENS: Record<string, string> = { "token-a": "default", "token-b": "other" };

/** A handler over a bench's store, which knows the tests' tokens. */
export function handlerOver(bench: Bench, options: Partial<HandlerOptions> = {}) {
  return createHandler({
    pools: (tenant) => bench.over(bench.store, { tenant }),
    authorize: (request) => TOKENS[request.headers.get("Authorization")?.replace("Bearer ", "") ?? ""],
    exportRemaining: true,
    onError: () => undefined,
    ...options,
  });
}

export const AUTHORIZED = { Authorization: "Bearer token-a" };
const ORIGIN = "https://pools.example";

/** A client that calls a handler without a network. */
export const clientOf = (handler: (request: Request) => Promise<Response>, headers = AUTHORIZED) =>
  createClient({ url: ORIGIN, headers, fetch: (url, init) => handler(new Request(url, init)) });

/** Starts Node's server on a free port of the loopback; `close` ends it, whatever is under way. */
export async function listening(handler: (request: Request) => Promise<Response>) {
  const server = createServer(toNode(handler));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, server, close };
}

/** Runs the tests on each host; `open` gives a fresh bench and a host of its pools. */
export function onEveryHost(title: string, tests: (open: () => Promise<{ bench: Bench; host: PoolsHost }>) => void) {
  describe(`${title}, in the page`, () => {
    tests(async () => {
      const bench = Bench.inMemory();
      return { bench, host: bench.pools };
    });
  });
  describe(`${title}, through the handler`, () => {
    tests(async () => {
      const bench = Bench.inMemory();
      return { bench, host: clientOf(handlerOver(bench)) };
    });
  });
  describe(`${title}, over node:http`, () => {
    const closes: (() => Promise<void>)[] = [];
    after(() => Promise.all(closes.map((close) => close())));
    tests(async () => {
      const bench = Bench.inMemory();
      const { url, close } = await listening(handlerOver(bench));
      closes.push(close);
      return { bench, host: createClient({ url, headers: AUTHORIZED }) };
    });
  });
}
