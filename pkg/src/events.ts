/**
 * Events for logs, metrics and traces: what was done, how much of it and how long it took. Counts, handles and error
 * codes; never a coupon code, a contact, a message or a text of somebody's error.
 */

import type { Alert } from "./options.js";

/** Something that happened in a `CouponPools`; `milliseconds` is how long it took. */
export type PoolsEvent =
  | {
      /** One claim that the store answered: a draw, a `drawMany`, or the tags of many mails for one pool. */
      type: "claim";
      pool: string;
      /** Uses that asked. */
      asked: number;
      /** Codes that nobody had held before. */
      drawn: number;
      /** Uses that were answered before, or whose holder has a code. */
      repeated: number;
      /** Uses that came away without a code. */
      empty: number;
      milliseconds: number;
    }
  | {
      /** An upload that came to its end; one that failed is an `error`. */
      type: "upload";
      pool: string;
      dryRun: boolean;
      rows: number;
      added: number;
      duplicates: number;
      rejected: number;
      milliseconds: number;
    }
  | {
      /** Codes that a shop made, now in a dynamic pool's stock. */
      type: "top-up";
      pool: string;
      added: number;
    }
  | {
      /** An alert that was handed to `onAlert`. */
      type: "alert";
      pool: string;
      alert: Alert["type"];
      /** Whether `onAlert` took it; if not, it is delivered again later. */
      delivered: boolean;
      milliseconds: number;
    }
  | {
      /** A call that failed. `operation` is the call's name, `code` the error's, or `"UNKNOWN"` for an error of another kind. */
      type: "error";
      operation: string;
      pool: string | null;
      code: string;
      milliseconds: number;
    };
