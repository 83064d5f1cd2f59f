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
  // Whoever sends a body says only that it broke off: why, its source knows.
  let ofSource: { cause: unknown } | undefined;
  try {
    const query = { options: { ...told, ...(name !== undefined && { fileName: name }) } };
    const body = await bodyOf(source, pieces, aborter.signal, (cause) => {
      ofSource = { cause };
    });
    const headers = { Accept: "application/x-ndjson", "Content-Type": "application/octet-stream" };
    const duplex = body instanceof ReadableStream ? { duplex: "half" } : {};
    const response = await send(query, { body, headers, signal: aborter.signal, ...duplex } as RequestInit);
    for await (const line of linesOf(response)) {
      if ("report" in line) {
        if (typeof line.report !== "object" || line.report === null) throw unclear(new Error("the report is none"));
        return line.report as UploadReport;
      }
      if ("error" in line) throw fromWire(line) ?? unclear();
      if ("progress" in line)
        await own(() => onProgress?.(pace.at({ ...line.progress, ...(totalBytes !== undefined && { totalBytes }) })));
      else if ("rejected" in line) await own(() => rejected?.write(new TextEncoder().encode(line.rejected)));
      else if ("rejectedEnd" in line) await own(() => rejected?.close());
    }
    throw unclear();
  } catch (error) {
    if (signal?.aborted) failed = cancelled(signal.reason);
    else failed = ofSource === undefined ? error : hostFailed("the source of the upload", ofSource.cause);
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
    throw hostFailed("a callback", cause);
  }
}

function hostFailed(what: string, cause: unknown): CouponPoolsError {
  return new CouponPoolsError(`${what} failed; its own error is the cause`, { code: "HOST_FAILED", cause });
}

/** Bodies that browsers take are whole: Safari and Firefox send no streams, Chromium only over HTTP/2. */
async function bodyOf(
  source: UploadSource,
  pieces: Pieces,
  signal: AbortSignal,
  onFailure: (cause: unknown) => void,
): Promise<BodyInit> {
  if (typeof source === "string" || source instanceof Uint8Array || source instanceof Blob) return source as BodyInit;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Whoever sends may not notice that nobody reads any more.
      const piece = signal.aborted
        ? null
        : await pieces.next().catch((cause) => {
            onFailure(cause);
            throw cause;
          });
      if (signal.aborted) controller.error(signal.reason);
      else if (piece === null) controller.close();
      else controller.enqueue(piece);
    },
  }) as BodyInit;
  return "document" in globalThis || "importScripts" in globalThis ? new Response(stream).blob() : stream;
}

/** The lines of an answer, as they come; one that is no object was not written by a handler. */
async function* linesOf(response: Response): AsyncGenerator<UploadLine> {
  if (response.body === null) throw unclear(new Error("the answer is empty"));
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        throw unclear(cause);
      });
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() as string;
      for (const line of lines) yield lineOf(line);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function lineOf(text: string): UploadLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw unclear(cause);
  }
  if (typeof line !== "object" || line === null) throw unclear(new Error("a line is no object"));
  return line as UploadLine;
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
