/** Uploads a file into a SQLite file, in a process that is to be killed: by itself at the upload's nth call of SQLite, or by its parent. */

import { readFileSync } from "node:fs";
import { CouponPools } from "coupon-pools";
import { sqlite } from "coupon-pools/stores/sqlite";
import Database from "libsql";

const [path, file, calls] = process.argv.slice(2);
let made = 0;

/** Dies at once, as by a power switch for this process: nothing of it runs any more. */
function count() {
  made += 1;
  if (made === Number(calls)) process.kill(process.pid, "SIGKILL");
}

const database = new Database(path);
const counted = {
  exec(sql) {
    count();
    return database.exec(sql);
  },
  prepare(sql) {
    const statement = database.prepare(sql);
    return {
      all(...values) {
        count();
        return statement.all(...values);
      },
      run(...values) {
        count();
        return statement.run(...values);
      },
    };
  },
};

const pools = new CouponPools({ store: sqlite(counted) });
const bytes = readFileSync(file);
async function* pieces() {
  for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.subarray(at, at + (1 << 16));
}
made = 0;
process.send("ready");
const started = performance.now();
const { added } = await pools.upload("a", pieces());
process.send({ added, calls: made, time: performance.now() - started });
process.disconnect();
