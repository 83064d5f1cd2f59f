/** The example: three pools with codes, a mail that shows them, and contacts to send it to. */

import { suggestContacts } from "./sending.js";
import { setTemplate } from "./template.js";

const GIFTS = "code\nGIFT-4711\nGIFT-5604\nGIFT-6497\n";
const CONTACTS = ["ada@example.com", "ben@example.com", "chloe@example.com", "dario@example.com", "elena@example.com"];

/** Makes what is not there yet. */
export async function loadExample({ pools, note }) {
  await fill(pools, { handle: "spring-sale", name: "Spring sale", kind: "static", lowStock: ["10%", 100] }, sampleFile);
  await fill(
    pools,
    { handle: "free-gift", name: "Free gift", kind: "static", onEmpty: "omit", lowStock: [1] },
    async () => new File([GIFTS], "gifts.csv"),
  );
  await fill(pools, { handle: "welcome", name: "Welcome", kind: "fixed", fixedCode: "WELCOME10" });
  setTemplate({
    subject: "Spring is here, and so is your code",
    html: await (await fetch("samples/spring-mail.html")).text(),
  });
  suggestContacts(CONTACTS);
  note("event", "The example is loaded.");
}

export async function sampleFile() {
  const response = await fetch("samples/spring-sale.csv");
  if (!response.ok) throw new Error(`The sample file is not there (${response.status}).`);
  return new File([await response.blob()], "spring-sale.csv", { type: "text/csv" });
}

async function fill(pools, pool, file) {
  try {
    await pools.create(pool);
  } catch (error) {
    if (error.code !== "POOL_EXISTS") throw error;
  }
  const { added, kind } = await pools.get(pool.handle);
  if (file !== undefined && kind === "static" && added === 0) await pools.upload(pool.handle, await file());
}
