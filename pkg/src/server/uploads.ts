/**
 * Uploads over HTTP: the body is the file, read as fast as the store takes it. The answer is the report as JSON, or, for
 * clients that accept it, lines of JSON while the upload runs: progress, rejected rows, and at last report or error.
 */

import type { UploadProgress } from "../options.js";
import { bounded, refuseDeclared } from "./bodies.js";
import { refused, statusOf, toldOf, toWire } from "./errors.js";
import type { Call } from "./handler.js";
import { clamped } from "./limits.js";

/** The media type of the lines. */
export const LINES = "application/x-ndjson";

/** One line of an upload's answer. */
export type UploadLine =
  | { progress: Pick<UploadProgress, "rows" | "bytes"> }
  /** A piece of the file of rejected rows, which is CSV. */
  | { rejected: string }
  /** That file has ended. */
  | { rejectedEnd: true }
  | { report: unknown }
  | ReturnType<typeof toWire>;

/** Lines that may wait besides rejected rows: later progress says the same and more. */
const WAITING_LINES = 4;

export async function uploaded(call: Call): Promise<unknown> {
  refuseDeclared(call.request, call.limits.uploadBytes);
  const done = call.uploading();
  const aborter = new AbortController();
  const gone = () => aborter.abort(call.request.signal?.reason);
  if (call.request.signal?.aborted) gone();
  call.request.signal?.addEventListener("abort", gone, { once: true });
  const end = () => {
    call.request.signal?.removeEventListener("abort", gone);
    done();
  };
  if (accepts(call.request, LINES)) return inLines(call, aborter, end);
  try {
    return await run(call, aborter.signal, {});
  } finally {
    end();
  }
}

function accepts(request: Request, type: string): boolean {
  return (request.headers.get("Accept") ?? "")
    .toLowerCase()
    .split(/[,;]/)
    .some((one) => one.trim() === type);
}

// Whatever it is that fails, it is the promise that fails: a host that throws at once ends its upload like any other.
async function run({ pools, handle, query, request, limits }: Call, signal: AbortSignal, more: object) {
  const source = request.body === null ? "" : bounded(request.body, limits.uploadBytes);
  const asked = clamped(query.options?.limits, limits.upload);
  return pools.upload(handle, source, { ...query.options, limits: asked, ...more, signal });
}

function inLines(call: Call, aborter: AbortController, end: () => void): Response {
  const encoder = new TextEncoder();
  let waiting = 0;
  let closed = false;
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      pull() {
        // Whoever reads has taken a line; those that are left are counted by the stream itself.
        waiting = Math.max(0, 1 - (controller.desiredSize ?? 0));
      },
      cancel(reason) {
        closed = true;
        aborter.abort(reason);
      },
    },
    { highWaterMark: 1, size: (line) => line?.length ?? 0 },
  );
  const say = (line: UploadLine) => {
    if (closed) return;
    controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
    waiting = 1 - (controller.desiredSize ?? 0);
  };
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const rejectedTo = new WritableStream<Uint8Array>({
    write(piece) {
      // A browser reads nothing before it has sent the whole file: to wait for it here would be to wait for ever.
      if (waiting > call.limits.rejectedBytes)
        throw refused("BODY_TOO_LARGE", `the rejected rows are more than ${call.limits.rejectedBytes} bytes`, {
          limit: call.limits.rejectedBytes,
        });
      say({ rejected: decoder.decode(piece, { stream: true }) });
    },
    close: () => say({ rejectedEnd: true }),
  });
  const onProgress = ({ rows, bytes }: UploadProgress) => {
    if (waiting < WAITING_LINES * 64) say({ progress: { rows, bytes } });
  };
  void run(call, aborter.signal, { onProgress, rejectedTo })
    .then(
      (report) => say({ report }),
      (thrown) => {
        const error = toldOf(thrown);
        if (statusOf(error) >= 500) call.failed(thrown);
        say(toWire(error));
      },
    )
    .then(() => {
      if (!closed) controller.close();
    })
    .finally(end);
  return new Response(body, { headers: { "Content-Type": LINES } });
}
