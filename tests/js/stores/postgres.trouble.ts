/** Postgres under the store contract: both clients, and the hooks by which the suite makes trouble. */
import pg from "pg";
import postgresJs from "postgres";
import { type PostgresDatabase, type PostgresStore, postgres } from "../../../pkg/src/stores/postgres.js";
import type { Opened } from "../../../pkg/src/testing/index.js";

export interface Setting {
  client: "pg" | "postgres";
  /** Where the store connects. */
  url: string;
  /** Where trouble comes from: the server itself, if `url` leads through a pooler. */
  direct?: string;
  /** Settings of each of the store's sessions. */
  session?: Record<string, string>;
}

/** Fails as Postgres itself does when it aborts a transaction for the sake of another. */
const ABORT = ["40001", "40P01"].map(
  (state) => `DO $$ BEGIN RAISE EXCEPTION 'aborted on purpose' USING ERRCODE = '${state}'; END $$`,
);

const TABLES = [
  "pools",
  "batches",
  "lots",
  "codes",
  "returned",
  "voids",
  "draws",
  "holders",
  "uses",
  "blocks",
  "expiries",
  "usage",
];

interface Connected {
  database: PostgresDatabase;
  end: () => Promise<void>;
}

function connected({ client, url, session = {} }: Setting, name: string): Connected {
  if (client === "pg") {
    const options = Object.entries(session)
      .map(([key, value]) => `-c ${key}=${value}`)
      .join(" ");
    const pool = new pg.Pool({
      connectionString: url,
      application_name: name,
      max: 8,
      // Once in many runs on a busy machine, a call whose connection was cut was never answered: as a host would, give up.
      connectionTimeoutMillis: 20_000,
      query_timeout: 60_000,
      ...(options && { options }),
    });
    // A connection that is cut while nobody uses it.
    pool.on("error", () => {});
    return { database: pool, end: () => pool.end() };
  }
  const sql = postgresJs(url, {
    max: 8,
    connection: { application_name: name, ...session },
    // Where a connection is cut while the client asks for types, it leaves a rejection that nobody can catch.
    fetch_types: false,
    onnotice: () => {},
    backoff: () => 0.01,
  });
  // Without a time limit it waits for ever for a connection that was cut while it was idle (postgres 3.4.9).
  return { database: sql, end: () => sql.end({ timeout: 5 }) };
}

let opened = 0;

/** Opens databases for the suite, each with a connection pool of its own, all in one schema. */
export class Trouble {
  private readonly admin: pg.Pool;
  private readonly schema: string;
  private ready: Promise<unknown> | undefined;

  constructor(private readonly setting: Setting) {
    this.admin = new pg.Pool({ connectionString: setting.direct ?? setting.url, max: 2 });
    this.schema = `contract "${setting.client}" ${process.pid}-${Object.keys(setting.session ?? {})}`;
  }

  private get quoted(): string {
    return `"${this.schema.replaceAll('"', '""')}"`;
  }

  /** Creates the schema, with a trap that can be set for the nth statement that writes. */
  private async prepare(): Promise<void> {
    const s = this.quoted;
    const { database, end } = connected(this.setting, "prepare");
    await postgres(database, { schema: this.schema }).migrate();
    await end();
    await this.admin.query(`
      CREATE SEQUENCE ${s}.trap_steps;
      CREATE TABLE ${s}.trap (step bigint);
      INSERT INTO ${s}.trap VALUES (0);
      CREATE FUNCTION ${s}.spring() RETURNS trigger LANGUAGE plpgsql AS $spring$
      BEGIN
        IF nextval('${s}.trap_steps') = (SELECT step FROM ${s}.trap) THEN
          RAISE EXCEPTION 'disk full, on purpose';
        END IF;
        RETURN NULL;
      END $spring$;
      ${TABLES.map((table) => `CREATE TRIGGER trap AFTER INSERT OR UPDATE OR DELETE ON ${s}.${table} FOR EACH STATEMENT EXECUTE FUNCTION ${s}.spring();`).join("\n")}`);
  }

  async open(): Promise<Opened> {
    this.ready ??= this.prepare();
    await this.ready;
    opened += 1;
    const name = `contract ${process.pid}-${opened}`;
    const { database, end } = connected(this.setting, name);
    let aborts = 0;
    let trap: number | null | undefined;
    const troubled = beforeEach(database, async (run) => {
      if (trap !== undefined) {
        const step = trap ?? 0;
        trap = undefined;
        await this.admin.query(`UPDATE ${this.quoted}.trap SET step = $1`, [step]);
        await this.admin.query("SELECT setval($1::regclass, 1, false)", [`${this.quoted}.trap_steps`]);
      }
      if (aborts > 0) {
        aborts -= 1;
        await run(ABORT[aborts % ABORT.length] as string);
      }
    });
    const connect = async (): Promise<PostgresStore> => {
      const other = connected(this.setting, name);
      return { ...postgres(other.database, { schema: this.schema }), close: other.end };
    };
    return {
      store: postgres(troubled, { schema: this.schema }),
      connect,
      failAt: (call) => {
        trap = call;
      },
      abortNext: (times) => {
        aborts = times;
      },
      cut: async () => {
        await this.admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [
          name,
        ]);
      },
      anew: async () => {
        const schema = `anew ${process.pid}-${opened}`;
        return {
          connect: async () => {
            const other = connected(this.setting, name);
            const store = postgres(other.database, { schema });
            await store.migrate();
            return { ...store, close: other.end };
          },
          close: async () => {
            await this.admin.query(`DROP SCHEMA "${schema}" CASCADE`);
          },
        };
      },
      close: end,
    };
  }

  async end(): Promise<void> {
    await this.admin.query(`DROP SCHEMA IF EXISTS ${this.quoted} CASCADE`);
    await this.admin.end();
  }
}

/** The same database, with something done before each statement, through the same client. */
function beforeEach(
  database: PostgresDatabase,
  work: (run: (text: string) => Promise<unknown>) => Promise<void>,
): PostgresDatabase {
  if ("unsafe" in database) {
    return {
      unsafe: (text, values) => ({
        async values() {
          await work(async (first) => database.unsafe(first).values());
          return database.unsafe(text, values).values();
        },
      }),
    } as PostgresDatabase;
  }
  return {
    async query(query) {
      await work((first) => database.query({ text: first, values: [], rowMode: "array" }));
      return database.query(query);
    },
  };
}
