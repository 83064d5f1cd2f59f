/** The handler under Node's own HTTP server: requests and answers are streamed, a client that goes away is noticed. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { refused, statusOf, toWire } from "./errors.js";
import { checkOrigins, SAFE } from "./guards.js";

/** How long a client may go on sending a body that nobody reads any more, in milliseconds, before it is cut off. */
const SENDING_ON_MS = 30_000;
/** Longest wait for the next bytes of a body, in milliseconds: a connection that stalls for longer is not coming back. */
const IDLE_MS = 60_000;
/** Past this Node's timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface NodeOptions {
  /** Origin that clients see, such as `https://api.example.com`, where a proxy stands in front. Default: by the request. */
  origin?: string;
  /**
   * Longest wait for the next bytes of a body, in milliseconds, before the client is cut off. Default 60,000. However long
   * a whole upload takes is no matter here, but to Node: see `requestTimeout` in docs/server.md.
   */
  idleMs?: number;
}

/**
 * For `createServer(toNode(handler))`, Express (`app.use`) and whatever else takes Node's requests, over HTTP/1 only:
 * where `node:http2` is to be spoken, let a proxy speak it. Mount it ahead of whatever reads bodies, such as
 * `express.json()`. Errors: `INVALID_ARGUMENT` for options that cannot be right.
 */
export function toNode<Context = undefined>(
  handler: (request: Request, context: Context) => Promise<Response>,
  options: NodeOptions & { context?: (request: IncomingMessage) => Context } = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  const { origin, idleMs = IDLE_MS } = options;
  if (origin !== undefined) checkOrigins("origin", [origin]);
  if (!Number.isSafeInteger(idleMs) || idleMs < 1 || idleMs > LONGEST_TIMER_MS)
    throw refused("INVALID_ARGUMENT", "idleMs is a whole number of milliseconds from 1 up", { option: "idleMs" });

  return (incoming, outgoing) => {
    const aborter = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) aborter.abort(new Error("the client went away"));
    });
    answer(incoming, outgoing, aborter).catch((error) => outgoing.destroy(error));
  };

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse, aborter: AbortController): Promise<void> {
    const request = requestOf(incoming, aborter.signal, origin, idleMs);
    if (request === null) {
      refuse(incoming, outgoing);
      sink(incoming, outgoing);
      return;
    }
    const response = await handler(request, options.context?.(incoming) as Context);
    outgoing.statusCode = response.status;
    for (const [name, value] of response.headers) {
      if (name !== "set-cookie") outgoing.setHeader(name, value);
    }
    const cookies = response.headers.getSetCookie();
    if (cookies.length > 0) outgoing.appendHeader("Set-Cookie", cookies);
    if (response.body) await send(response.body, outgoing);
    outgoing.end();
    sink(incoming, outgoing);
  }
}

/** A host, with or without its port: nothing that would end it and begin a path. */
const HOST = /^[\w.:[\]-]+$/;

function requestOf(
  incoming: IncomingMessage,
  signal: AbortSignal,
  origin: string | undefined,
  idleMs: number,
): Request | null {
  const { method = "GET", headers: raw } = incoming;
  const secure = "encrypted" in incoming.socket;
  // Express strips the path it is mounted on from `url`.
  const path = (incoming as { originalUrl?: string }).originalUrl ?? incoming.url ?? "/";
  if (!path.startsWith("/") || (origin === undefined && !HOST.test(raw.host ?? ""))) return null;
  try {
    const url = new URL((origin ?? `${secure ? "https" : "http"}://${raw.host}`) + path);
    const headers = new Headers();
    for (const [name, value] of Object.entries(raw)) {
      for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
    }
    const body = method === "GET" || method === "HEAD" ? null : bodyOf(incoming, idleMs);
    return new Request(url, { method, headers, body, signal, ...(body && { duplex: "half" }) } as RequestInit);
  } catch {
    // A method, host or path that no request can have.
    return null;
  }
}

/** Answers what is no request, or one that `Request` itself does not know (TRACE), as the handler answers its refusals. */
function refuse({ method }: IncomingMessage, outgoing: ServerResponse): void {
  const allow = "GET, POST, PATCH";
  const error =
    method === "TRACE" || method === "TRACK"
      ? refused("METHOD_NOT_ALLOWED", `here only ${allow} is understood`, { allow })
      : refused("INVALID_ARGUMENT", "this is no request: its host or its path is none", { option: "host" });
  outgoing.statusCode = statusOf(error);
  for (const [name, value] of Object.entries({ ...SAFE, "Content-Type": "application/json" }))
    outgoing.setHeader(name, value);
  if (error.details.allow) outgoing.setHeader("Allow", allow);
  outgoing.end(JSON.stringify(toWire(error)));
}

/** The body, at the pace of its reader. One that breaks off, or whose sender falls silent, is an error and no end. */
function bodyOf(incoming: IncomingMessage, idleMs: number): ReadableStream<Uint8Array> {
  let over = false;
  let idle: ReturnType<typeof setTimeout> | undefined;
  // Only while bytes are asked for: a store that takes its time is no fault of the sender's.
  const wait = () => {
    clearTimeout(idle);
    idle = over ? undefined : setTimeout(() => incoming.destroy(), idleMs).unref();
  };
  const end = (finish: () => void) => {
    clearTimeout(idle);
    if (!over) finish();
    over = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (incoming.readableEnded || incoming.destroyed)
          return end(() =>
            controller.error(new Error("the body was read before: mount this ahead of what parses bodies")),
          );
        incoming.on("data", (chunk: Uint8Array) => {
          if (over) return;
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
          if ((controller.desiredSize ?? 0) > 0) return wait();
          clearTimeout(idle);
          incoming.pause();
        });
        incoming.once("end", () => end(() => controller.close()));
        const broken = () => end(() => controller.error(new Error("the body broke off")));
        incoming.once("error", broken);
        incoming.once("close", broken);
        incoming.pause();
      },
      pull() {
        wait();
        incoming.resume();
      },
      cancel() {
        end(() => undefined);
        // The rest is read and dropped: a client reads its answer only when it has been let finish.
        incoming.removeAllListeners("data").resume();
      },
    },
    { highWaterMark: 1 },
  );
}

/** Sends an answer at the pace of its reader; one that fails halfway is cut off, so that it does not look whole. */
async function send(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  let wake: () => void = () => undefined;
  // One listener for the whole answer: a race with one promise would keep every chunk for as long as that promise lives.
  const gone = () => {
    reader.cancel(new Error("the client went away")).catch(() => undefined);
    wake();
  };
  // Who left before the answer began is not heard leaving.
  if (outgoing.destroyed) return gone();
  outgoing.once("close", gone);
  outgoing.on("drain", () => wake());
  for (;;) {
    const { done, value } = await reader.read();
    if (done || outgoing.destroyed) return;
    if (!outgoing.write(value) && !outgoing.destroyed) await new Promise<void>((resolve) => (wake = resolve));
  }
}

/** Lets a client finish a body that nobody reads, for a while. */
function sink(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.complete) return;
  incoming.removeAllListeners("data").resume();
  const timer = setTimeout(() => incoming.socket.destroy(), SENDING_ON_MS);
  timer.unref();
  incoming.once("close", () => clearTimeout(timer));
  outgoing.once("close", () => incoming.complete && clearTimeout(timer));
}
