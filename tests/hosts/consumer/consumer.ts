/** The public types as a strict project uses them; compiled, never run. */

import {
  CouponPools,
  CouponPoolsError,
  type Draw,
  OutOfCodesError,
  type PoolRow,
  type Store,
  type UploadReport,
} from "coupon-pools";
import { CouponPools as Inline } from "coupon-pools/inline";
import { memory } from "coupon-pools/stores/memory";
import { type SqliteDatabase, sqlite } from "coupon-pools/stores/sqlite";
import { faulty, runStoreContract } from "coupon-pools/testing";

declare const database: SqliteDatabase;
export const stores: Store[] = [sqlite(database), faulty(memory(), { seed: 1, before: 0.1, after: 0.1 })];
const store = memory();
const pools = new CouponPools({ store, tenant: "acme", onAlert: (alert) => console.log(alert.pool, alert.remaining) });
new Inline({ store });

export async function send(contact: string): Promise<string> {
  const row: PoolRow = await pools.create({ handle: "spring-sale", kind: "static", lowStock: [500, "10%"] });
  const report: UploadReport = await pools.upload(row.handle, new Blob(["code\nA\n"]), { dryRun: true });
  for (const { row: line, reason } of report.rejected) console.log(line, reason);
  try {
    const draw: Draw = await pools.draw(row.handle, { message: "m", contact });
    if (draw.status === "drawn" && draw.expiresAt !== null) console.log(new Date(draw.expiresAt));
    const text: string = (await pools.render(`{% coupon "spring-sale" %}`, { message: "m", contact })).output;
    const template = pools.compile({ subject: "Hello", html: `{% coupon "spring-sale" %}` });
    const parts = await pools.render(template, { message: "m", contact });
    const html: string | undefined = parts.output.html;
    return text + html;
  } catch (error) {
    if (error instanceof OutOfCodesError) return error.code;
    if (error instanceof CouponPoolsError) throw error.cause;
    throw error;
  }
}

// @ts-expect-error: a kind that there is not
pools.create({ handle: "spring-sale", kind: "statik" });
// @ts-expect-error: a contact is owed
pools.draw("spring-sale", { message: "m" });

runStoreContract({ name: "mine", open: async () => ({ store, close: async () => {} }) });
