/** The schema, its versions, and how a database gets there. */

import { persist } from "./calls.js";
import type { Ask } from "./client.js";
import { claimFunctions } from "./functions/claims.js";
import { lookupFunctions } from "./functions/lookups.js";
import { poolFunctions } from "./functions/pools.js";
import { uploadFunctions } from "./functions/uploads.js";
import { tables } from "./tables.js";

/** One step from a layout to the next. */
export interface PostgresMigration {
  /** The layout that it leads to; the first is 1. */
  version: number;
  /** Statements, to be run in one transaction. */
  sql: string;
}

/** The steps, oldest first. A step that has been released is never changed. */
const STEPS: readonly ((s: string) => string)[] = [
  (s) => [tables(s), poolFunctions(s), uploadFunctions(s), claimFunctions(s), lookupFunctions(s)].join("\n"),
];

/** An identifier that means exactly this name. */
export function quoted(name: string): string {
  if (name === "" || name.includes("\0")) throw new TypeError("A schema's name is a text without U+0000.");
  return `"${name.replaceAll('"', '""')}"`;
}

export function migrationsOf(schema: string): PostgresMigration[] {
  const s = quoted(schema);
  const start = `CREATE SCHEMA IF NOT EXISTS ${s};\nCREATE TABLE ${s}.layout (version integer NOT NULL);\n`;
  return STEPS.map((step, i) => {
    const end =
      i === 0
        ? `INSERT INTO ${s}.layout (version) VALUES (1);\n`
        : `UPDATE ${s}.layout SET version = ${i + 1} WHERE version = ${i};\n`;
    return { version: i + 1, sql: `${i === 0 ? start : ""}${step(s)}\n${end}` };
  });
}

/** What the server keeps, as its settings say. */
export interface ServerFacts {
  encoding: string;
  /** `fsync` and `full_page_writes`: whether a crash of the machine leaves what was flushed. */
  flushes: boolean;
  /** Whether a commit waits for a standby. */
  standby: boolean;
}

/**
 * Brings the schema to this release's layout, in one transaction; changes nothing if it is there. Any number of
 * processes may do so at once: one does the work, the others wait for it.
 */
export async function migrate(ask: Ask, schema: string): Promise<ServerFacts> {
  const steps = migrationsOf(schema);
  // Lost races for the schema's name, under isolation levels where waiting does not help: the next try finds it there.
  await persist(() => ask(migration(schema, steps), []), ["42P06", "42P07", "23505"]);
  const facts = await ask(FACTS, []);
  return JSON.parse(facts as string);
}

const FACTS = `SELECT json_build_object(
  'encoding', current_setting('server_encoding'),
  'flushes', current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on',
  'standby', current_setting('synchronous_standby_names') <> ''
    AND current_setting('synchronous_commit') NOT IN ('off', 'local'))::text`;

/** One statement, so that the lock it takes is its own transaction's, whatever pooler is in between. */
function migration(schema: string, steps: readonly PostgresMigration[]): string {
  const s = quoted(schema);
  const table = literal(`${s}.layout`);
  const text = steps.map(
    ({ version, sql }) => `
  IF layout < ${version} THEN
    EXECUTE ${literal(sql)};
  END IF;`,
  );
  return `DO $migration$
DECLARE
  layout integer := 0;
BEGIN
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'Coupon pools need a database whose encoding is UTF8; this one is %.',
      current_setting('server_encoding');
  END IF;
  -- Whoever has everything needs no lock and no rights but to read.
  IF to_regclass(${table}) IS NOT NULL THEN
    EXECUTE 'SELECT version FROM ' || ${table} INTO layout;
  END IF;
  IF layout < ${steps.length} THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(${literal(`coupon-pools ${schema}`)}, 0));
    IF to_regclass(${table}) IS NOT NULL THEN
      EXECUTE 'SELECT version FROM ' || ${table} INTO layout;
    END IF;
  END IF;
  IF layout > ${steps.length} THEN
    RAISE EXCEPTION 'The schema % has coupon pools of layout %; this release reads layout ${steps.length}. Use the release that wrote it, or a newer one.',
      ${literal(schema)}, layout;
  END IF;${text.join("")}
END $migration$`;
}

/** A string constant; it may stand inside of `$migration$`, which no schema's name can end. */
function literal(text: string): string {
  if (text.includes("$migration$")) throw new TypeError("A schema's name cannot have $migration$ in it.");
  return `'${text.replaceAll("'", "''")}'`;
}
