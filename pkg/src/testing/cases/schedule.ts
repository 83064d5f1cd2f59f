/** Long random schedules, each step checked against a model that is too simple to be wrong. */

import type { ClaimItem, ClaimOutcome, Reuse } from "../../store.js";
import type { Case } from "../contract.js";
import { ok, same } from "../expect.js";
import { type Random, seeded } from "../random.js";
import { blockOf, figuresOf, HOUR, itemOf, LEASE, NOON, type Stand } from "../stand.js";

interface ModelCode {
  key: string;
  batch: string;
  order: number;
  expiresAt: number | null;
  state: "staged" | "free" | "returned" | "held" | "void" | "gone";
  redeemed: boolean;
}

interface ModelDraw {
  number: number;
  code: ModelCode;
  holder: string | null;
  uses: Set<string>;
  answers: number;
}

class Model {
  codes: ModelCode[] = [];
  batches = new Map<string, "staged" | "committed" | "undone" | "dropped">();
  uses = new Map<string, { draw: ModelDraw; answers: number }>();
  holders = new Map<string, ModelDraw>();
  numbers = 0;
  removed = 0;

  /** Codes in the pool: neither gone nor staged. */
  get present(): ModelCode[] {
    return this.codes.filter(({ state }) => state !== "gone" && state !== "staged");
  }

  /** The codes that the next draw may be: one, or any of those given back to the first lot. */
  candidates(stand: Stand): ModelCode[] {
    const { expiresAt, minValidity } = stand.document;
    const expiry = (code: ModelCode) => code.expiresAt ?? expiresAt ?? Number.POSITIVE_INFINITY;
    const ownExpiry = (code: ModelCode) => code.expiresAt ?? Number.MAX_VALUE;
    const free = this.codes
      .filter((code) => (code.state === "free" || code.state === "returned") && stand.now + minValidity < expiry(code))
      .sort((a, b) => (expiry(a) === expiry(b) ? a.order - b.order : expiry(a) - expiry(b)));
    const first = free[0];
    if (first === undefined) return [];
    const batches = [...this.batches.keys()];
    const [oldest] = free
      .filter((code) => expiry(code) === expiry(first))
      .sort(
        (a, b) =>
          batches.indexOf(a.batch) - batches.indexOf(b.batch) || ownExpiry(a) - ownExpiry(b) || a.order - b.order,
      );
    ok(oldest, "There is a first code.");
    const lot = free.filter((code) => code.batch === oldest.batch && code.expiresAt === oldest.expiresAt);
    const returned = lot.filter(({ state }) => state === "returned");
    return returned.length > 0 ? returned : lot.slice(0, 1);
  }

  /** Takes over what the store drew, and complains if it may not have. */
  follow(stand: Stand, item: ClaimItem, outcome: ClaimOutcome): void {
    const { reuse, expiresAt } = stand.document;
    const known = this.uses.get(item.use);
    if (known !== undefined) {
      const { draw } = known;
      draw.answers += 1;
      known.answers = draw.answers;
      const { answers } = draw;
      const { key, expiresAt: own } = draw.code;
      const expected = { code: key, number: draw.number, expiresAt: own, repeat: true, fresh: false, answers };
      same(outcome, expected, "A retry is not the same draw.");
      return;
    }
    const current = item.holder === null ? undefined : this.holders.get(item.holder);
    const valid = current && stand.now < (current.code.expiresAt ?? expiresAt ?? Number.POSITIVE_INFINITY);
    if (current && valid) {
      current.answers += 1;
      const { number, code, answers } = current;
      const expected = { code: code.key, number, expiresAt: code.expiresAt, repeat: false, fresh: false, answers };
      same(outcome, expected, "The holder does not keep its code.");
      current.uses.add(item.use);
      this.uses.set(item.use, { draw: current, answers });
      return;
    }
    if (current && reuse === "per-contact") {
      same(outcome, { code: null, reason: "expired" }, "per-contact drew a second code.");
      return;
    }
    const candidates = this.candidates(stand);
    if (candidates.length === 0) {
      same(outcome, { code: null, reason: "empty" }, "A code came out of nothing.");
      return;
    }
    const code = candidates.find(({ key }) => key === outcome.code);
    ok(code, `Drew ${JSON.stringify(outcome)}, but next is ${candidates.map(({ key }) => key).join(" or ")}.`);
    this.numbers += 1;
    const drawn = {
      code: code.key,
      number: this.numbers,
      expiresAt: code.expiresAt,
      repeat: false,
      fresh: true,
      answers: 1,
    };
    same(outcome, drawn, "A fresh draw.");
    code.state = "held";
    const draw = { number: this.numbers, code, holder: item.holder, uses: new Set([item.use]), answers: 1 };
    this.uses.set(item.use, { draw, answers: 1 });
    if (item.holder !== null) this.holders.set(item.holder, draw);
  }

  /** What a release of this use must answer. */
  release(use: string, number: number, answers: number | null): unknown {
    const known = this.uses.get(use);
    if (!known) return { released: false, reason: "unknown-use" };
    const { draw } = known;
    if (draw.number !== number) return { released: false, reason: "other-number" };
    if (answers !== null && answers !== known.answers) return { released: false, reason: "answered-since" };
    if (draw.code.redeemed) return { released: false, reason: "redeemed" };
    this.uses.delete(use);
    draw.uses.delete(use);
    if (draw.uses.size > 0) return { released: true, freed: false };
    if (draw.holder !== null && this.holders.get(draw.holder) === draw) this.holders.delete(draw.holder);
    draw.code.state = this.batches.get(draw.code.batch) === "undone" ? "gone" : "returned";
    if (draw.code.state === "gone") this.removed += 1;
    return { released: true, freed: true };
  }

  /** Promise 3, and that the store counts what the model counts. */
  async check(stand: Stand): Promise<void> {
    const { expiresAt, minValidity } = stand.document;
    const instant = stand.now + minValidity;
    const figures = figuresOf(await stand.stock(), expiresAt, instant);
    const free = this.codes.filter(({ state }) => state === "free" || state === "returned");
    const remaining = free.filter((code) => instant < (code.expiresAt ?? expiresAt ?? Number.POSITIVE_INFINITY)).length;
    const states = (state: ModelCode["state"]) => this.codes.filter((code) => code.state === state).length;
    const added = this.present.length + this.removed;
    const expected = {
      remaining,
      expired: free.length - remaining,
      assigned: states("held"),
      void: states("void"),
      added,
      undone: this.removed,
    };
    same(figures, expected, "The counts are not the model's.");
    const sum = figures.remaining + figures.assigned + figures.expired + figures.void;
    same(sum, figures.added - figures.undone, "remaining + assigned + expired + void = added - undone");
  }
}

type Step = (stand: Stand, model: Model, random: Random) => Promise<void>;

const upload: Step = async (stand, model, random) => {
  const batch = `batch-${model.batches.size}`;
  same(await stand.begin(batch), { status: "begun" }, "begin");
  model.batches.set(batch, "staged");
  for (let number = 0; number <= random.below(3); number += 1) {
    const runs = [NOON + HOUR * random.below(60), NOON + HOUR * 70, null]
      .filter(() => random.chance(0.7))
      .map((expiresAt) => ({ expiresAt, count: 1 + random.below(5) }));
    const expiries = runs.flatMap(({ expiresAt, count }) => Array<number | null>(count).fill(expiresAt));
    const keys = expiries.map(() => `code-${random.below(120)}`);
    const duplicates: number[] = [];
    for (const [i, key] of keys.entries()) {
      if (model.codes.some((code) => code.key === key && code.state !== "gone")) duplicates.push(i);
      else {
        const expiresAt = expiries[i] as number | null;
        model.codes.push({ key, batch, order: model.codes.length, expiresAt, state: "staged", redeemed: false });
      }
    }
    const block = blockOf(keys, runs);
    same(await stand.add(batch, number, block), { status: "added", duplicates }, "duplicates");
    if (random.chance(0.2)) same(await stand.add(batch, number, block), { status: "added", duplicates }, "repeat");
  }
  const mine = model.codes.filter((code) => code.batch === batch);
  const end = random.below(5);
  if (end === 0) {
    await stand.store.dropBatch({ ...stand.name, batch });
  } else if (end === 1) {
    stand.now += LEASE;
    await stand.sweep(stand.now);
  } else {
    same(await stand.commit(batch), { status: "committed", added: mine.length }, "commit");
  }
  model.batches.set(batch, end < 2 ? "dropped" : "committed");
  for (const code of mine) code.state = end < 2 ? "gone" : "free";
};

const claim: Step = async (stand, model, random) => {
  const uses = new Set(Array.from({ length: random.below(8) }, () => `use-${random.below(150)}`));
  const perMessage = stand.document.reuse === "per-message";
  const items = [...uses].map((use) => {
    // A use belongs to one holder for good, as it does in the module.
    const holder = perMessage ? null : `holder-${Number(use.slice(4)) % 40}`;
    return itemOf(use, { holder, contact: holder ?? use });
  });
  const { outcomes, remaining, added } = await stand.claim(items);
  for (const [i, item] of items.entries()) model.follow(stand, item, outcomes[i] as ClaimOutcome);
  const figures = await stand.figures();
  same([remaining, added], [figures.remaining, figures.added - figures.undone], "The claim's stock.");
};

const release: Step = async (stand, model, random) => {
  for (let i = random.below(5); i > 0; i -= 1) {
    const use = `use-${random.below(150)}`;
    const known = model.uses.get(use);
    const number = (known?.draw.number ?? 1) + (random.chance(0.1) ? 1 : 0);
    const answers = random.chance(0.5) ? null : (known?.answers ?? 1) - (random.chance(0.2) ? 1 + random.below(3) : 0);
    const expected = model.release(use, number, answers);
    same(await stand.release(use, number, answers), expected, "release");
  }
};

const undo: Step = async (stand, model, random) => {
  const batch = `batch-${random.below(model.batches.size + 1)}`;
  if (model.batches.get(batch) !== "committed") return;
  const mine = model.codes.filter((code) => code.batch === batch);
  const leaving = mine.filter(({ state }) => state === "free" || state === "returned");
  const kept = mine.filter(({ state }) => state === "held").length;
  for (const code of leaving) code.state = "gone";
  model.removed += leaving.length;
  model.batches.set(batch, "undone");
  same(await stand.undo(batch), { removed: leaving.length, kept }, "undo");
};

const mark: Step = async (stand, model, random) => {
  const keys = [...new Set([`code-${random.below(120)}`, `code-${random.below(120)}`])];
  const codes = keys.flatMap((key) => model.present.find((code) => code.key === key) ?? []);
  if (random.chance(0.5)) {
    const held = codes.filter(({ state }) => state === "held");
    for (const code of held) code.redeemed = true;
    const answer = { marked: held.length, unknown: keys.length - held.length };
    same(await stand.store.markRedeemed({ ...stand.name, keys, now: stand.now }), answer, "redeemed");
  } else {
    const free = codes.filter(({ state }) => state !== "held");
    for (const code of free) code.state = "void";
    same(await stand.store.voidCodes({ ...stand.name, keys }), { voided: free.length }, "void");
  }
};

const pass: Step = async (stand, _, random) => {
  stand.now += random.below(4) * HOUR;
  if (random.chance(0.2)) {
    const expiresAt = random.chance(0.5) ? null : NOON + HOUR * random.below(80);
    await stand.edit({ expiresAt, minValidity: random.below(3) * HOUR });
  }
  if (random.chance(0.3)) await stand.sweep(stand.now);
  if (random.chance(0.2)) await stand.store.forget({ ...stand.name, contact: `holder-${random.below(40)}` });
};

const STEPS: readonly Step[] = [upload, claim, claim, claim, release, release, undo, mark, pass];

const scheduleCase = (reuse: Reuse): Case => [
  `nothing is lost, and nobody shares a code, in 300 random steps of a ${reuse} pool through two connections`,
  async ({ pool, second, seed }) => {
    const stand = await pool({ reuse });
    const store = await second();
    const random = seeded(seed + reuse.length);
    const model = new Model();
    for (let step = 1; step <= 300; step += 1) {
      const through = random.chance(0.5) ? stand : stand.through(store);
      try {
        await random.pick(STEPS)(through, model, random);
        await model.check(through);
        if (step % 25 === 0) await through.audit();
      } catch (cause) {
        throw new Error(`Step ${step} of seed ${seed}: ${(cause as Error).message}`, { cause });
      }
      stand.now = through.now;
      stand.document = through.document;
    }
    same(
      (await stand.codes()).sort(),
      model.codes
        .filter(({ state }) => state === "free" || state === "returned")
        .map(({ key }) => key)
        .sort(),
      "The free codes are the model's.",
    );
    for (const [use, { draw }] of model.uses) {
      const item = itemOf(use, { holder: draw.holder });
      same((await stand.claim([item])).outcomes[0]?.code, draw.code.key, `Use ${use} lost its code.`);
    }
  },
];

export const scheduleCases: readonly Case[] = (["per-message", "per-contact", "until-expired"] as const).map(
  scheduleCase,
);
