/** Where an upload's bytes come from: whatever a host has at hand, as one stream of chunks. */

import { CouponPoolsError } from "./errors.js";

/** Anything that holds or gives the bytes of a file. A string is its text. */
export type UploadSource = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array | string;

/** Largest piece handed to the engine at once: keeps its memory small and progress figures moving. */
const PIECE = 1 << 20;

/** A source that is being read. */
export interface Pieces {
  /** The next piece, of at most 1 MB; `null` at the end. */
  next(): Promise<Uint8Array | null>;
  /** How many bytes of the source have been used, where that is not what was handed out. */
  position?(): number;
  /** The worksheet, where the pieces are sheet text that was made of one. */
  sheet?: { kind: string; name: string };
  /** Lets go of the source, even while a piece is waited for. */
  close(): void;
}

/** Starts reading a source. */
export function open(source: UploadSource): Pieces {
  const { next, close } = chunksOf(source);
  let chunk: Uint8Array = new Uint8Array(0);
  return {
    async next() {
      while (chunk.length === 0) {
        const more = await next();
        if (more === null) return null;
        if (!(more instanceof Uint8Array)) throw new TypeError("the source gave something that is no Uint8Array");
        chunk = more;
      }
      const piece = chunk.subarray(0, PIECE);
      chunk = chunk.subarray(PIECE);
      return piece;
    },
    close,
  };
}

interface Chunks {
  next(): Promise<Uint8Array | null>;
  close(): void;
}

function chunksOf(source: UploadSource): Chunks {
  if (typeof source === "string") return once(new TextEncoder().encode(source));
  if (source instanceof Uint8Array) return once(source);
  if (typeof Blob !== "undefined" && source instanceof Blob) return ofStream(source.stream());
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
