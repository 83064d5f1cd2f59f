/** Bodies of requests: read up to a limit, whatever their sender says of their length. */

import { refused } from "./errors.js";

/** A body's chunks, until there are more bytes than `limit`. */
export async function* bounded(body: ReadableStream<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let size = 0;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      size += value.length;
      if (size > limit) throw tooLarge(limit);
      yield value;
    }
  } finally {
    if (!ended) reader.cancel().catch(() => undefined);
  }
}

/** A JSON body. */
export async function jsonOf(request: Request, limit: number): Promise<unknown> {
  const type = request.headers.get("Content-Type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw refused("BODY_TYPE", "send JSON, with Content-Type: application/json");
  refuseDeclared(request, limit);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    if (request.body)
      for await (const chunk of bounded(request.body, limit)) text += decoder.decode(chunk, { stream: true });
    text += decoder.decode();
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    throw refused("INVALID_ARGUMENT", "the body is not JSON in UTF-8", { option: "body" });
  }
}

/** Refuses a body by the length that it claims, before any of it is read. */
export function refuseDeclared(request: Request, limit: number): void {
  if (Number(request.headers.get("Content-Length") ?? 0) > limit) throw tooLarge(limit);
}

function tooLarge(limit: number) {
  return refused("BODY_TOO_LARGE", `the body is larger than ${limit} bytes`, { limit });
}
