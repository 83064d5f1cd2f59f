import { createRequire } from "node:module";
import { sqlite } from "coupon-pools/stores/sqlite";
import { runContract } from "./contract.js";

const [client, folder] = process.argv.slice(2);
const found = createRequire(import.meta.url)(client);
const Database = client === "node:sqlite" ? found.DatabaseSync : found;

let left = null;
const count = () => {
  if (left === null) return;
  left -= 1;
  if (left === 0) throw new Error("disk I/O error, on purpose");
};

/** A database whose nth call from now throws. */
function breakable(database) {
  return {
    exec: (sql) => {
      if (sql !== "ROLLBACK") count();
      return database.exec(sql);
    },
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        all: (...values) => {
          count();
          return statement.all(...values);
        },
        run: (...values) => {
          count();
          return statement.run(...values);
        },
      };
    },
  };
}

let files = 0;
const outcome = await runContract({
  name: client,
  open: async () => {
    files += 1;
    const file = `${folder}/${client.replace(":", "-")}-${files}.db`;
    const databases = [];
    const connect = async () => {
      const database = new Database(file);
      databases.push(database);
      return sqlite(breakable(database), { synchronous: "normal" });
    };
    return {
      store: await connect(),
      connect,
      failAt: (call) => {
        left = call;
      },
      close: async () => {
        for (const database of databases) database.close();
      },
    };
  },
});
console.log(JSON.stringify(outcome));
