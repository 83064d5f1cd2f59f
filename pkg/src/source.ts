/** Where an upload's bytes come from: whatever a host has at hand, as one stream of chunks. */

import { CouponPoolsError } from "./errors.js";

/** Anything that holds or gives the bytes of a file. A string is its text. */
export type UploadSource = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array | string;

/** Largest piece handed to the engine at once: keeps its memory small and progress figures moving. */
const PIECE = 1 << 20;

/** A source that is being read. */
export interface Pieces {
  /** The first bytes, which stay to be read: as many as asked for, or all there are. None of a text. */
  start(count: number): Promise<Uint8Array>;
  /** The next piece, of at most 1 MB; `null` at the end. */
  next(): Promise<Uint8Array | null>;
  /** All bytes that are left, or `null` if there are more than `limit`. */
  rest(limit: number): Promise<Uint8Array | null>;
  /** Lets go of the source, even while a piece is waited for. */
  close(): void;
}

/** Starts reading a source. */
export function open(source: UploadSource): Pieces {
  const { next, close } = chunksOf(source);
  let chunk: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<Uint8Array | null> => {
    for (;;) {
      const found = await next();
      if (found === null) return null;
      if (!(found instanceof Uint8Array)) throw new TypeError("the source gave something that is no Uint8Array");
      if (found.length > 0) return found;
    }
  };
  return {
    async start(count) {
      if (typeof source === "string") return chunk;
      while (chunk.length < count) {
        const found = await more();
        if (found === null) break;
        chunk = chunk.length === 0 ? found : joined([chunk, found]);
      }
      return chunk.subarray(0, count);
    },
    async next() {
      if (chunk.length === 0) {
        const found = await more();
        if (found === null) return null;
        chunk = found;
      }
      const piece = chunk.subarray(0, PIECE);
      chunk = chunk.subarray(PIECE);
      return piece;
    },
    async rest(limit) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for (let found: Uint8Array | null = chunk; found !== null; found = await more()) {
        size += found.length;
        if (size > limit) return null;
        chunks.push(found);
      }
      chunk = new Uint8Array(0);
      return chunks.length === 1 ? (chunks[0] as Uint8Array) : joined(chunks);
    },
    close,
  };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

interface Chunks {
  next(): Promise<Uint8Array | null>;
  close(): void;
}

function chunksOf(source: UploadSource): Chunks {
  if (typeof source === "string") return once(new TextEncoder().encode(source));
  if (source instanceof Uint8Array) return once(source);
  if (typeof Blob !== "undefined" && source instanceof Blob) return ofBlob(source);
  if (typeof ReadableStream !== "undefined" && source instanceof ReadableStream) return ofStream(source);
  if (typeof (source as AsyncIterable<Uint8Array> | null)?.[Symbol.asyncIterator] === "function") {
    return ofIterator((source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]());
  }
  throw new CouponPoolsError("a source is a File, a Blob, a stream or async iterable of bytes, bytes, or a text", {
    code: "INVALID_ARGUMENT",
    details: { option: "source" },
  });
}

function once(bytes: Uint8Array): Chunks {
  let left: Uint8Array | null = bytes;
  return {
    async next() {
      const chunk = left;
      left = null;
      return chunk;
    },
    close: () => undefined,
  };
}

/** Opened when it is first read: in a page whose uploads run in a worker, nobody reads it here. */
function ofBlob(blob: Blob): Chunks {
  let chunks: Chunks | undefined;
  return {
    next() {
      chunks ??= ofStream(blob.stream());
      return chunks.next();
    },
    close: () => chunks?.close(),
  };
}

/** By its reader: Safari's streams are not async iterable. */
function ofStream(stream: ReadableStream<Uint8Array>): Chunks {
  const reader = stream.getReader();
  let ended = false;
  return {
    async next() {
      const { done, value } = await reader.read();
      ended ||= done;
      return done ? null : value;
    },
    close() {
      if (!ended) reader.cancel().catch(() => undefined);
      reader.releaseLock();
    },
  };
}

function ofIterator(iterator: AsyncIterator<Uint8Array>): Chunks {
  let ended = false;
  return {
    async next() {
      const { done, value } = await iterator.next();
      ended ||= done === true;
      return done === true ? null : value;
    },
    close() {
      // A generator that waits answers `return` only when it wakes: nobody waits for that.
      if (!ended) iterator.return?.()?.then(undefined, () => undefined);
    },
  };
}

/** The size of the source in bytes, where it is known beforehand. */
export function sizeOf(source: UploadSource): number | undefined {
  if (source instanceof Uint8Array) return source.length;
  if (typeof Blob !== "undefined" && source instanceof Blob) return source.size;
  return undefined;
}

/** The file's name, where the source carries one. */
export function nameOf(source: UploadSource): string | undefined {
  const name = typeof source === "object" && source !== null ? (source as { name?: unknown }).name : undefined;
  return typeof name === "string" ? name : undefined;
}
