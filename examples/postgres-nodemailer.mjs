/**
 * A Node service: pools in Postgres, mails by Nodemailer. Run it again with the same message, and everybody gets the
 * same code again.
 *
 *   DATABASE_URL=postgres://… SMTP_URL=smtp://… node postgres-nodemailer.mjs codes.csv spring-mail-1 ada@example.com …
 */
import { createReadStream } from "node:fs";
import { CouponPools } from "coupon-pools";
import { postgres } from "coupon-pools/stores/postgres";
import { createTransport } from "nodemailer";
import pg from "pg";

const [file, message, ...contacts] = process.argv.slice(2);
const database = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const smtp = createTransport(process.env.SMTP_URL);

const store = postgres(database);
await store.migrate();
const pools = new CouponPools({ store });

const found = (await pools.list()).find(({ handle }) => handle === "spring-sale");
if (!found) {
  await pools.create({ handle: "spring-sale", name: "Spring sale", kind: "static", onEmpty: "stop" });
  const { added, rejectedCount } = await pools.upload("spring-sale", createReadStream(file));
  console.log(`${added} codes added, ${rejectedCount} rows rejected`);
}

const template = pools.compile({
  subject: "Your code for spring",
  html: '<p>Use <b>{% coupon "spring-sale" %}</b> at the till.</p>',
  text: 'Use {% coupon "spring-sale" %} at the till.',
});
for await (const { contact, output, draws, error } of pools.renderMany(contacts, { template, message })) {
  if (error) {
    console.log(`${contact}: not sent, ${error.code}`);
    continue;
  }
  // A Message-ID made of message and contact lets the provider drop a mail that is sent twice.
  const messageId = `<${encodeURIComponent(`${message}/${contact}`)}@example.com>`;
  await smtp.sendMail({ from: "shop@example.com", to: contact, messageId, ...output });
  console.log(`${contact}: sent${draws.some(({ repeat }) => repeat) ? " again, with the same code" : ""}`);
}
await database.end();
smtp.close();
