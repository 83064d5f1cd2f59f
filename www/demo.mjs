// What coupon-pools does, in a terminal: real pools in a SQLite file of their own, checked as they are shown.
//
//   make demo

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CouponPools, OutOfCodesError } from "coupon-pools";
import { shopify } from "coupon-pools/shops/shopify";
import { sqlite } from "coupon-pools/stores/sqlite";
import { startShop } from "./demo/shop.mjs";
import { attention, check, code, failures, heading, line, passed, rule, say, table, wrap } from "./demo/terminal.mjs";

const TEMPLATE = {
  subject: "20% off, for you alone",
  text: `Hello,

spring is here. Your own code is {% coupon "spring-sale" %}
and it is good until {% coupon_expiry "spring-sale", format: "%-d %B %Y", locale: "en-GB" %}.
{% ifcoupon "free-gift" %}
And a present, as one of the first: {% coupon "free-gift" %}
{% else %}
Delivery is free on every order over £40.
{% endifcoupon %}
Your Fern & Field`,
};

const CONTACTS = (
  "ada amir anna ben chloe dario elena emil farah felix grace hana hugo ines jonas kofi lena marc mia nora " +
  "omar paula quentin rosa yuki"
)
  .split(" ")
  .map((name) => `${name}@example.com`);

const started = performance.now();
const folder = mkdtempSync(join(tmpdir(), "coupon-pools-"));
const store = sqlite(join(folder, "pools.db"));
const alerts = [];
const shop = await startShop();
const pools = new CouponPools({
  store,
  shops: { shop: shopify({ fetch: shop.fetch }) },
  onAlert: (alert) => {
    alerts.push(alert);
    const { name, type, rung, remaining, added } = alert;
    const threshold = type === "low-stock" ? ` (told at ${rung})` : "";
    say(attention(`! ${name}: ${type}, ${number(remaining)} of ${number(added)} left${threshold}`));
  },
});

try {
  await demonstrate();
} finally {
  await shop.close();
  await store.close?.();
  rmSync(folder, { recursive: true, force: true });
}
rule();
const seconds = ((performance.now() - started) / 1000).toFixed(1);
if (failures().length === 0) say(`${passed()} checks passed in ${seconds} s.`);
else say(`${failures().length} checks FAILED: ${failures().join("; ")}`);
process.exitCode = failures().length === 0 ? 0 : 1;

async function demonstrate() {
  heading("Pools", "Each pool says what a mail does when no code is left.");
  const created = [
    await pools.create({ handle: "spring-sale", name: "Spring sale", kind: "static", lowStock: ["10%", 100] }),
    await pools.create({ handle: "early-bird", name: "Early bird", kind: "static", lowStock: ["50%", 1] }),
    await pools.create({ handle: "vip", name: "VIP", kind: "static", onEmpty: { fallback: "THANKYOU5" } }),
    await pools.create({ handle: "free-gift", name: "Free gift", kind: "static", onEmpty: "omit", lowStock: [2] }),
    await pools.create({ handle: "welcome", name: "Welcome", kind: "fixed", fixedCode: "WELCOME10" }),
  ];
  table(
    [{ name: "tag" }, { name: "type" }, { name: "when empty" }, { name: "tell me at" }],
    created.map(({ handle, kind, onEmpty, lowStock }) => [
      `{% coupon "${handle}" %}`,
      kind,
      kind === "fixed" ? "–" : typeof onEmpty === "string" ? onEmpty : `fallback to ${onEmpty.fallback}`,
      lowStock.join(", ") || "–",
    ]),
  );
  await pools.upload("early-bird", codes("BIRD", 4));
  await pools.upload("vip", codes("VIP", 2));
  await pools.upload("free-gift", codes("GIFT", 3));
  await upload();
  await dashboard("The dashboard, before");
  const mails = await sendMails();
  await sendAgain(mails);
  await drain();
  await generate();
  await dashboard("The dashboard, after");
  const { remaining, assigned, added } = await pools.get("spring-sale");
  check("Spring sale: what remains and what was drawn is what was uploaded", remaining + assigned === added);
}

async function upload() {
  heading("An upload", "spring-sale.csv, as a shop's back office exports it, mistakes included.");
  const file = readFileSync(new URL("samples/spring-sale.csv", import.meta.url));
  const report = await pools.upload("spring-sale", file, { fileName: "spring-sale.csv" });
  const { format } = report;
  const column = (index) => `“${format.columns[index]}”`;
  table(
    [{}, { right: true }],
    [
      ["rows in the file", number(report.rows)],
      ["codes added", number(report.added)],
      ["duplicates in the file", number(report.duplicatesInFile)],
      ["already in the pool", number(report.duplicatesInPool)],
      ["rejected", number(report.rejectedCount)],
    ],
  );
  line();
  wrap(
    `Read as ${format.encoding}, columns parted by “${format.delimiter}”, the first row as a header; ` +
      `codes from ${column(format.codeColumn)}, expiry from ${column(format.expiryColumn)}.`,
  );
  line();
  say("The first rejected rows:");
  table(
    [{ name: "row", right: true }, { name: "reason" }, { name: "value" }],
    report.rejected.slice(0, 6).map(({ row, reason, value }) => [number(row), reason, value ?? "–"]),
  );
  line();
  check(
    "every row is accounted for",
    report.rows === report.added + report.duplicatesInFile + report.duplicatesInPool + report.rejectedCount,
  );
  check("5,000 codes can be drawn", (await pools.get("spring-sale")).remaining === 5_000);
}

async function sendMails() {
  heading("A send to 25 contacts", "Every contact draws a code of their own. Three presents go to the first three.");
  const preview = await pools.preview(TEMPLATE);
  const previewed = await pools.get("spring-sale");
  const mails = await rendered("spring-2030");
  line();
  table(
    [{ name: "contact" }, { name: "spring-sale" }, { name: "free-gift" }],
    mails.map(({ contact, draws }) => [contact, code(codeOf(draws, "spring-sale")), codeOf(draws, "free-gift") ?? "–"]),
  );
  line();
  say(`The whole mail to ${mails[0].contact}:`);
  line();
  for (const text of [`Subject: ${mails[0].output.subject}`, "", ...mails[0].output.text.split("\n")])
    line(`   │ ${text}`);
  line();
  const drawn = mails.map(({ draws }) => codeOf(draws, "spring-sale"));
  check("25 contacts, 25 different codes", new Set(drawn).size === CONTACTS.length);
  check("the preview before it drew nothing", previewed.assigned === 0 && preview.warnings.length === 0);
  check(
    "each mail shows its code",
    mails.every(({ output, draws }) => output.text.includes(draws[0].code)),
  );
  return mails;
}

async function sendAgain(mails) {
  heading("The same message again", "As after a crash or a time-out: a retry is the same draw.");
  const again = await rendered("spring-2030");
  const same = again.filter(
    (mail, index) => mail.output.text === mails[index].output.text && mail.draws.every((draw) => draw.repeat),
  ).length;
  say(`${same} of ${CONTACTS.length} the same`);
  const { assigned } = await pools.get("spring-sale");
  check("no new code was drawn", same === CONTACTS.length && assigned === CONTACTS.length);
}

async function drain() {
  heading(
    "When a pool runs empty",
    "Five contacts, and not enough codes: each pool does what it was told, and says so in time.",
  );
  const contacts = CONTACTS.slice(10, 15);

  say("early-bird says stop: no mail goes out without its code.");
  const stopped = await shown(contacts, 'Your code: {% coupon "early-bird" %}');
  check("4 mails, and one that was stopped", stopped.filter(({ error }) => !error).length === 4);
  check("it was stopped by an OutOfCodesError", stopped[4].error instanceof OutOfCodesError);
  line();

  say("vip says fallback: a code for everybody takes over.");
  const fellBack = await shown(contacts, 'Your code: {% coupon "vip" %}');
  check("2 codes, then THANKYOU5", fellBack.filter(({ output }) => output.endsWith("THANKYOU5")).length === 3);
  line();

  say("free-gift says omit, and ifcoupon takes its else.");
  const omitted = await shown(
    contacts,
    'Thank you.{% ifcoupon "free-gift" %} A present: {% coupon "free-gift" %}{% else %} See you soon.{% endifcoupon %}',
  );
  check(
    "5 mails without a present, and without a gap",
    omitted.every(({ output }) => output === "Thank you. See you soon."),
  );

  await pools.maintain();
  check("no alert came twice", new Set(alerts.map(({ id }) => id)).size === alerts.length);
  check(
    "each emptied pool said so",
    ["early-bird", "vip", "free-gift"].every((handle) =>
      alerts.some(({ pool, type }) => pool === handle && type === "out-of-codes"),
    ),
  );
}

async function generate() {
  heading(
    "A pool that a shop fills",
    "Codes are generated ahead of need, by a rule in the shop. Here a stand-in for Shopify.",
  );
  const pattern = { prefix: "HI-", length: 10 };
  const dynamic = { shop: "shop", rule: shop.rule, pattern, buffer: 60 };
  await pools.create({ handle: "welcome-back", name: "Welcome back", kind: "dynamic", dynamic, lowStock: [20] });
  const { generated } = await pools.maintain();
  say(`The buffer is filled: ${generated} codes, which the shop has, too.`);
  check("the shop knows every code of the buffer", generated === 60 && shop.codes().length === 60);
  line();

  shop.off();
  say("The shop is switched off. Two mails to everybody go out all the same:");
  const first = await pools.drawMany("welcome-back", uses("hello"));
  const second = await pools.drawMany("welcome-back", uses("hello-again"));
  const drawn = [...first, ...second].map((draw) => draw.code);
  table(
    [{ name: "contact" }, { name: "first mail" }, { name: "second mail" }],
    CONTACTS.slice(0, 3).map((contact, index) => [contact, code(drawn[index]), code(second[index].code)]),
  );
  say("…");
  const known = new Set(shop.codes());
  check("50 mails, 50 codes, all of them the shop's", new Set(drawn.filter((one) => known.has(one))).size === 50);
  line();

  shop.on();
  const { generated: again } = await pools.maintain();
  say(`The shop is back, and the buffer is filled again: ${again} codes.`);
  check("no code is left over at the shop", shop.codes().length === 110 && again === 50);
  check("the shop had nothing to complain of", shop.complaints().length === 0);
}

/** One use for each contact. */
function uses(message) {
  return CONTACTS.map((contact) => ({ message, contact }));
}

async function dashboard(title) {
  heading(title);
  const rows = await pools.list();
  table(
    [
      { name: "name" },
      { name: "type" },
      { name: "remaining", right: true },
      { name: "assigned", right: true },
      { name: "% remaining", right: true },
      {},
    ],
    rows.map(({ name, kind, remaining, assigned, percentRemaining }) => [
      name,
      kind,
      remaining === null ? "∞" : number(remaining),
      number(assigned),
      percentRemaining === null ? "–" : percentRemaining.toFixed(1),
      percentRemaining === null ? "" : bar(percentRemaining),
    ]),
  );
  line();
}

/** The mails of one message to all contacts. */
async function rendered(message) {
  const mails = [];
  for await (const mail of pools.renderMany(CONTACTS, { template: TEMPLATE, message })) {
    if (mail.error) throw mail.error;
    mails.push(mail);
  }
  return mails;
}

/** Mails of a short text, shown one by one: alerts come between them, when they come. */
async function shown(contacts, template) {
  const mails = [];
  for await (const mail of pools.renderMany(contacts, { template, message: template, mode: "text", batchSize: 1 })) {
    table([{}, {}], [[mail.contact, mail.error ? `not sent: ${mail.error.code}` : mail.output]]);
    mails.push(mail);
  }
  return mails;
}

function codeOf(draws, handle) {
  return draws.find((draw) => draw.handle === handle)?.code;
}

function codes(prefix, count) {
  return ["code", ...Array.from({ length: count }, (_, index) => `${prefix}-${4711 + index * 893}`)].join("\n");
}

function number(value) {
  return value.toLocaleString("en");
}

function bar(percent) {
  const full = percent === 100 ? 20 : Math.min(19, Math.ceil(percent / 5));
  return "█".repeat(full) + "░".repeat(20 - full);
}
