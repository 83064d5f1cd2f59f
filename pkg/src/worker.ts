/** Uploads in a Web Worker: the page stays responsive while a file is read, and no code of the host's leaves it. */

import type { UploadRunner } from "./options.js";
import type { UploadJob } from "./upload.js";
import { type Thread, unavailable, uploadIn } from "./worker/page.js";

export type { UploadRunner } from "./options.js";

/** How workers are made. */
export interface UploadWorkerOptions {
  /**
   * Makes a worker over `coupon-pools/worker/script`, a module, for pages that must say themselves where it is or that it
   * is trusted. Default: the file beside this one, which bundlers find and carry along.
   */
  worker?: () => Worker;
}

/**
 * For `new CouponPools({ store, uploads: uploadWorker() })`: each upload runs in a worker of its own, which ends with it.
 * Errors of its uploads: `WORKER_UNAVAILABLE` where the page may not start one; `EngineCrashedError` where it died.
 */
export function uploadWorker(options: UploadWorkerOptions = {}): UploadRunner {
  // Bundlers recognise this only when it is written out.
  const make = options.worker ?? (() => new Worker(new URL("./worker/script.js", import.meta.url), { type: "module" }));
  return { run: (job) => uploadIn(started(make), job as UploadJob) };
}

function started(make: () => Worker): Thread {
  let worker: Worker;
  try {
    worker = make();
  } catch (error) {
    throw unavailable(error);
  }
  return {
    port: worker,
    onLost(lost) {
      worker.onerror = (event) => {
        event.preventDefault();
        lost(event.error ?? event.message ?? event);
      };
      worker.onmessageerror = () => lost(new Error("a message of the worker's could not be read"));
    },
    end: () => worker.terminate(),
  };
}
