/**
 * A stand-in for the coupons of Magento 2's REST API, after Magento's source (`Magento_SalesRule`: `CouponRepository`,
 * `CouponManagementService`, `Coupon\Massgenerator`; `AbstractDb` for uniqueness; `Webapi\ErrorProcessor` for statuses).
 *
 * Anything else that is asked of it is refused, and kept in `complaints`.
 */

import type { ShopAnswer, ShopRequest, StandIn } from "./line.js";

/** A cart price rule. */
export interface Rule {
  rule_id: number;
  name: string;
  is_active: boolean;
  /** Whether the rule takes coupons at all. */
  coupon_type: "NO_COUPON" | "SPECIFIC_COUPON" | "AUTO";
  use_auto_generation: boolean;
  to_date?: string;
}

interface Coupon {
  coupon_id: number;
  rule_id: number;
  code: string;
  type: number;
}

const ALPHABETS: Record<string, string> = {
  alphanum: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  alpha: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  num: "0123456789",
};
/** Above this share of a pattern's codes, codes get longer without a word. */
const MAX_PROBABILITY = 0.25;

/** An exception, as Magento words one: a message with places, and what belongs there. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly parameters: readonly unknown[] | Record<string, unknown> = [],
  ) {
    super(message);
  }

  /** The message, filled in: what `getMessage()` gives. */
  get filled(): string {
    return Object.entries(this.parameters).reduce(
      (text, [name, value]) =>
        text.replace(`%${Array.isArray(this.parameters) ? Number(name) + 1 : name}`, String(value)),
      this.message,
    );
  }
}

const noSuchRule = (id: unknown) =>
  new Refusal(404, "No such entity with %fieldName = %fieldValue", { fieldName: "rule_id", fieldValue: id });

export class MagentoStandIn implements StandIn {
  readonly complaints: string[] = [];
  readonly rules = new Map<number, Rule>();
  /** By the code in lower case: the table's collation tells no cases apart. */
  readonly coupons = new Map<string, Coupon>();
  /** Whether the integration is allowed what it asks for. */
  authorized = true;
  /** `generate` stops with an error after so many saved rows. */
  failsAfter = Number.POSITIVE_INFINITY;
  /** Codes that `deleteByCodes` cannot delete. */
  readonly undeletable = new Set<string>();
  /** Answers so many requests with 429 first. */
  busy = 0;
  /** Another request saves the same code between look and write: what the database then says. */
  races = 0;
  #last = 0;

  /** A rule as a merchant makes one; answers its number. */
  rule(settings: Partial<Rule> = {}): number {
    const rule_id = this.rules.size + 1;
    const rule: Rule = {
      rule_id,
      name: "Spring",
      is_active: true,
      coupon_type: "SPECIFIC_COUPON",
      use_auto_generation: true,
      ...settings,
    };
    this.rules.set(rule_id, rule);
    return rule_id;
  }

  /** The codes of a rule. */
  of(rule: number): string[] {
    return [...this.coupons.values()].filter(({ rule_id }) => rule_id === rule).map(({ code }) => code);
  }

  async answer(request: ShopRequest): Promise<ShopAnswer> {
    const json = (status: number, body: unknown, headers: Record<string, string> = {}): ShopAnswer => ({
      status,
      headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
      body: JSON.stringify(body),
    });
    if (this.busy > 0) {
      this.busy -= 1;
      return json(429, { message: "Too Many Requests" }, { "Retry-After": "1" });
    }
    try {
      if (!this.authorized) {
        const resources = { resources: "Magento_SalesRule::quote" };
        throw new Refusal(401, "The consumer isn't authorized to access %resources.", resources);
      }
      return json(200, this.#route(request));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, message, parameters } = error;
      const empty = Array.isArray(parameters) && parameters.length === 0;
      return json(status, { message, ...(empty ? {} : { parameters }) });
    }
  }

  #route({ method, path, body }: ShopRequest): unknown {
    const url = new URL(path, "http://shop.test/");
    const route = `${method} ${url.pathname.slice(1)}`;
    const given = () => JSON.parse(body) as Record<string, unknown>;
    if (route === "POST V1/coupons") return this.#save(given().coupon as Partial<Coupon>);
    if (route === "POST V1/coupons/generate") return this.#generate(given().couponSpec as Record<string, unknown>);
    if (route === "POST V1/coupons/deleteByCodes") return this.#delete(given().codes as string[]);
    if (route === "GET V1/coupons/search") return this.#search(url.searchParams);
    const [, id] = route.match(/^GET V1\/salesRules\/(\d+)$/) ?? [];
    if (id !== undefined) {
      const rule = this.rules.get(Number(id));
      if (!rule) throw noSuchRule(Number(id));
      return rule;
    }
    this.complaints.push(`${route} is no request of the module's`);
    throw new Refusal(404, "Request does not match any route.");
  }

  #save({ rule_id, code, type }: Partial<Coupon>): Coupon {
    if (rule_id === undefined || !code || type === undefined) {
      throw new Refusal(400, "One or more input exceptions have occurred.");
    }
    try {
      const rule = this.rules.get(rule_id);
      if (!rule) throw noSuchRule(rule_id);
      if (rule.coupon_type === "NO_COUPON") throw new Refusal(400, "Specified rule does not allow coupons");
      if (rule.use_auto_generation && type === 0) {
        throw new Refusal(400, "Specified rule only allows auto generated coupons");
      }
      if (!rule.use_auto_generation && type === 1) {
        throw new Refusal(400, "Specified rule does not allow auto generated coupons");
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal(400, "Error occurred when saving coupon: %1", [error.filled]);
    }
    if (code.length > 255) throw new Refusal(500, "Internal Error. Details are available in Magento log file.");
    if (this.coupons.has(code.toLowerCase())) {
      if (this.races > 0) {
        this.races -= 1;
        throw new Refusal(400, "Unique constraint violation found");
      }
      throw new Refusal(400, "%1 already exists.", ["Coupon with the same code"]);
    }
    return this.put(code, rule_id, type);
  }

  /** Puts a code on a rule. */
  put(code: string, rule_id: number, type = 1): Coupon {
    this.#last += 1;
    const coupon = { coupon_id: this.#last, rule_id, code, type };
    this.coupons.set(code.toLowerCase(), coupon);
    return coupon;
  }

  #generate(spec: Record<string, unknown>): string[] {
    const { rule_id, quantity, format = "alphanum", prefix = "", suffix = "" } = spec;
    let length = Number(spec.length);
    const alphabet = ALPHABETS[String(format)];
    if (!alphabet || !(Number(quantity) > 0) || !(length > 0)) {
      throw new Refusal(400, "One or more input exceptions have occurred.");
    }
    const failed = (words: string) => new Refusal(400, "Error occurred when generating coupons: %1", [words]);
    const rule = this.rules.get(Number(rule_id));
    if (!rule) throw failed(noSuchRule(rule_id).filled);
    if (!rule.use_auto_generation) throw failed("Specified rule does not allow automatic coupon generation");
    while (Number(quantity) / alphabet.length ** length > MAX_PROBABILITY) length += 1;
    const codes: string[] = [];
    while (codes.length < Number(quantity)) {
      // Rows are saved one by one, so what came before an error stays.
      if (codes.length >= this.failsAfter) throw failed("We cannot create the requested Coupon Qty.");
      const body = Array.from({ length }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join("");
      const code = `${prefix}${body}${suffix}`;
      if (this.coupons.has(code.toLowerCase())) continue;
      this.put(code, Number(rule_id));
      codes.push(code);
    }
    return codes;
  }

  #delete(codes: string[]) {
    const [failed_items, missing_items]: [string[], string[]] = [[], []];
    for (const code of codes) {
      if (this.undeletable.has(code)) failed_items.push(code);
      else if (!this.coupons.delete(code.toLowerCase())) missing_items.push(code);
    }
    return { failed_items, missing_items };
  }

  /** Filter groups are joined by "and", the filters of one group by "or". */
  #search(parameters: URLSearchParams) {
    const groups = new Map<string, ((coupon: Coupon) => boolean)[]>();
    for (const [name, field] of parameters) {
      const [, group, filter] =
        name.match(/^searchCriteria\[filter_groups\]\[(\d+)\]\[filters\]\[(\d+)\]\[field\]$/) ?? [];
      if (group === undefined) continue;
      const of = (part: string) =>
        parameters.get(`searchCriteria[filter_groups][${group}][filters][${filter}][${part}]`) ?? "";
      const values = of("condition_type") === "in" ? of("value").split(",") : [of("value")];
      const wanted = new Set(values.map((value) => value.toLowerCase()));
      const filters = groups.get(group) ?? [];
      filters.push((coupon) => wanted.has(String(coupon[field as keyof Coupon]).toLowerCase()));
      groups.set(group, filters);
    }
    if (groups.size === 0) this.complaints.push("a search without a filter reads the whole shop");
    const found = [...this.coupons.values()].filter((coupon) =>
      [...groups.values()].every((filters) => filters.some((fits) => fits(coupon))),
    );
    const size = Number(parameters.get("searchCriteria[pageSize]") ?? found.length);
    return { items: found.slice(0, size), search_criteria: {}, total_count: found.length };
  }
}
