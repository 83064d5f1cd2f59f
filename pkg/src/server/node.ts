/** The handler under Node's own HTTP server: requests and answers are streamed, a client that goes away is noticed. */

import type { IncomingMessage, ServerResponse } from "node:http";

/** How long a client may go on sending a body that nobody reads any more, in milliseconds, before it is cut off. */
const SENDING_ON_MS = 30_000;

export interface NodeOptions {
  /** Origin that clients see, such as `https://api.example.com`, where a proxy stands in front. Default: by the request. */
  origin?: string;
}

/** For `createServer(toNode(handler))`, Express (`app.use`) and whatever else takes Node's requests. */
export function toNode<Context = undefined>(
  handler: (request: Request, context: Context) => Promise<Response>,
  options: NodeOptions & { context?: (request: IncomingMessage) => Context } = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  return (incoming, outgoing) => {
    const aborter = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) aborter.abort(new Error("the client went away"));
    });
    answer(incoming, outgoing, aborter).catch((error) => outgoing.destroy(error));
  };

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse, aborter: AbortController): Promise<void> {
    const request = requestOf(incoming, aborter.signal, options.origin);
    if (request === null) {
      // `Request` itself knows no TRACE.
      const traces = incoming.method === "TRACE" || incoming.method === "TRACK";
      outgoing.writeHead(traces ? 405 : 400, traces ? { Allow: "GET, POST, PATCH" } : {}).end();
      sink(incoming, outgoing);
      return;
    }
    const response = await handler(request, options.context?.(incoming) as Context);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body) await send(response.body, outgoing);
    outgoing.end();
    sink(incoming, outgoing);
  }
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal, origin: string | undefined): Request | null {
  const { method = "GET", headers: raw } = incoming;
  const secure = "encrypted" in incoming.socket;
  // Express strips the path it is mounted on from `url`.
  const path = (incoming as { originalUrl?: string }).originalUrl ?? incoming.url ?? "/";
  try {
    const url = new URL((origin ?? `${secure ? "https" : "http"}://${raw.host}`) + path);
    const headers = new Headers();
    for (const [name, value] of Object.entries(raw)) {
      for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
    }
    const body = method === "GET" || method === "HEAD" ? null : bodyOf(incoming);
    return new Request(url, { method, headers, body, signal, ...(body && { duplex: "half" }) } as RequestInit);
  } catch {
    // A method, host or path that no request can have.
    return null;
  }
}

/** The body, at the pace of its reader. One that breaks off is an error and no end. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let over = false;
  const end = (finish: () => void) => {
    if (!over) finish();
    over = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        incoming.on("data", (chunk: Uint8Array) => {
          if (over) return;
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        incoming.once("end", () => end(() => controller.close()));
        const broken = () => end(() => controller.error(new Error("the body broke off")));
        incoming.once("error", broken);
        incoming.once("close", broken);
        incoming.pause();
      },
      pull: () => void incoming.resume(),
      cancel() {
        over = true;
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
  const closed = new Promise<"closed">((resolve) => outgoing.once("close", () => resolve("closed")));
  for (;;) {
    const next = await Promise.race([reader.read(), closed]);
    if (next === "closed") return void reader.cancel(new Error("the client went away")).catch(() => undefined);
    if (next.done) return;
    if (!outgoing.write(next.value))
      await Promise.race([new Promise((resolve) => outgoing.once("drain", resolve)), closed]);
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
