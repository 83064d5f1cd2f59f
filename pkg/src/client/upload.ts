/** The client's half of an upload: sends the file, and reads what the server says meanwhile. */

import { CouponPoolsError } from "../errors.js";
import type { UploadOptions, UploadReport } from "../options.js";
import { Pace } from "../pace.js";
import { fromWire } from "../server/errors.js";
import type { UploadLine } from "../server/uploads.js";
import { nameOf, open, type Pieces, sizeOf, type UploadSource } from "../source.js";

/** Sends one request; rejects with typed errors for all but an answer of 200. */
export type Send = (query: Record<string, unknown>, init: RequestInit) => Promise<Response>;

/** Uploads, and hears how it goes. In browsers figures come once the file has been sent, which takes no body as a stream. */
export async function upload(send: Send, source: UploadSource, options: UploadOptions): Promise<UploadReport> {
  const { rejectedTo, onProgress, signal, ...told } = options;
  const name = told.fileName ?? nameOf(source);
  const aborter = new AbortController();
  const abort = () => aborter.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const pieces = open(source);
  const rejected = rejectedTo?.getWriter();
  const pace = new Pace(Date.now);
  const totalBytes = sizeOf(source);
  let failed: unknown;
  try {
    const query = { options: { ...told, ...(name !== undefined && { fileName: name }) } };
    const body = await bodyOf(source, pieces, aborter.signal);
    const headers = { Accept: "application/x-ndjson", "Content-Type": "application/octet-stream" };
    const duplex = body instanceof ReadableStream ? { duplex: "half" } : {};
    const response = await send(query, { body, headers, signal: aborter.signal, ...duplex } as RequestInit);
    for await (const line of linesOf(response)) {
      if ("report" in line) return line.report as UploadReport;
      if ("error" in line) throw fromWire(line) ?? unclear();
      if ("progress" in line)
        await own(() => onProgress?.(pace.at({ ...line.progress, ...(totalBytes !== undefined && { totalBytes }) })));
      else if ("rejected" in line) await own(() => rejected?.write(new TextEncoder().encode(line.rejected)));
      else await own(() => rejected?.close());
    }
    throw unclear();
  } catch (error) {
    failed = signal?.aborted ? cancelled(signal.reason) : error;
    throw failed;
  } finally {
    aborter.abort(failed);
    pieces.close();
    signal?.removeEventListener("abort", abort);
    // A file whose end was heard is whole; one that was not is aborted. Of a file that was closed this does nothing.
    if (failed !== undefined) rejected?.abort(failed).catch(() => undefined);
    rejected?.releaseLock();
  }
}

/** Calls what the caller gave; its failures are the caller's. */
async function own(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (cause) {
    throw new CouponPoolsError("a callback failed; its own error is the cause", { code: "HOST_FAILED", cause });
  }
}

/** Bodies that browsers take are whole: Safari and Firefox send no streams, Chromium only over HTTP/2. */
async function bodyOf(source: UploadSource, pieces: Pieces, signal: AbortSignal): Promise<BodyInit> {
  if (typeof source === "string" || source instanceof Uint8Array || source instanceof Blob) return source as BodyInit;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Whoever sends may not notice that nobody reads any more.
      const piece = signal.aborted ? null : await pieces.next();
      if (signal.aborted) controller.error(signal.reason);
      else if (piece === null) controller.close();
      else controller.enqueue(piece);
    },
  }) as BodyInit;
  return "document" in globalThis || "importScripts" in globalThis ? new Response(stream).blob() : stream;
}

/** The lines of an answer, as they come. */
async function* linesOf(response: Response): AsyncGenerator<UploadLine> {
  const decoder = new TextDecoder();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() as string;
      for (const line of lines) yield JSON.parse(line) as UploadLine;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

export function cancelled(cause: unknown): CouponPoolsError {
  return new CouponPoolsError("the call was cancelled", { code: "ABORTED", cause });
}

export function unclear(cause?: unknown): CouponPoolsError {
  return new CouponPoolsError("the server's answer broke off, or is none of a coupon pools server: check the url", {
    code: "SERVER_ANSWER",
    cause,
  });
}
