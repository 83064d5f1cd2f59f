/** Calls of the schema's functions: one statement each, repeated where Postgres asks for it. */
import type { Ask } from "./client.js";
import { toText, type Value } from "./values.js";

/**
 * The types of each function's arguments, in order. They are named in the statement, after `text`, so that no client's
 * own idea of a type comes between.
 */
const FUNCTIONS = {
  load_pools: "text, text[]",
  save_pool: "text, text, text, bigint, bigint, boolean, bigint, boolean",
  list_pools: "text, boolean, text, integer, bigint",
  count_stock: "text, text",
  read_usage: "text, text, bigint, bigint",
  read_alerts: "text, text",
  save_alerts: "text, text, bigint, text",
  read_journal: "text, text",
  save_journal: "text, text, text, bigint, text",
  begin_batch: "text, text, text, bigint, bigint, bigint",
  add_block: "text, text, text, integer, bigint, bigint, text[], text[], bigint[], integer[]",
  commit_batch: "text, text, text, text, bigint",
  drop_batch: "text, text, text",
  undo_batch: "text, text, text",
  list_batches: "text, text, bigint, integer",
  contains: "text, text, text[]",
  sweep: "text, text, bigint, bigint",
  claim: "text, text, bigint, bigint, text, bigint, bigint, text[], text[], text[], text[], text[], boolean[]",
  release: "text, text, text[], bigint[], bigint[]",
  find_by_key: "text, text, text, bigint, integer",
  find_by_contact: "text, text, text, bigint, integer",
  find_by_message: "text, text, text, bigint, integer",
  list_draws: "text, text, bigint, bigint, integer",
  list_codes: "text, text, bigint, integer, integer, integer",
  forget: "text, text, text",
  mark_redeemed: "text, text, text[], bigint",
  void_codes: "text, text, text[]",
} as const;

/** Those that other callers wait for: see `flushes` in `functions/define.ts`. */
const FLUSHED: readonly string[] = ["claim", "release"];

export type FunctionName = keyof typeof FUNCTIONS;

/** Calls a function; answers what its JSON says. */
export type Call = <Answer>(name: FunctionName, ...values: Value[]) => Promise<Answer>;

/** Most tries of one call; the last of them comes some seconds after the first. */
const TRIES = 20;

/** Longest pause between two tries, in milliseconds. */
const PAUSE = 1_000;

/** Serialization failure, and deadlock: nothing was done, and Postgres says to try again. */
const TRY_AGAIN = ["40001", "40P01"];

/** Undefined function, and no such schema. */
const NOT_THERE = ["42883", "3F000"];

/** Calls of the functions in the schema `s` (quoted). */
export function callsOf(ask: Ask, s: string): Call {
  const statements = new Map<FunctionName, string>();
  for (const [name, types] of Object.entries(FUNCTIONS)) {
    const places = types
      .split(", ")
      .map((type, i) => (type === "text" ? `$${i + 1}::text` : `$${i + 1}::text::${type}`));
    const given = places.join(", ");
    const isFlushed = FLUSHED.includes(name);
    const statement = isFlushed ? `CALL ${s}.${name}_flushed(${given}, NULL)` : `SELECT ${s}.${name}(${given})`;
    statements.set(name as FunctionName, statement);
  }
  return async <Answer>(name: FunctionName, ...values: Value[]) => {
    const texts = values.map(toText);
    try {
      const answer = await persist(() => ask(statements.get(name) as string, texts));
      return (answer === null ? null : JSON.parse(answer)) as Answer;
    } catch (cause) {
      if (!NOT_THERE.includes(sqlState(cause))) throw cause;
      const message = `${s} has no coupon pools of this release's layout: call migrate() once before the first call.`;
      throw new Error(message, { cause });
    }
  };
}

/**
 * Tries again where transactions met, a while later each time. Under `read committed`, as is Postgres' default, calls
 * take turns and do not meet; under stricter levels one of those that meet goes through.
 */
export async function persist<Answer>(work: () => Promise<Answer>, also: readonly string[] = []): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const state = sqlState(error);
      if (tries === TRIES || !(TRY_AGAIN.includes(state) || also.includes(state))) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(2 ** tries, PAUSE)));
    }
  }
}

/** Postgres' error code, as both clients give it; `""` for errors of another kind. */
export function sqlState(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
