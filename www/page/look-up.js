/** Who has which code, and the files for a shop's back office. */

import { byId, choosePool, count, el, keepFile, lastDay, moment, table } from "./dom.js";

let face;

/** Sets the form up. `app` gives `pools` and `say`. */
export function lookUp(app) {
  face = app;
  byId("find").addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  for (const what of ["draws", "remaining"]) byId(`export-${what}`).addEventListener("click", () => keepExport(what));
}

/** Gives the form its pools: those that store draws. */
export function findIn(rows) {
  const stored = rows.filter(({ kind }) => kind !== "fixed");
  choosePool(byId("find-pool"), stored);
  for (const what of ["draws", "remaining"]) byId(`export-${what}`).disabled = stored.length === 0;
}

async function find() {
  const found = byId("found");
  const handle = byId("find-pool").value;
  if (handle === "") return face.say("There is no pool to look in.");
  try {
    const rows = await face.pools.find(handle, { [byId("find-by").value]: byId("find-text").value.trim() });
    if (rows.length === 0) return found.replaceChildren(el("p", { className: "empty" }, "Nothing found."));
    found.replaceChildren(
      table(
        ["Code", "Status", "Contact", "Message", "Drawn", "Valid until"],
        rows.map((row) => [
          el("code", {}, row.code),
          el("span", { className: "pill" }, row.redeemedAt === null ? row.status : "redeemed"),
          row.contact ?? "–",
          row.message ?? "–",
          moment(row.drawnAt),
          lastDay(row.expiresAt),
        ]),
      ),
      ...(rows.next === null ? [] : [el("p", { className: "quiet" }, `The first ${count(rows.length)}.`)]),
    );
  } catch (error) {
    found.replaceChildren(el("p", { className: "notice" }, error.message));
  }
}

async function keepExport(what) {
  const handle = byId("find-pool").value;
  try {
    const csv = await new Response(face.pools.export(handle, what)).blob();
    keepFile(`${handle}-${what}.csv`, new Blob([csv], { type: "text/csv" }));
    face.say(`${handle}-${what}.csv is ready.`);
  } catch (error) {
    face.say(error.message);
  }
}
