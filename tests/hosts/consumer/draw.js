/** What a user of the package does first, the same in every host: a pool, an upload, a draw, its retry, a mail. */

const CODES = "Code,Expires\nSPRING-1,2099-12-31\nSPRING-2,\nSPRING-3,\n";
const USE = { message: "newsletter-17", contact: "anna@example.com" };

/** Makes the pool, fills it and draws. */
export async function makeDraw(pools) {
  await pools.create({ handle: "spring-sale", kind: "static", lowStock: ["10%"] });
  const report = await pools.upload("spring-sale", CODES, { fileName: "codes.csv" });
  return { added: report.added, ...(await drawAgain(pools)) };
}

/** Draws for the same message, and renders its mail. */
export async function drawAgain(pools) {
  const first = await pools.draw("spring-sale", USE);
  const retry = await pools.draw("spring-sale", USE);
  const mail = await pools.render({ subject: "For you", html: `<p>{% coupon "spring-sale" %}</p>` }, USE);
  const refused = await pools.draw("autumn-sale", USE).catch((error) => error);
  const { remaining, assigned } = await pools.get("spring-sale");
  return {
    code: first.code,
    retried: retry.code,
    repeat: retry.repeat,
    html: mail.output.html,
    remaining,
    assigned,
    refused: `${refused.name} ${refused.code} ${refused instanceof Error}`,
  };
}
