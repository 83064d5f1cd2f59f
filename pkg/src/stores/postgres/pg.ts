/** The client `pg`. */
import type { Ask, PgDatabase } from "./client.js";

export function askPg(database: PgDatabase): Ask {
  return async (text, values) => {
    const { rows } = await database.query({ text, values, rowMode: "array" });
    return (rows[0]?.[0] ?? null) as string | null;
  };
}
