/** What the store asks of a Postgres client: to run one statement, in a transaction of its own, and give its one value. */

/** The clients that the store takes. */
export type PostgresDatabase = PgDatabase | PostgresJsDatabase;

/** A `Pool` or `Client` of the package `pg`, version 8. */
export interface PgDatabase {
  query(query: { text: string; values: (string | null)[]; rowMode: "array" }): Promise<{ rows: unknown[][] }>;
}

/** What the function of the package `postgres`, version 3, gives: `sql`. */
export interface PostgresJsDatabase {
  unsafe(text: string, values?: (string | null)[]): { values(): PromiseLike<unknown[][]> };
}

/**
 * Runs a statement that gives one row of one text, and gives that text. Values travel as texts; statements are sent
 * unnamed, so that any connection of any pooler will do.
 */
export type Ask = (text: string, values: (string | null)[]) => Promise<string | null>;
