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
  /** Runs a statement and answers how many rows it changed. */
  run(sql: string, ...values: SqlValue[]): number;
  /** Does `work` in one transaction that holds the write lock from its start; undoes everything if it throws. */
  write<Answer>(work: () => Answer): Answer;
  /** Does `work`, which only reads, on one consistent state. */
  read<Answer>(work: () => Answer): Answer;
}

/** The row of a statement that gives one at most. */
export function first<Row = SqlRow>(engine: SqlEngine, sql: string, ...values: SqlValue[]): Row | undefined {
  return engine.all<Row>(sql, ...values)[0];
}

/**
 * A list as JSON arrays of at most `engine.textBytes` each, nearly always one, and the index at which each begins. One
 * element alone always fits: the longest, a use with its texts, has less than 10 kB.
 */
export function inPieces(engine: SqlEngine, list: readonly unknown[], from = 0): { from: number; json: string }[] {
  const json = JSON.stringify(list);
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (3 * json.length <= engine.textBytes || list.length < 2) return [{ from, json }];
  const half = list.length >> 1;
  return [...inPieces(engine, list.slice(0, half), from), ...inPieces(engine, list.slice(half), from + half)];
}
