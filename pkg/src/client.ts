/** Coupon pools behind a server: the same calls as `CouponPools` has for screens, over HTTP. */

import { invalid, millis, text } from "./arguments.js";
import { cancelled, type Send, unclear, upload } from "./client/upload.js";
import { CouponPoolsError } from "./errors.js";
import type { PoolsHost } from "./host.js";
import type { PageOf } from "./pools.js";
import { fromWire } from "./server/errors.js";
import { type Action, HANDLE, PAGE_ROWS, ROUTES } from "./server/routes.js";

export type { PoolsHost } from "./host.js";

export interface ClientOptions {
  /** Where the handler's routes lie: `https://api.example.com/coupons`, or a path of the page's own origin. */
  url: string;
  /** Default: the host's own `fetch`. */
  fetch?: (request: string, init: RequestInit) => Promise<Response>;
  /** Headers of every request, such as a token's; a function is asked for each. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** Whether cookies go along. Default `"same-origin"`. */
  credentials?: "omit" | "same-origin" | "include";
}

/** What one request is made of. */
interface Ask {
  handle?: string;
  query?: Record<string, unknown>;
  body?: unknown;
  init?: RequestInit;
}

/**
 * A client of `createHandler()`. Errors are those of `CouponPools`, of the same classes, and besides `FORBIDDEN`,
 * `RATE_LIMITED`, `BODY_TOO_LARGE`, and `SERVER_UNREACHABLE` or `SERVER_ANSWER` with the cause.
 */
export function createClient(options: ClientOptions): PoolsHost {
  const { url, fetch = globalThis.fetch, headers = {}, credentials = "same-origin" } = options;
  const base = text("url", url).replace(/\/+$/, "");

  async function send(action: Action, { handle, query = {}, body, init = {} }: Ask): Promise<Response> {
    const { method, path } = ROUTES[action];
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined || value === null) continue;
      asked.set(name, typeof value === "object" ? jsonOf(value) : String(value));
    }
    const search = asked.size > 0 ? `?${asked}` : "";
    const given = typeof headers === "function" ? await headers() : headers;
    const own: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    const whole: RequestInit = {
      method,
      credentials,
      ...init,
      headers: { ...given, ...own, ...(init.headers as object) },
    };
    if (body !== undefined) whole.body = jsonOf(body);
    let response: Response;
    try {
      // Not as a method: browsers refuse their own `fetch` from another object.
      response = await fetch(`${base}${path.replace("{handle}", handle ?? "")}${search}`, whole);
    } catch (cause) {
      if (init.signal?.aborted) throw cancelled(init.signal.reason);
      throw new CouponPoolsError("the server cannot be reached: check the network, and what the page may connect to", {
        code: "SERVER_UNREACHABLE",
        cause,
      });
    }
    if (response.ok) return response;
    throw fromWire(await response.json().catch(() => null)) ?? unclear(new Error(`HTTP ${response.status}`));
  }

  async function ask<Answer>(action: Action, what: Ask = {}): Promise<Answer> {
    const response = await send(action, what);
    const answer: unknown = await response.json().catch((cause) => {
      throw unclear(cause);
    });
    if (typeof answer !== "object" || answer === null) throw unclear(new Error("the answer is no object"));
    return answer as Answer;
  }

  async function pageOf<Row>(action: Action, what: Ask): Promise<PageOf<Row>> {
    const { rows, next } = await ask<{ rows: Row[]; next: string | null }>(action, what);
    if (!Array.isArray(rows)) throw unclear(new Error("the answer is no page"));
    return Object.assign(rows, { next });
  }

  return {
    about: async () => ask("about"),
    list: async ({ archived, cursor, limit } = {}) =>
      pageOf("list", { query: { archived, cursor, limit: rows(limit) } }),
    create: async (pool) => ask("create", { body: pool }),
    get: async (handle) => ask("get", { handle: checked(handle) }),
    edit: async (handle, patch) => ask("edit", { handle: checked(handle), body: patch }),
    archive: async (handle) => ask("archive", { handle: checked(handle) }),
    usage: async (handle, { from, to }) => {
      const query = { from: millis("from", from), to: to === undefined ? undefined : millis("to", to) };
      return ask("usage", { handle: checked(handle), query });
    },
    alerts: async (handle) => ask("alerts", { handle: checked(handle) }),
    batches: async (handle, { cursor, limit } = {}) =>
      pageOf("batches", { handle: checked(handle), query: { cursor, limit: rows(limit) } }),
    upload: async (handle, source, given = {}) => {
      const name = checked(handle);
      const sending: Send = (query, init) => send("upload", { handle: name, query, init });
      return upload(sending, source, given);
    },
    undo: async (handle, batch) => ask("undo", { handle: checked(handle), body: { batch: text("batch", batch) } }),
    find: async (handle, what, { cursor, limit } = {}) => {
      const more = { ...(cursor && { cursor }), ...(limit !== undefined && { limit: rows(limit) }) };
      return pageOf("find", { handle: checked(handle), body: { ...what, ...more } });
    },
    prepare: async (handle, { count }) => ask("prepare", { handle: checked(handle), body: { count } }),
    preview: async (template, { mode } = {}) => ask("preview", { body: { template, ...(mode && { mode }) } }),
    export(handle, what) {
      if (what !== "draws" && what !== "remaining") throw invalid("what", 'export takes "draws" or "remaining"');
      const action = what === "draws" ? "exportDraws" : "exportRemaining";
      return streamed((signal) => send(action, { handle: checked(handle), init: { signal } }));
    },
  };
}

/** A file, asked for at once and read at the pace of its reader. */
function streamed(ask: (signal: AbortSignal) => Promise<Response>): ReadableStream<Uint8Array> {
  const aborter = new AbortController();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>({
    async start() {
      const { body } = await ask(aborter.signal);
      if (body === null) throw unclear(new Error("the answer is empty"));
      reader = body.getReader();
    },
    async pull(controller) {
      const next = await reader?.read().catch((cause) => {
        throw unclear(cause);
      });
      if (next === undefined || next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: (reason) => aborter.abort(reason),
  });
}

const HANDLES = new RegExp(HANDLE, "u");

/** A handle, before it becomes part of a path. */
function checked(handle: string): string {
  if (HANDLES.test(text("handle", handle))) return handle;
  throw invalid(
    "handle",
    'a handle is 1 to 64 lower-case letters, digits, "-" or "_", as it stands in tags: this one is not',
  );
}

/** As `CouponPools` does, which takes any limit for the nearest that it knows. */
function rows(limit: number | undefined): number | undefined {
  return limit === undefined ? undefined : Math.min(Math.max(limit, 1), PAGE_ROWS);
}

/** JSON that says what was meant: JSON itself would say `null` for a date or a number that is none. */
function jsonOf(value: unknown): string {
  // A date has become a text, or null, by the time that its name and value come here: what it was, its owner knows.
  return JSON.stringify(value, function (this: Record<string, unknown>, name, one) {
    const given = this[name];
    if (given instanceof Date && Number.isNaN(given.getTime())) throw invalid(name, `${name} is no valid date`);
    if (typeof one === "bigint") throw invalid(name, `${name} is a bigint: pass a number`);
    if (typeof one === "number" && !Number.isFinite(one)) throw invalid(name, `${name} is no number`);
    return one;
  });
}
