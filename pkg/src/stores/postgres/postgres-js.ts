/** The client `postgres`. */
import type { Ask, PostgresJsDatabase } from "./client.js";

export function askPostgresJs(database: PostgresJsDatabase): Ask {
  return async (text, values) => {
    const rows = await database.unsafe(text, values).values();
    return (rows[0]?.[0] ?? null) as string | null;
  };
}
