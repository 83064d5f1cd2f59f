/**
 * The page's side of an upload in a thread of its own: starts it, performs the steps that it asks for, hears what it
 * came to, and notices when it has died.
 */

import { engineCrashed } from "../driver.js";
import type { SheetArtefacts } from "../engine.js";
import { CouponPoolsError } from "../errors.js";
import { blame, Failure } from "../failures.js";
import type { UploadReport } from "../options.js";
import type { UploadSource } from "../source.js";
import type { UploadJob } from "../upload.js";
import { fromPlain } from "./errors.js";
import type { Port, Start, ToPage, ToThread } from "./messages.js";

/** A thread that was started: its port, what tells that it is lost, and its end. */
export interface Thread {
  port: Port;
  /** Calls back once, when the thread could not be loaded or has died. */
  onLost(lost: (cause: unknown) => void): void;
  /** Ends it, with all its memory. */
  end(): void;
}

/** Runs an upload in a thread, and ends the thread with it. */
export async function uploadIn(thread: Thread, job: UploadJob): Promise<UploadReport> {
  const { signal } = job;
  const failures: unknown[] = [];
  const keep = (error: unknown): number => failures.push(error) - 1;
  const say = (message: ToThread): void => thread.port.postMessage(message, []);
  const guard = new AbortController();
  let abort: (() => void) | undefined;
  try {
    return await new Promise<UploadReport>((resolve, reject) => {
      let alive = false;
      thread.onLost((cause) => reject(alive ? engineCrashed(cause) : unavailable(cause)));
      abort = () => {
        // Before it has started it has nothing to clean up.
        if (alive) say({ abort: keep(signal?.reason) });
        else reject(cancelled(signal?.reason));
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort, { once: true });
      const start = async (): Promise<void> => {
        const module = await job.artefacts.manage.load();
        if (signal?.aborted) return reject(cancelled(signal.reason));
        alive = true;
        say({ start: toStart(job, module) });
      };
      thread.port.onmessage = ({ data }: MessageEvent<ToPage>) => {
        if ("ask" in data) void answer(data).catch(reject);
        else if ("done" in data) resolve(data.done as UploadReport);
        else if ("error" in data) reject(fromPlain(data.error, failures));
        else {
          if (data.alive !== null) watch(data.alive, guard.signal, () => reject(engineCrashed(undefined)));
          start().catch(reject);
        }
      };
    });
  } finally {
    if (abort) signal?.removeEventListener("abort", abort);
    guard.abort();
    thread.end();
  }

  async function answer({ ask, step, request }: Extract<ToPage, { ask: number }>): Promise<void> {
    try {
      const reply = await perform(step, request);
      const now = job.now();
      try {
        say({ answer: ask, reply, now });
      } catch (error) {
        // What cannot be cloned is no answer that the contract allows.
        throw new Failure("answer", error);
      }
    } catch (error) {
      const { cause, whose } = blame(error, step);
      say({ answer: ask, failure: keep(cause), whose, now: job.now() });
    }
  }

  function perform(step: string, request: unknown): unknown {
    if (step === "pull") return job.pieces.next();
    if (step === "artefact") return job.artefacts[request as keyof SheetArtefacts].load();
    return job.perform(step, request);
  }
}

function toStart(job: UploadJob, module: WebAssembly.Module): Start {
  const { args, sheet } = job;
  return { module, args, sheet, source: crossing(job.source), now: job.now() };
}

/** The source as it crosses: a file by reference, bytes and texts as copies, a stream not at all. */
function crossing(source: UploadSource): Start["source"] {
  if (typeof source === "string" || (typeof Blob !== "undefined" && source instanceof Blob)) return source;
  // Cloning a view would clone all of the memory behind it.
  if (source instanceof Uint8Array) return source.byteLength === source.buffer.byteLength ? source : source.slice();
  return null;
}

/** Calls back when the thread that holds a lock is no more: the browser gives the lock on. */
function watch(lock: string, signal: AbortSignal, gone: () => void): void {
  navigator.locks.request(lock, { signal }, gone).catch(() => undefined);
}

function cancelled(reason: unknown): CouponPoolsError {
  return new CouponPoolsError("the call was cancelled", { code: "ABORTED", cause: reason });
}

/** The thread's script did not run. */
export function unavailable(cause: unknown): CouponPoolsError {
  return new CouponPoolsError(
    "The upload's worker could not be started: its script is not where it was looked for, or the page's content security " +
      "policy does not allow it (worker-src). See docs/uploads.md, or leave `uploads` out to upload in the page itself.",
    { code: "WORKER_UNAVAILABLE", cause },
  );
}
