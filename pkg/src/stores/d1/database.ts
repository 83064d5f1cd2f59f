/** What this store asks of D1: batches. A batch is one transaction and one round trip, its statements known beforehand. */
import type { Store } from "../../store.js";
import { insist } from "../attempts.js";
import type { SqlRow, SqlValue } from "../sql/engine.js";
import { checkLayout, TABLES, VERSION } from "../sql/schema.js";

/** A D1 binding as `env` has it, or a session of it: `env.DB.withSession("first-primary")`. */
export interface D1Connection {
  prepare(sql: string): D1Prepared;
  // biome-ignore lint/suspicious/noExplicitAny: D1's own type asks for its own statements.
  batch(statements: any[]): Promise<{ results: unknown[] }[]>;
}

export interface D1Prepared {
  bind(...values: SqlValue[]): D1Prepared;
}

/** What a call of the contract takes and answers. */
type Calls = Omit<Required<Store>, "traits" | "close">;
export type Request<Method extends keyof Calls> = Parameters<Calls[Method]>[0];
export type Answer<Method extends keyof Calls> = Awaited<ReturnType<Calls[Method]>>;

/** A statement with its values, on its way into a batch. */
export interface Statement {
  sql: string;
  values: readonly SqlValue[];
}

export const sql = (text: string, ...values: SqlValue[]): Statement => ({ sql: text, values });

/** Most bytes of one parameter: a little below the 2,000,000 that Cloudflare documents (D1, "Limits"). */
export const TEXT_BYTES = 1_900_000;

/** Stops the batch in another layout before it has written anything; D1 has no other way to raise an error in a query. */
const CHECK_LAYOUT = sql(
  `SELECT CASE version WHEN ${VERSION} THEN 1 ELSE json('another layout') END FROM coupon_schema`,
);

/** Statements that make the tables, each without effect where they are there. */
export const SCHEMA: readonly string[] = [
  ...TABLES,
  `INSERT INTO coupon_schema (version) SELECT ${VERSION} WHERE NOT EXISTS (SELECT 1 FROM coupon_schema)`,
];

/** Errors after which Cloudflare recommends another attempt (D1, "Retry queries"). */
const PASSING = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
] as const;

const passes = (error: unknown): boolean => PASSING.some((text) => String(error).includes(text));

/** Whether the tables are not there yet; if so, the batch did nothing. */
const hasNoTables = (error: unknown): boolean => /no such table: coupon_/.test(String(error));

export class Database {
  readonly #connection: D1Connection;
  #isLayoutKnown = false;

  constructor(connection: D1Connection) {
    this.#connection = connection;
  }

  /**
   * Sends statements as one transaction and answers each one's rows. The first time, the tables are made if they are
   * not there. `again`: a repeat gets the same answer, so an error that passes is met by trying again.
   */
  async send(statements: readonly Statement[], again: boolean): Promise<SqlRow[][]> {
    const call = () => this.#sendOnce(statements);
    return again ? insist(call, passes) : call();
  }

  async #sendOnce(statements: readonly Statement[]): Promise<SqlRow[][]> {
    try {
      return await this.#batch(statements);
    } catch (error) {
      if (hasNoTables(error)) {
        await this.#connection.batch(SCHEMA.map((text) => this.#connection.prepare(text)));
        return await this.#batch(statements);
      }
      if (!this.#isLayoutKnown && /malformed JSON/.test(String(error))) await this.#refuseLayout();
      throw error;
    }
  }

  async #batch(statements: readonly Statement[]): Promise<SqlRow[][]> {
    // Other calls may be under way: what this one sent decides how its answer is read.
    const checks = !this.#isLayoutKnown;
    const answers = await this.#connection.batch(
      [...(checks ? [CHECK_LAYOUT] : []), ...statements].map(({ sql: text, values }) =>
        this.#connection.prepare(text).bind(...values),
      ),
    );
    this.#isLayoutKnown = true;
    return answers.slice(checks ? 1 : 0).map(({ results }) => results as SqlRow[]);
  }

  async #refuseLayout(): Promise<void> {
    const [answer] = await this.#connection.batch([this.#connection.prepare("SELECT version FROM coupon_schema")]);
    const [row] = (answer?.results ?? []) as { version: number }[];
    if (row !== undefined) checkLayout(row.version);
  }
}
