/** A Durable Object's own SQLite as the engine of `stores/sql`: it answers at once, and nobody else has it open. */
import type { SqlEngine, SqlValue } from "../sql/engine.js";

/** What this store uses of `ctx.storage`. */
export interface ObjectStorage {
  readonly sql: {
    exec(query: string, ...bindings: SqlValue[]): { toArray(): Record<string, unknown>[] };
  };
  transactionSync<Answer>(work: () => Answer): Answer;
  getAlarm(): Promise<number | null>;
  setAlarm(at: number): Promise<void>;
}

/** A little below the 2,000,000 bytes that Cloudflare documents for a text (Durable Objects, "Limits"). */
const TEXT_BYTES = 1_900_000;

export function engineOf(storage: ObjectStorage): SqlEngine {
  const { sql } = storage;
  return {
    textBytes: TEXT_BYTES,
    all: <Row>(query: string, ...values: SqlValue[]) => sql.exec(query, ...values).toArray() as Row[],
    run: (query, ...values) => {
      sql.exec(query, ...values);
    },
    change: (query, ...values) => {
      sql.exec(query, ...values);
      // A cursor's `rowsWritten` counts the rows of indexes, too.
      return sql.exec("SELECT changes() AS changes").toArray()[0]?.changes as number;
    },
    write: (work) => storage.transactionSync(work),
    // Nothing else runs in an object while its code does not wait.
    read: (work) => work(),
  };
}
