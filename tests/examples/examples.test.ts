/** The programs of `examples/`, run as their readers would. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { startPostgres } from "../servers/postgres.js";

const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));
const run = promisify(execFile);

/** A catcher of mails on the loopback. */
async function catcher(): Promise<{ url: string; mails: ParsedMail[]; close: () => Promise<void> }> {
  const mails: ParsedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, _, done) => {
      simpleParser(stream).then((mail) => done(null, void mails.push(mail)), done);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe("examples", () => {
  it("postgres-nodemailer: mails arrive, each with a code of its own, and the same one when it is sent again", async () => {
    const database = await startPostgres();
    const smtp = await catcher();
    const folder = mkdtempSync(join(tmpdir(), "coupon-pools-example-"));
    try {
      const file = join(folder, "codes.csv");
      writeFileSync(file, "code\nSPR-1\nSPR-<2>\n");
      const env = { ...process.env, DATABASE_URL: database.url, SMTP_URL: smtp.url };
      const send = async (...contacts: string[]) => {
        const args = [join(EXAMPLES, "postgres-nodemailer.mjs"), file, "spring-mail-1", ...contacts];
        const { stdout } = await run(process.execPath, args, { env });
        return stdout.trim().split("\n");
      };
      const contacts = ["ada@example.com", "ben@example.com", "eve@example.com"];
      assert.deepEqual(await send(...contacts), [
        "2 codes added, 0 rows rejected",
        "ada@example.com: sent",
        "ben@example.com: sent",
        "eve@example.com: not sent, OUT_OF_CODES",
      ]);
      assert.deepEqual(await send("ben@example.com"), ["ben@example.com: sent again, with the same code"]);
      const told = smtp.mails.map(({ to, subject, html, text, messageId }) => ({
        to: [to].flat()[0]?.text,
        subject,
        html,
        text: text?.trim(),
        messageId,
      }));
      const mail = (contact: string, code: string, escaped: string) => ({
        to: contact,
        subject: "Your code for spring",
        html: `<p>Use <b>${escaped}</b> at the till.</p>`,
        text: `Use ${code} at the till.`,
        messageId: `<${encodeURIComponent(`spring-mail-1/${contact}`)}@example.com>`,
      });
      const ben = mail("ben@example.com", "SPR-<2>", "SPR-&lt;2&gt;");
      assert.deepEqual(
        told.map((one) => ({ ...one, html: String(one.html).trim() })),
        [mail("ada@example.com", "SPR-1", "SPR-1"), ben, ben],
      );
    } finally {
      rmSync(folder, { recursive: true });
      await smtp.close();
      await database.stop();
    }
  });

  it("own-store: passes the store contract", async () => {
    // Without it, the child takes itself for a file of this run.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await run(process.execPath, ["--test", join(EXAMPLES, "own-store.test.mjs")], { env });
    assert.match(stdout, /^# fail 0$/m);
    assert.ok(Number(/^# pass (\d+)$/m.exec(stdout)?.[1]) > 80, stdout.slice(-500));
  });

  it("opentelemetry: counts what happened, by pool and outcome", async () => {
    const { measured } = await import(join(EXAMPLES, "opentelemetry.mjs"));
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const pools = new CouponPools({ store: memory(), onEvent: measured(provider.getMeter("coupons")) });
    await pools.create({ handle: "sale", kind: "static", onEmpty: "omit" });
    await pools.upload("sale", "A\nB\nC\n");
    const use = (contact: string) => ({ message: "m1", contact });
    await pools.draw("sale", use("a"));
    await pools.drawMany("sale", ["a", "b", "c", "d"].map(use));
    await assert.rejects(pools.get("nothing"));
    await reader.forceFlush();
    const figures: Record<string, unknown> = {};
    for (const { metrics } of exporter.getMetrics()[0]?.scopeMetrics ?? []) {
      for (const { descriptor, dataPoints } of metrics) {
        for (const { attributes, value } of dataPoints) {
          const name = [descriptor.name, ...Object.values(attributes)].join(" ");
          figures[name] = typeof value === "object" ? value.count : value;
        }
      }
    }
    await provider.shutdown();
    assert.deepEqual(figures, {
      "coupon_pools.codes sale drawn": 3,
      "coupon_pools.codes sale repeated": 1,
      "coupon_pools.codes sale empty": 1,
      "coupon_pools.uploaded sale upload": 3,
      "coupon_pools.errors get POOL_NOT_FOUND": 1,
      "coupon_pools.duration claim": 2,
      "coupon_pools.duration upload": 1,
    });
  });
});
