/** The handler: from a request to an answer, by the table of routes. */

import type { PoolsHost } from "../host.js";
import { jsonOf } from "./bodies.js";
import { refused, statusOf, toldOf, toWire } from "./errors.js";
import { checkOrigin, checkOrigins, type Rate, Rates, SAFE } from "./guards.js";
import { type HandlerLimits, type Limits, limitsOf } from "./limits.js";
import { handle as handleShape, MESSAGES, type Message } from "./messages.js";
import { queryOf, wrong } from "./query.js";
import { type Action, ROUTES } from "./routes.js";
import { faultIn } from "./shapes.js";
import { uploaded } from "./uploads.js";

/** What a request may do: the tenant whose pools it is about; nothing; or an answer of the host's own, such as a 401. */
export type Granted = string | null | undefined | Response;

export interface HandlerOptions<Context = undefined> {
  /** The pools of a tenant: a `CouponPools` of your own making. In Workers make one for each request. */
  pools: (tenant: string, context: Context) => PoolsHost | Promise<PoolsHost>;
  /**
   * Says for which tenant a request may do this, from its cookie, token or signature; there is no default. It must not
   * read the body. A `Response` is a new one each time: it can be sent once. What it throws is answered with 500.
   */
  authorize: (request: Request, action: Action, context: Context) => Granted | Promise<Granted>;
  /** Path below which the routes lie, such as `/api/coupons`. Default none. */
  base?: string;
  /** Origins of pages that may call this server, besides its own: `https://app.example.com`. Default none. */
  origins?: readonly string[];
  limits?: HandlerLimits;
  /** How often a tenant may ask each process that serves it; `false` where something in front of it counts. */
  rate?: Rate | false;
  /** Whether codes that nobody holds may be exported, by those whom `authorize` lets do `exportRemaining`. Default `false`. */
  exportRemaining?: boolean;
  /** Hears what went wrong on the server's side, with its cause; what it throws itself is logged. Default: `console.error`. */
  onError?: (error: unknown, what: { action: Action | null; tenant: string | null }) => void;
  /** Milliseconds since 1970, for the rate. Default `Date.now`. */
  clock?: () => number;
}

/** Takes a request, and gives its answer; never rejects. `context` is what the host needs to make pools, such as `env`. */
export type Handler<Context = undefined> = undefined extends Context
  ? (request: Request, context?: Context) => Promise<Response>
  : (request: Request, context: Context) => Promise<Response>;

/** What a route's work is given. */
export interface Call {
  pools: PoolsHost;
  /** The pool's handle; `""` where the route names none. */
  handle: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shapes have checked them.
  query: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  body: any;
  request: Request;
  limits: Limits;
  /** Counts an upload until it is called. */
  uploading: () => () => void;
  /** Hears of failures after the answer has begun. */
  failed: (error: unknown) => void;
}

/** What each route does. */
const WORK: Record<Action, (call: Call) => unknown> = {
  about: ({ pools }) => pools.about(),
  list: async ({ pools, query }) => page(await pools.list(query)),
  create: ({ pools, body }) => pools.create(body),
  get: ({ pools, handle }) => pools.get(handle),
  edit: ({ pools, handle, body }) => pools.edit(handle, body),
  archive: ({ pools, handle }) => pools.archive(handle),
  usage: ({ pools, handle, query }) => pools.usage(handle, query),
  alerts: ({ pools, handle }) => pools.alerts(handle),
  batches: async ({ pools, handle, query }) => page(await pools.batches(handle, query)),
  upload: uploaded,
  undo: ({ pools, handle, body }) => pools.undo(handle, body.batch),
  find: async ({ pools, handle, body: { cursor, limit, ...what } }) =>
    page(await pools.find(handle, what, { ...(cursor && { cursor }), ...(limit && { limit }) })),
  prepare: ({ pools, handle, body }) => pools.prepare(handle, body),
  preview: ({ pools, body: { template, mode } }) => pools.preview(template, mode && { mode }),
  exportDraws: (call) => file(call, "draws"),
  exportRemaining: (call) => file(call, "remaining"),
};

/**
 * Serves what screens need of coupon pools, over HTTP. One handler serves every tenant; make it once, outside of requests.
 * Errors: `INVALID_ARGUMENT` for options that cannot be right.
 */
export function createHandler<Context = undefined>(options: HandlerOptions<Context>): Handler<Context> {
  const { pools, authorize, base = "", origins = [], rate = {}, exportRemaining = false, clock = Date.now } = options;
  if (typeof pools !== "function") throw wrong("pools", "a function that gives the CouponPools of a tenant");
  if (typeof authorize !== "function") throw wrong("authorize", "a function that gives a request's tenant, or null");
  if (base !== "" && !/^(\/[\w.~-]+)+$/.test(base)) throw wrong("base", 'a path such as "/api/coupons"');
  checkOrigins("origins", origins);
  const limits = limitsOf(options.limits);
  const rates = rate === false ? null : new Rates(rate);
  const { onError = (error: unknown) => console.error(error) } = options;
  const tell = (error: unknown, seen: Seen) => {
    // Whoever hears of failures may fail, at once or later: no answer depends on it.
    const lost = (own: unknown) => console.error(own, error);
    try {
      Promise.resolve(onError(error, seen) as unknown).catch(lost);
    } catch (own) {
      lost(own);
    }
  };

  async function answer(request: Request, context: Context, seen: Seen): Promise<Response> {
    const url = new URL(request.url);
    const { action, handle } = matched(url.pathname, base, request.method);
    seen.action = action;
    const route = ROUTES[action];
    const message: Message = MESSAGES[action];
    if (route.changes) checkOrigin(request, origins);
    const granted = await authorize(request, action, context);
    if (granted instanceof Response) return granted;
    if (typeof granted !== "string" || granted === "")
      throw refused("FORBIDDEN", `this request may not do "${action}"`, { action });
    seen.tenant = granted;
    const tenant = granted;
    rates?.take(tenant, clock());
    if (action === "exportRemaining" && !exportRemaining)
      throw refused("FORBIDDEN", "this server gives no codes out that nobody holds", { action });
    if (handle !== null) {
      const fault = faultIn(handleShape, handle);
      if (fault) throw wrong("handle", fault.expected);
    }
    const query = queryOf(url.searchParams, message);
    let body: unknown;
    if (message.body) {
      body = await jsonOf(request, action === "preview" ? limits.templateBytes : limits.bodyBytes);
      const fault = faultIn(message.body, body);
      if (fault) throw wrong(fault.at || "body", fault.expected);
    }
    const result = await WORK[action]({
      pools: await pools(tenant, context),
      handle: handle ?? "",
      query,
      body,
      request,
      limits,
      uploading: () => rates?.upload(tenant, clock()) ?? (() => undefined),
      failed: (error) => tell(error, seen),
    });
    return result instanceof Response ? result : Response.json(result);
  }

  return (async (request: Request, context: Context) => {
    const seen: Seen = { action: null, tenant: null };
    const safe = (response: Response) => guarded(response, request.headers.get("Origin"), origins);
    try {
      // Inside, because a host's own answer may be one that cannot be sent.
      return safe(request.method === "OPTIONS" ? preflight() : await answer(request, context, seen));
    } catch (error) {
      return safe(refusal(error, (thrown) => tell(thrown, seen)));
    }
  }) as Handler<Context>;
}

interface Seen {
  action: Action | null;
  tenant: string | null;
}

/** Which route a path names, and the handle in it. */
function matched(path: string, base: string, method: string): { action: Action; handle: string | null } {
  const allowed: string[] = [];
  if (path.startsWith(`${base}/`)) {
    const parts = path.slice(base.length).split("/");
    for (const [action, route] of Object.entries(ROUTES) as [Action, (typeof ROUTES)[Action]][]) {
      const wanted = route.path.split("/");
      if (wanted.length !== parts.length) continue;
      if (!wanted.every((part, index) => part === "{handle}" || part === parts[index])) continue;
      const at = wanted.indexOf("{handle}");
      if (route.method === method) return { action, handle: at < 0 ? null : decoded(parts[at] as string) };
      allowed.push(route.method);
    }
  }
  if (allowed.length === 0) throw refused("ROUTE_NOT_FOUND", "there is nothing here");
  throw refused("METHOD_NOT_ALLOWED", `here only ${allowed.join(", ")} is understood`, { allow: allowed.join(", ") });
}

/** What cannot be decoded is no handle, as the next check finds. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function refusal(thrown: unknown, onError: (error: unknown) => void): Response {
  const error = toldOf(thrown);
  const status = statusOf(error);
  if (status >= 500) onError(thrown);
  const headers = new Headers();
  const { retryAfter, allow } = error.details;
  if (typeof retryAfter === "number") headers.set("Retry-After", String(retryAfter));
  if (typeof allow === "string") headers.set("Allow", allow);
  return Response.json(toWire(error), { status, headers });
}

function preflight(): Response {
  const headers = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-CSRF-Token",
    "Access-Control-Max-Age": "600",
  };
  return new Response(null, { status: 204, headers });
}

/** An answer with the headers of every answer; no page reads it that was not named. */
function guarded(response: Response, origin: string | null, origins: readonly string[]): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(SAFE)) headers.set(name, value);
  headers.set("Cross-Origin-Resource-Policy", origins.length > 0 ? "cross-origin" : "same-origin");
  if (origins.length > 0) headers.append("Vary", "Origin");
  if (origin !== null && origins.includes(origin)) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Allow-Credentials", "true");
    headers.set("Access-Control-Expose-Headers", "Content-Disposition, Retry-After");
  }
  const { status, statusText, body } = response;
  return new Response(body, { status, statusText, headers });
}

const page = <Row>(rows: Row[] & { next: string | null }) => ({ rows: [...rows], next: rows.next });

/** A file to download. Its first bytes are waited for: until then a failure is still an answer of its own. */
async function file({ pools, handle, failed }: Call, what: "draws" | "remaining"): Promise<Response> {
  const reader = pools.export(handle, what).getReader();
  let first: ReadableStreamReadResult<Uint8Array> | undefined = await reader.read();
  const next = async () => {
    try {
      return await reader.read();
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = first ?? (await next());
      first = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const headers = {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": `attachment; filename="${handle}-${what}.csv"`,
  };
  return new Response(body, { headers });
}
