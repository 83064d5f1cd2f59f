/**
 * What the SQL of this folder runs on: a SQLite that answers at once. Node's clients and Cloudflare's Durable Objects
 * both do, so a call of the contract is one transaction with no waiting inside.
 */

export type SqlValue = string | number | null;
export type SqlRow = Record<string, SqlValue>;

export interface SqlEngine {
  /** Most bytes that one parameter may have. Lists go into statements as JSON, in as many pieces as that takes. */
  readonly textBytes: number;
  /** Every row of a statement. The text is constant, so the engine may keep it prepared. */
  all<Row = SqlRow>(sql: string, ...values: SqlValue[]): Row[];
  /** Runs a statement. */
  run(sql: string, ...values: SqlValue[]): void;
  /** Runs a statement and answers how many rows it changed, which costs some engines a second statement. */
  change(sql: string, ...values: SqlValue[]): number;
  /** Does `work` in one transaction that holds the write lock from its start; undoes everything if it throws. */
  write<Answer>(work: () => Answer): Answer;
  /** Does `work`, which only reads, on one consistent state. */
  read<Answer>(work: () => Answer): Answer;
}

/** The row of a statement that gives one at most. */
export function first<Row = SqlRow>(engine: SqlEngine, sql: string, ...values: SqlValue[]): Row | undefined {
  return engine.all<Row>(sql, ...values)[0];
}
