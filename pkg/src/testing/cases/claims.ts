/** Claims: the five rules, their order, and time. */
import type { Case } from "../contract.js";
import { ok, same } from "../expect.js";
import { DAY, HOUR, itemOf, NOON, type Stand, series } from "../stand.js";

const BY_CONTACT = { holder: "holder-ann", contact: "ann" };

async function drawAll(stand: Stand, count: number): Promise<(string | null)[]> {
  const { outcomes } = await stand.claim(series("all-", count).map((use) => itemOf(use)));
  return outcomes.map(({ code }) => code);
}

export const claimCases: readonly Case[] = [
  [
    "a retry is the same draw: the same code and number, even after the code has expired",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A", "B"], NOON + HOUR);
      const first = await stand.drawn("u1");
      same(first, { code: "A", number: 1, expiresAt: NOON + HOUR, repeat: false, fresh: true, answers: 1 }, "first");
      const again = await stand.drawn("u1");
      same(again, { ...first, repeat: true, fresh: false, answers: 2 }, "again");
      stand.now = NOON + 2 * HOUR;
      same(await stand.drawn("u1"), { ...first, repeat: true, fresh: false, answers: 3 }, "after its expiry");
      same((await stand.audit()).assigned, 1, "One code is held.");
    },
  ],
  [
    "nobody shares a code: per-message gives every use its own, also to the same contact",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 3));
      const items = ["u1", "u2", "u3", "u4"].map((use) => itemOf(use, { contact: "ann" }));
      const { outcomes, remaining, added } = await stand.claim(items);
      same(
        outcomes.map(({ code }) => code),
        ["c0", "c1", "c2", null],
        "Earlier items are served first.",
      );
      same(outcomes[3], { code: null, reason: "empty" }, "The last comes away empty.");
      same([remaining, added], [0, 3], "Stock after the claim.");
    },
  ],
  [
    "per-contact keeps its code over messages, also within one claim, and draws nothing once it has expired",
    async ({ pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", ["A", "B"], NOON + HOUR);
      await stand.upload("b2", ["C"]);
      const { outcomes } = await stand.claim([itemOf("u1", BY_CONTACT), itemOf("u2", BY_CONTACT)]);
      const shape = { code: "A", number: 1, expiresAt: NOON + HOUR, repeat: false };
      same(
        outcomes,
        [
          { ...shape, fresh: true, answers: 1 },
          { ...shape, fresh: false, answers: 2 },
        ],
        "Both mails show one draw.",
      );
      stand.now = NOON + HOUR;
      same(await stand.outcome("u3", BY_CONTACT), { code: null, reason: "expired" }, "A new mail gets nothing.");
      same(await stand.draw("u2", BY_CONTACT), "A", "An answered one is still answered.");
      same(await stand.draw("u4", { holder: "holder-bob" }), "C", "Another contact draws.");
      same((await stand.audit()).assigned, 2, "Two codes are held.");
    },
  ],
  [
    "a draw counts its answers to all of its uses, also within one claim",
    async ({ pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", ["A", "B"]);
      const answers = async (...uses: string[]) => {
        const holders = uses.map((use) => itemOf(use, { holder: use.slice(0, 3) }));
        const { outcomes } = await stand.claim(holders);
        return outcomes.map((outcome) => (outcome.code === null ? null : outcome.answers));
      };
      same(await answers("ann-1", "bob-1", "ann-2", "ann-3"), [1, 1, 2, 3], "new uses of new draws");
      same(await answers("ann-4", "ann-2", "bob-1", "ann-5", "ann-1"), [4, 5, 2, 6, 7], "new uses among repeats");
      same(await answers("bob-2"), [3], "a new use alone");
      same(await answers("bob-2", "ann-2"), [4, 8], "repeats alone");
      const { number } = await stand.drawn("ann-4", { holder: "ann" });
      for (const use of ["ann-1", "ann-2", "ann-3", "ann-4", "ann-5"]) await stand.release(use, number);
      same(await answers("ann-1", "ann-2"), [1, 2], "The next draw counts from the beginning.");
      await stand.audit();
    },
  ],
  [
    "until-expired keeps its code while it is valid, and then draws the next",
    async ({ pool }) => {
      const stand = await pool({ reuse: "until-expired" });
      await stand.upload("b1", ["A"], NOON + HOUR);
      await stand.upload("b2", ["B", "C"], NOON + DAY);
      same(await stand.draw("u1", BY_CONTACT), "A", "first");
      stand.now = NOON + HOUR - 1;
      same(await stand.draw("u2", BY_CONTACT), "A", "One millisecond before the expiry it is valid.");
      stand.now = NOON + HOUR;
      const next = await stand.drawn("u3", BY_CONTACT);
      same([next.code, next.fresh, next.number], ["B", true, 2], "At the expiry it is not.");
      same(await stand.draw("u4", BY_CONTACT), "B", "The new code is the holder's.");
      same(await stand.draw("u1", BY_CONTACT), "A", "An answered use keeps its own.");
      stand.now = NOON + DAY;
      same(await stand.outcome("u5", BY_CONTACT), { code: null, reason: "empty" }, "Nothing valid is left.");
      same((await stand.audit()).assigned, 2, "Two codes are held.");
    },
  ],
  [
    "codes are drawn by soonest expiry, then oldest batch, then upload order",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["n1", "n2"]);
      await stand.upload("b2", ["l1", "l2"], NOON + 2 * DAY);
      await stand.upload("b3", ["s1", "s2"], NOON + DAY);
      await stand.upload("b4", ["n3"]);
      await stand.upload("b5", ["l3"], NOON + 2 * DAY);
      same(await drawAll(stand, 9), ["s1", "s2", "l1", "l2", "l3", "n1", "n2", "n3", null], "order");
    },
  ],
  [
    "the pool's expiry stands in where codes have none, also in the order",
    async ({ pool }) => {
      const stand = await pool({ expiresAt: NOON + DAY });
      await stand.upload("b1", ["tie-late"], NOON + DAY + 1);
      await stand.upload("b2", ["pool-1", "pool-2"]);
      await stand.upload("b3", ["tie"], NOON + DAY);
      await stand.upload("b4", ["soon"], NOON + 1);
      await stand.upload("b5", ["own"], NOON + 2 * DAY);
      same(await stand.draw("u1"), "soon", "soonest");
      const drawn = await stand.drawn("u2");
      same([drawn.code, drawn.expiresAt], ["pool-1", null], "The pool's, as it is older than its tie.");
      stand.now = NOON + DAY;
      same((await stand.figures()).expired, 2, "The pool's codes and the tie have expired.");
      same(await stand.draw("u3"), "tie-late", "A code's own expiry wins over the pool's.");
      await stand.edit({ expiresAt: NOON + 10 * DAY });
      same(await stand.draw("u4"), "own", "Sooner than the pool's new expiry.");
      same(await stand.draw("u5"), "pool-2", "The pool's expiry is read at claim time.");
      same(await stand.draw("u6"), null, "The tie stays expired.");
    },
  ],
  [
    "of two lots that expire at one instant, one by its own and one by the pool's expiry, the older goes first",
    async ({ pool }) => {
      const stand = await pool({ expiresAt: NOON + DAY });
      await stand.upload("b1", ["own-old"], NOON + DAY);
      await stand.upload("b2", ["pool"]);
      await stand.upload("b3", ["own-new"], NOON + DAY);
      same(await drawAll(stand, 4), ["own-old", "pool", "own-new", null], "order");
      const both = await pool({ expiresAt: NOON + DAY }, "both");
      const runs = [null, NOON + DAY].map((expiresAt) => ({ expiresAt, count: 1 }));
      await both.upload("b1", ["pool", "own"], runs);
      same(await drawAll(both, 3), ["own", "pool", null], "In one batch, codes with an expiry of their own go first.");
    },
  ],
  [
    "an expiry during a send ends the stock between two claims, and no wrong clock destroys it",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 4), NOON + 10);
      same((await stand.claim([itemOf("u1")])).remaining, 3, "before");
      stand.now = NOON + 10;
      const late = await stand.claim([itemOf("u1"), itemOf("u2")]);
      same([late.outcomes[0]?.code, late.outcomes[1]?.code, late.remaining], ["c0", null, 0], "after");
      stand.now = NOON + 9;
      same(await stand.draw("u3"), "c1", "A clock that was wrong did no harm.");
    },
  ],
  [
    "minValidity keeps a code from being drawn that expires sooner; a holder keeps a valid one",
    async ({ pool }) => {
      const stand = await pool({ reuse: "until-expired", minValidity: HOUR });
      await stand.upload("b1", ["soon", "soon-2"], NOON + HOUR);
      await stand.upload("b2", ["late", "late-2"], NOON + HOUR + 1);
      const first = await stand.claim([itemOf("u1", BY_CONTACT)]);
      same([first.outcomes[0]?.code, first.remaining, first.added], ["late", 1, 4], "now + minValidity < expiresAt");
      stand.now = NOON + HOUR;
      same(await stand.draw("u2", BY_CONTACT), "late", "A held code need only be valid now.");
      same(await stand.draw("u3", { holder: "bob" }), null, "Nothing is valid for long enough.");
      await stand.edit({ minValidity: 0 });
      same(await stand.draw("u4", { holder: "bob" }), "late-2", "Without minValidity it is drawn.");
    },
  ],
  [
    "a claim from old settings draws nothing and is told the document",
    async ({ pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A"]);
      const old = stand.document;
      await stand.edit({ expiresAt: NOON - 1 });
      const { document } = stand;
      stand.document = old;
      same(await stand.ask([itemOf("u1")]), { status: "stale", document }, "stale");
      stand.document = { ...document, version: 99 };
      same(await stand.ask([itemOf("u1")]), { status: "stale", document }, "A version of the future is stale too.");
      stand.document = document;
      same((await stand.audit()).assigned, 0, "Nothing was drawn.");
    },
  ],
  [
    "a rename changes no version, so claims go on",
    async ({ store, tenant, pool }) => {
      const stand = await pool();
      await stand.upload("b1", ["A"]);
      const document = { ...stand.document, name: "Renamed", revision: 2 };
      await store.save({ tenant, document, expected: 1, untouched: false });
      same(await stand.draw("u1"), "A", "draw");
    },
  ],
  [
    "an empty claim answers the stock, and a claim larger than the pool takes all of it",
    async ({ store, pool }) => {
      const stand = await pool();
      await stand.upload("b1", series("c", 50));
      await store.saveAlerts({ ...stand.name, expected: null, state: { rungs: [1] } });
      const empty = await stand.claim([]);
      const alerts = { revision: 1, state: { rungs: [1] } };
      same(empty, { status: "claimed", outcomes: [], remaining: 50, added: 50, alerts }, "empty claim");
      const { outcomes, remaining } = await stand.claim(series("u", 80).map((use) => itemOf(use)));
      same(
        outcomes.map(({ code }) => code),
        [...series("c", 50), ...Array(30).fill(null)],
        "all of it",
      );
      same(remaining, 0, "remaining");
      same((await stand.audit()).assigned, 50, "assigned");
    },
  ],
  [
    "items of one claim that were answered before, that hold a code and that are new are each served by their rule",
    async ({ pool }) => {
      const stand = await pool({ reuse: "per-contact" });
      await stand.upload("b1", series("c", 3));
      await stand.draw("u1", { holder: "h1" });
      const items = [
        itemOf("u2", { holder: "h2" }),
        itemOf("u1", { holder: "h1" }),
        itemOf("u3", { holder: "h1" }),
        itemOf("u4", { holder: "h3" }),
        itemOf("u5", { holder: "h4" }),
        itemOf("u6", { holder: "h2" }),
      ];
      const { outcomes } = await stand.claim(items);
      same(
        outcomes.map(({ code }) => code),
        ["c1", "c0", "c0", "c2", null, "c1"],
        "codes",
      );
      same(
        outcomes.map((outcome) => (outcome.code === null ? null : [outcome.number, outcome.repeat, outcome.fresh])),
        [[2, false, true], [1, true, false], [1, false, false], [3, false, true], null, [2, false, false]],
        "numbers",
      );
    },
  ],
  [
    "a fallback holds nothing, is counted apart, and a retry after a refill gets a code",
    async ({ pool }) => {
      const stand = await pool();
      same(await stand.draw("u1", { fallsBack: true }), null, "empty");
      same(await stand.draw("u2"), null, "empty, without a fallback");
      same((await stand.stock()).fellBack, 1, "fellBack");
      await stand.upload("b1", ["A"]);
      same(await stand.draw("u1", { fallsBack: true }), "A", "after the refill");
      same((await stand.stock()).fellBack, 1, "A code is no fallback.");
    },
  ],
  [
    "many lots: exhausted and expired ones are passed over",
    async ({ pool }) => {
      const stand = await pool();
      for (const n of series("", 40)) await stand.upload(`b${n}`, [`c${n}`], Number(n) < 20 ? NOON + Number(n) : null);
      stand.now = NOON + 10;
      const { outcomes, remaining } = await stand.claim(series("u", 12).map((use) => itemOf(use)));
      const expected = series("", 40)
        .slice(11, 23)
        .map((n) => `c${n}`);
      same(
        outcomes.map(({ code }) => code),
        expected,
        "order",
      );
      same(remaining, 17, "remaining");
      ok((await stand.audit()).assigned === 12, "assigned");
    },
  ],
];
