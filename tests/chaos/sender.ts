/** One of many processes that send mails out of the same pools: at random it draws, uploads, undoes and releases. */
import { type CouponPools, type Draw, OutOfCodesError, StoreError } from "coupon-pools";
import type { Random } from "../../pkg/src/testing/random.js";
import type { Asked, AskedUse, Line, Log, Told, ToldDraw } from "./log.js";

/** The pools that all share: a kind of reuse each, and every answer to an empty pool. */
export const POOLS = {
  "per-mail": { reuse: "per-message", onEmpty: "stop" },
  spare: { reuse: "per-message", onEmpty: { fallback: "HELLO5" } },
  "per-person": { reuse: "per-contact", onEmpty: "omit" },
  dated: { reuse: "until-expired", onEmpty: "stop" },
} as const;

export type PoolName = keyof typeof POOLS;

const NAMES = Object.keys(POOLS) as PoolName[];

/** A mail over three of them. */
const MAIL =
  '{% coupon "per-mail" %} {% ifcoupon "per-person" %}{% coupon "per-person" %}{% endifcoupon %} {% coupon "dated" %}';
const MAIL_POOLS = ["per-mail", "per-person", "dated"] as const;

/** Uses of every pool that all processes draw. */
const COMMON = 1_000;
/** How many draws a process remembers, to repeat and release them. */
const REMEMBERED = 2_000;

export interface SenderOptions {
  pools: CouponPools;
  log: Log;
  /** Which process this is; nobody else has this name. */
  name: string;
  /** Which life of it: 0, 1, … */
  life: number;
  random: Random;
  clock: () => number;
  /** Most draws in one call. */
  drawsAtOnce: number;
  /** Most codes in one upload. */
  uploadCodes: number;
  /** How many people there are to draw for. */
  contacts: number;
  /** Hears how many codes were newly drawn. */
  onDrawn: (count: number) => void;
}

/** A draw that this process was told and has not released. */
interface Own {
  pool: PoolName;
  use: AskedUse;
  code: string;
  number: number;
}

/** A call whose body may be anything that `Told` has, but for the call's number. */
type Ask = Asked extends infer One ? (One extends Asked ? Omit<One, "n"> : never) : never;
type Answer = Told extends infer One ? (One extends Told ? Omit<One, "told"> : never) : never;

export class Sender {
  readonly #options: SenderOptions;
  #calls = 0;
  #uploads = 0;
  #own: Own[] = [];
  #batches: { pool: PoolName; batch: string }[] = [];
  /** A draw that the last life was not answered. */
  #unanswered: Extract<Asked, { ask: "draw" }> | null = null;
  /** Set to make an end: calls that fail are not tried again. */
  ending = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#remember(options.log.begin(options.life));
  }

  /** Works until it is told to end. */
  async work(): Promise<void> {
    if (this.#unanswered !== null) {
      // What a host does whose process died: it sends the same mails again.
      const { pool, uses } = this.#unanswered;
      await this.draw(pool as PoolName, uses);
    }
    while (!this.ending) {
      await this.turn();
      // Over a client that blocks, nothing else would ever be heard or said.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** One call, or a few that belong together. */
  async turn(): Promise<void> {
    const { random } = this.#options;
    const chosen = random.below(100);
    const pool = random.pick(NAMES);
    if (chosen < 55) await this.draw(pool, this.#newUses(pool, 1 + random.below(this.#options.drawsAtOnce)));
    else if (chosen < 65) await this.drawOneByOne(pool, this.#newUses(pool, 1 + random.below(8)));
    else if (chosen < 73) await this.repeat();
    else if (chosen < 78) await this.drawCommon(pool);
    else if (chosen < 83) await this.mail();
    else if (chosen < 93) await this.release();
    else if (chosen < 95) await this.redeem();
    else if (chosen < 98) await this.upload(pool);
    else if (chosen < 99) await this.undo();
    else await this.#options.pools.maintain().catch(passing);
  }

  /** One claim for all uses. */
  async draw(pool: PoolName, uses: readonly AskedUse[]): Promise<void> {
    const draws = await this.#insist({ ask: "draw", pool, uses }, async () => {
      const draws = await this.#options.pools.drawMany(pool, uses.map(toUse));
      return { draws: draws.map(toldOf) };
    });
    await this.#drew(pool, uses, draws);
  }

  /** As many calls as uses, at once: they become one claim, and each fails for itself. */
  async drawOneByOne(pool: PoolName, uses: readonly AskedUse[]): Promise<void> {
    const draws = await this.#insist({ ask: "draw", pool, uses }, async () => {
      const draws = uses.map((use) => this.#options.pools.draw(pool, toUse(use)).then(toldOf, noneIfEmpty));
      const settled = await Promise.allSettled(draws);
      return {
        draws: settled.map((one) => {
          if (one.status === "rejected") throw one.reason;
          return one.value;
        }),
      };
    });
    await this.#drew(pool, uses, draws);
  }

  /** Uses that were answered before. */
  async repeat(): Promise<void> {
    const { random } = this.#options;
    const pool = random.pick(NAMES);
    const own = this.#own.filter((one) => one.pool === pool);
    if (own.length === 0) return;
    const from = random.below(own.length);
    await this.draw(pool, unique(own.slice(from, from + 50).map(({ use }) => use)));
  }

  /** Uses that other processes draw as well, at this very moment perhaps. They are never released. */
  async drawCommon(pool: PoolName): Promise<void> {
    const { random } = this.#options;
    const from = random.below(COMMON);
    const uses = Array.from({ length: 1 + random.below(20) }, (_, i): AskedUse => {
      const index = (from + i) % COMMON;
      return [`all-${index}`, `common-${index % 100}`];
    });
    await this.draw(pool, uses);
  }

  /** A mail over several pools. */
  async mail(): Promise<void> {
    const { pools } = this.#options;
    const use: AskedUse = [`${this.#newName()}m`, this.#contact()];
    const told = await this.#insist({ ask: "render", pools: MAIL_POOLS, use }, async () => {
      const [message, contact] = use;
      const mail = await pools.render(MAIL, { message, contact, mode: "text" }).catch(noneIfEmpty);
      const draws = MAIL_POOLS.map((pool): ToldDraw => {
        const drawn = mail?.draws.find(({ handle }) => handle === pool);
        return drawn?.number ? [drawn.code ?? "", drawn.number, drawn.repeat ? 1 : 0] : null;
      });
      return { draws };
    });
    if (told === null || !("draws" in told)) return;
    for (const [i, pool] of MAIL_POOLS.entries()) this.#keep(pool, use, told.draws[i] ?? null);
    this.#count(told.draws);
  }

  async release(): Promise<void> {
    for (let left = 1 + this.#options.random.below(5); left > 0 && this.#own.length > 0 && !this.ending; left -= 1) {
      const at = this.#options.random.below(this.#own.length);
      const { pool, use, number } = this.#own[at] as Own;
      // Gone from here whatever comes of it: a release that may have been made is not asked for twice.
      this.#own = this.#own.filter((one) => one.pool !== pool || one.use[0] !== use[0]);
      await this.#once({ ask: "release", pool, use, number }, async () => {
        const { released, reason } = await this.#options.pools.release(pool, { ...toUse(use), number });
        return { released, reason: reason ?? null };
      });
    }
  }

  async redeem(): Promise<void> {
    const own = this.#own[this.#options.random.below(Math.max(this.#own.length, 1))];
    if (own === undefined) return;
    const { pool, code } = own;
    await this.#once({ ask: "redeem", pool, codes: [code] }, async () => {
      const { marked } = await this.#options.pools.redeemed(pool, [code]);
      return { marked };
    });
  }

  /** Codes that nobody else uploads; some of the pool `dated` with an expiry. */
  async upload(pool: PoolName, count = 1 + this.#options.random.below(this.#options.uploadCodes)): Promise<void> {
    const { random, clock, pools } = this.#options;
    this.#uploads += 1;
    const name = `${pool}-${this.#options.name}-${this.#options.life}-${this.#uploads}`.toUpperCase();
    const expiresAt = pool === "dated" && random.chance(0.7) ? clock() + 60_000 * (1 + random.below(15)) : undefined;
    const codes = Array.from({ length: count }, (_, i) => `${name}-${i}`).join("\n");
    const told = await this.#once({ ask: "upload", pool, name, count }, async () => {
      const options = { header: false, fileName: name, ...(expiresAt === undefined ? {} : { expiresAt }) };
      const { batch, added } = await pools.upload(pool, codes, options);
      return { batch: batch ?? "", added };
    });
    if (told !== null && "batch" in told) this.#batches.push({ pool, batch: told.batch });
  }

  async undo(): Promise<void> {
    const { random } = this.#options;
    if (this.#batches.length === 0) return;
    const [one] = this.#batches.splice(random.below(this.#batches.length), 1);
    if (one === undefined) return;
    await this.#once({ ask: "undo", ...one }, () => this.#options.pools.undo(one.pool, one.batch));
  }

  async #drew(pool: PoolName, uses: readonly AskedUse[], told: Answer | null): Promise<void> {
    if (told === null || !("draws" in told)) return;
    for (const [i, use] of uses.entries()) this.#keep(pool, use, told.draws[i] ?? null);
    this.#count(told.draws);
    if (told.draws.some((draw) => draw === null) && !this.ending) await this.upload(pool);
  }

  #count(draws: readonly ToldDraw[]): void {
    this.#options.onDrawn(draws.filter((draw) => draw?.[2] === 0).length);
  }

  #keep(pool: PoolName, use: AskedUse, draw: ToldDraw): void {
    if (draw === null || isCommon(use)) return;
    const [code, number] = draw;
    this.#own.push({ pool, use, code, number });
    if (this.#own.length > REMEMBERED) this.#own = this.#own.slice(REMEMBERED / 2);
  }

  #newUses(pool: PoolName, count: number): AskedUse[] {
    const name = this.#newName();
    const reused = POOLS[pool].reuse !== "per-message";
    return Array.from({ length: count }, (_, i) => [`${name}-${i}`, reused ? this.#contact() : `x${i}`]);
  }

  #newName(): string {
    return `${this.#options.name}-${this.#options.life}-${this.#calls}`;
  }

  #contact(): string {
    return `c${this.#options.random.below(this.#options.contacts)}`;
  }

  /** Writes down what is asked and what is told. A call that the store fails is tried again until it is answered. */
  async #insist(ask: Ask, call: () => Promise<Answer>): Promise<Answer | null> {
    for (;;) {
      const told = await this.#once(ask, call);
      if (told === null || !("failed" in told)) return told;
      if (this.ending) return null;
    }
  }

  async #once(ask: Ask, call: () => Promise<Answer>): Promise<Answer | null> {
    const { log } = this.#options;
    this.#calls += 1;
    const n = this.#calls;
    log.write({ ...ask, n } as Asked);
    let told: Answer;
    try {
      told = await call();
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (error instanceof StoreError) told = { failed: message };
      else if (code?.startsWith("UPLOAD_") || code === "BATCH_NOT_FOUND") told = { refused: code };
      else throw error;
    }
    log.write({ told: n, ...told } as Told);
    // The database is away, or somebody else uploads: a moment later things look different.
    if ("failed" in told) await new Promise((resolve) => setTimeout(resolve, 50));
    return told;
  }

  /** Takes over what the last life of this process knew. */
  #remember(lines: readonly Line[]): void {
    let asked: Asked | null = null;
    for (const line of lines) {
      if ("ask" in line) {
        asked = line;
        if (line.ask === "release") {
          this.#own = this.#own.filter(({ pool, use }) => pool !== line.pool || use[0] !== line.use[0]);
        }
      } else if ("told" in line) {
        if (asked?.ask === "draw" && "draws" in line) {
          for (const [i, use] of asked.uses.entries()) this.#keep(asked.pool as PoolName, use, line.draws[i] ?? null);
        }
        if (asked?.ask === "upload" && "batch" in line) {
          this.#batches.push({ pool: asked.pool as PoolName, batch: line.batch });
        }
        if (asked?.ask === "undo") {
          const { batch } = asked;
          this.#batches = this.#batches.filter((one) => one.batch !== batch);
        }
        asked = null;
      }
    }
    if (asked?.ask === "draw") this.#unanswered = asked;
  }
}

/** Whether all processes draw this use. */
export const isCommon = ([message]: AskedUse): boolean => message.startsWith("all-");

const toUse = ([message, contact]: AskedUse) => ({ message, contact });

/** A fallback and an empty hand are no draws. */
const toldOf = ({ code, number, repeat }: Draw): ToldDraw =>
  number === null ? null : [code ?? "", number, repeat ? 1 : 0];

function noneIfEmpty(error: unknown): null {
  if (error instanceof OutOfCodesError) return null;
  throw error;
}

/** Maintenance that the store fails is left to the next one. */
function passing(error: unknown): void {
  if (!(error instanceof StoreError)) throw error;
}

function unique(uses: readonly AskedUse[]): AskedUse[] {
  return [...new Map(uses.map((use) => [use[0], use])).values()];
}
