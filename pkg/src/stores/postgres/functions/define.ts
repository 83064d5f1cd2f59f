/** How each function of the schema is made. */

/**
 * Tables grow by millions between two looks of Postgres at their statistics, and a plan made for a small table would
 * read all of a large one. Every access in these functions is by an index, so all else is ruled out, and a plan is
 * made once. A disabled scan is priced so high that it would wake the compiler (`jit`).
 */
const SETTINGS = [
  "search_path = pg_catalog, pg_temp",
  "plan_cache_mode = force_generic_plan",
  "enable_seqscan = off",
  "enable_bitmapscan = off",
  "enable_hashjoin = off",
  "enable_mergejoin = off",
  "jit = off",
];

const settings = SETTINGS.map((setting) => `SET ${setting}`).join(" ");

export interface Definition {
  name: string;
  /** Names and types, as in SQL: `_tenant text, _pool text`. */
  takes: string;
  /** Default `text`: the answer as JSON. */
  returns?: string;
  body: string;
}

const define = (s: string, kind: string, { name, takes, returns = "text", body }: Definition, rest = "") =>
  `CREATE OR REPLACE FUNCTION ${s}.${name}(${takes}) RETURNS ${returns} LANGUAGE plpgsql ${kind} ${rest}
AS $function$${body}$function$;
`;

/** A function that writes: under `read committed` each of its statements sees what was committed when it began. */
export const writes = (s: string, definition: Definition): string => define(s, "VOLATILE", definition, settings);

/** A function that reads: all of its statements see one state. */
export const reads = (s: string, definition: Definition): string => define(s, "STABLE", definition, settings);

/** A part of the functions above, which runs under their settings. */
export const part = (s: string, definition: Definition): string => define(s, "VOLATILE", definition);

/**
 * A procedure that does what a writing function does, in two transactions. The first commits without waiting for the
 * disk and so lets go of the pool; the second waits until the disk has both. Whoever comes next need not wait for the
 * disk, one flush serves all who wait, and still nobody is answered before what they are told is safe.
 */
export function flushes(s: string, { name, takes, given }: { name: string; takes: string; given: string }): string {
  return `CREATE OR REPLACE PROCEDURE ${s}.${name}_flushed(${takes}, INOUT answer text) LANGUAGE plpgsql
AS $procedure$
BEGIN
  -- Under stricter levels all who wait for the pool would fail when their turn comes.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  END IF;
  PERFORM set_config('synchronous_commit', 'off', true);
  answer := ${s}.${name}(${given});
  COMMIT;
  PERFORM ${s}.be_durable();
  -- A transaction that has written nothing would wait for nothing.
  PERFORM pg_logical_emit_message(true, 'coupon-pools', '');
END $procedure$;
`;
}
