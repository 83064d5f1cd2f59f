/** What a Shopify shop holds: discounts, their codes, and the jobs at work on them. */

/** A discount with codes. */
export interface Discount {
  id: string;
  type: "DiscountCodeBasic" | "DiscountCodeBxgy" | "DiscountCodeFreeShipping" | "DiscountCodeApp";
  title: string;
  startsAt: string;
  endsAt: string | null;
  /** What a basic discount gives and asks for, as it was created. */
  settings: Record<string, unknown>;
}

export interface RedeemCode {
  id: string;
  code: string;
  discount: string;
}

interface Failure {
  code: null;
  field: null;
  message: string;
}

/** A job that adds codes, or deletes some. */
interface Job {
  doneAt: number;
  work: () => void;
  done: boolean;
}

export interface Creation extends Job {
  id: string;
  discount: string;
  codes: string[];
  failures: (Failure | null)[];
}

const failure = (message: string): Failure => ({ code: null, field: null, message });

export class Discounts {
  readonly discounts = new Map<string, Discount>();
  /** By the code in lower case: codes are unique without case in the whole shop. */
  readonly codes = new Map<string, RedeemCode>();
  readonly creations = new Map<string, Creation>();
  readonly deletions = new Map<string, Job>();
  /** How long a job takes, in milliseconds. */
  jobMs = 400;
  readonly #clock: () => number;
  #last = 1_000;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  number(): number {
    this.#last += 1;
    return this.#last;
  }

  /** A discount as a merchant makes one in the admin; answers the number in its address. */
  discount(settings: Partial<Discount> = {}): number {
    const number = this.number();
    const id = `gid://shopify/DiscountCodeNode/${number}`;
    const startsAt = new Date(this.#clock()).toISOString();
    const basics = { type: "DiscountCodeBasic", title: "Spring", startsAt, endsAt: null, settings: {} } as const;
    this.discounts.set(id, { ...basics, ...settings, id });
    return number;
  }

  /** Puts a code on a discount, if nobody has it. */
  put(code: string, discount: string): boolean {
    const key = code.toLowerCase();
    if (this.codes.has(key)) return false;
    this.codes.set(key, { id: `gid://shopify/DiscountRedeemCode/${this.number()}`, code, discount });
    return true;
  }

  /** The codes of a discount, given its number. */
  of(number: number): string[] {
    const id = `gid://shopify/DiscountCodeNode/${number}`;
    return [...this.codes.values()].filter(({ discount }) => discount === id).map(({ code }) => code);
  }

  /** Finishes jobs whose time has come, in the order of their ends. */
  work(): void {
    const due = [...this.creations.values(), ...this.deletions.values()].filter(
      (job) => !job.done && job.doneAt <= this.#clock(),
    );
    for (const job of due.sort((one, other) => one.doneAt - other.doneAt)) {
      job.work();
      job.done = true;
    }
  }

  /** Begins to add codes. */
  add(discount: string, codes: string[]): Creation {
    const id = `gid://shopify/DiscountRedeemCodeBulkCreation/${this.number()}`;
    const creation: Creation = {
      id,
      discount,
      codes,
      failures: [],
      done: false,
      doneAt: this.#clock() + this.jobMs,
      work: () => {
        const seen = new Set<string>();
        creation.failures = codes.map((code) => this.#addOne(code, discount, seen));
      },
    };
    this.creations.set(id, creation);
    return creation;
  }

  #addOne(code: string, discount: string, seen: Set<string>): Failure | null {
    const key = code.toLowerCase();
    if (code.length === 0) return failure("is too short (minimum is 1 character)");
    if (/[\r\n]/.test(code)) return failure("cannot contain newline characters.");
    if ([...code].length > 255) return failure("is too long (maximum is 255 characters)");
    if (seen.has(key)) return failure("Codes must be unique within BulkDiscountCodeCreation");
    seen.add(key);
    return this.put(code, discount) ? null : failure("must be unique. Please try a different code.");
  }

  /** Begins to delete codes of a discount; ids that are not its own are passed over. */
  delete(discount: string, ids: readonly string[]): { id: string; done: boolean } {
    const id = `gid://shopify/Job/${this.number()}`;
    const wanted = new Set(ids);
    const work = () => {
      for (const [key, code] of this.codes) {
        if (code.discount === discount && wanted.has(code.id)) this.codes.delete(key);
      }
    };
    this.deletions.set(id, { doneAt: this.#clock() + this.jobMs, work, done: false });
    return { id, done: false };
  }
}
