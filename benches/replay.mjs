/** The same statements without the package: those that a store sent to one file, sent again to its twin. */

/** A connection that keeps what is sent through it, until it is taken. */
export function recording(database) {
  let sent = [];
  const keep = (sql, how, values) => sent.push({ sql, how, values });
  const connection = {
    exec(sql) {
      keep(sql, "exec", []);
      return database.exec(sql);
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        all(...values) {
          keep(sql, "all", values);
          return statement.all(...values);
        },
        run(...values) {
          keep(sql, "run", values);
          return statement.run(...values);
        },
      };
    },
  };
  const take = () => {
    const taken = sent;
    sent = [];
    return taken;
  };
  return { connection, take };
}

/** Sends what was kept to another connection, prepared once, at the same commit points. */
export function replayer(database) {
  const statements = new Map();
  return (sent) => {
    for (const { sql, how, values } of sent) {
      if (how === "exec") {
        database.exec(sql);
        continue;
      }
      let statement = statements.get(sql);
      if (statement === undefined) {
        statement = database.prepare(sql);
        statements.set(sql, statement);
      }
      statement[how](...values);
    }
  };
}
