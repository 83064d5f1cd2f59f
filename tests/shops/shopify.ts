/**
 * A stand-in for Shopify's GraphQL Admin API: graphql-js over Shopify's own schema, with the shop's behaviour (jobs that
 * take their time, codes unique without case, errors by code, costs and the throttle).
 *
 * It is stricter than the shop: a request has to be valid in every version of the schema that it is given, and may
 * use nothing that any of them calls deprecated. What breaks this is refused, and kept in `complaints`.
 */

import {
  buildSchema,
  execute,
  GraphQLError,
  type GraphQLSchema,
  NoDeprecatedCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { requestedCost } from "./cost.js";
import { type Creation, type Discount, Discounts, type RedeemCode } from "./discounts.js";
import type { ShopAnswer, ShopRequest, StandIn } from "./line.js";
import { Throttle } from "./throttle.js";

/** Most items in one input list. */
const MOST_CODES = 250;

export interface ShopifyOptions {
  /** Texts of the schema, by version; requests are executed on the last one. */
  schemas: Readonly<Record<string, string>>;
  clock?: () => number;
  /** Points a second: 100, 200, 1,000 or 2,000 by plan. */
  restoreRate?: number;
  /** With which status a throttled request is answered: both are seen. */
  throttledStatus?: 200 | 429;
}

type Variables = Record<string, unknown>;

export class ShopifyStandIn extends Discounts implements StandIn {
  /** What no request of the module may do. */
  readonly complaints: string[] = [];
  /** Requests by the name of their operation. */
  readonly answered = new Map<string, number>();
  readonly throttle: Throttle;
  /** Refuses what is sent without this token, if there is one. */
  token: string | undefined;
  readonly #schemas: [string, GraphQLSchema][];
  readonly #schema: GraphQLSchema;
  readonly #throttledStatus: number;
  readonly #clock: () => number;

  constructor({ schemas, clock = Date.now, restoreRate = 100, throttledStatus = 200 }: ShopifyOptions) {
    super(clock);
    this.#clock = clock;
    this.#schemas = Object.entries(schemas).map(([version, text]) => [version, buildSchema(text)]);
    const last = this.#schemas.at(-1);
    if (last === undefined) throw new TypeError("a stand-in needs at least one schema");
    this.#schema = last[1];
    this.throttle = new Throttle(restoreRate, clock);
    this.#throttledStatus = throttledStatus;
  }

  async answer(request: ShopRequest): Promise<ShopAnswer> {
    const json = (status: number, body: unknown, headers: Record<string, string> = {}): ShopAnswer => ({
      status,
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    if (this.token !== undefined && request.headers["X-Shopify-Access-Token"] !== this.token) {
      return json(401, { errors: "[API] Invalid API key or access token (unrecognized login or wrong password)" });
    }
    if (request.method !== "POST" || request.path !== "graphql.json") {
      return this.#complain(json, `${request.method} ${request.path} is not the GraphQL Admin API`, 404);
    }
    if (!request.headers["Content-Type"]?.startsWith("application/json")) {
      return this.#complain(json, "the body is not sent as application/json", 400);
    }
    this.work();
    const { query, variables = {} } = JSON.parse(request.body) as { query: string; variables?: Variables };
    const document = parse(query);
    for (const [version, schema] of this.#schemas) {
      const [error] = validate(schema, document, [...specifiedRules, NoDeprecatedCustomRule]);
      if (error) return this.#complain(json, `${version}: ${error.message}`, 200);
    }
    const operation = document.definitions[0] as OperationDefinitionNode;
    const name = operation.name?.value ?? "";
    const requestedQueryCost = requestedCost(this.#schema, operation);
    const cost = (actualQueryCost: number | null) => ({
      cost: { requestedQueryCost, actualQueryCost, throttleStatus: this.throttle.status() },
    });
    if (!this.throttle.take(requestedQueryCost)) {
      const error = { message: "Throttled", extensions: { code: "THROTTLED", ...cost(null) } };
      return json(this.#throttledStatus, { errors: [error] });
    }
    this.answered.set(name, (this.answered.get(name) ?? 0) + 1);
    const tooMany = Object.values(variables).find((value) => Array.isArray(value) && value.length > MOST_CODES);
    if (Array.isArray(tooMany)) {
      const message = `The input array size of ${tooMany.length} is greater than the maximum allowed of ${MOST_CODES}.`;
      const error = { message, path: [name], extensions: { code: "MAX_INPUT_SIZE_EXCEEDED" } };
      return json(200, { errors: [error], extensions: cost(null) });
    }
    const answer = await execute({
      schema: this.#schema,
      document,
      variableValues: variables,
      rootValue: this.#root(),
    });
    const actual = Math.min(requestedQueryCost, operation.operation === "mutation" ? 10 : objects(answer.data));
    this.throttle.giveBack(requestedQueryCost - actual);
    for (const error of answer.errors ?? []) this.complaints.push(error.message);
    return json(200, { ...answer, extensions: cost(actual) });
  }

  #complain(json: (status: number, body: unknown) => ShopAnswer, message: string, status: number): ShopAnswer {
    this.complaints.push(message);
    return json(status, { errors: [{ message }] });
  }

  /** The operations. */
  #root() {
    return {
      discountNode: ({ id }: { id: string }) => this.#node(id, "discount"),
      codeDiscountNode: ({ id }: { id: string }) => this.#node(id, "codeDiscount"),
      codeDiscountNodeByCode: ({ code }: { code: string }) => {
        const found = this.codes.get(code.toLowerCase());
        return found ? this.#node(found.discount, "codeDiscount") : null;
      },
      discountRedeemCodeBulkCreation: ({ id }: { id: string }) => {
        const creation = this.creations.get(id);
        return creation ? this.#creation(creation) : null;
      },
      job: ({ id }: { id: string }) => {
        const job = this.deletions.get(id);
        return job ? { id, done: job.done } : null;
      },
      discountRedeemCodeBulkAdd: ({ discountId, codes }: { discountId: string; codes: { code: string }[] }) => {
        const refused = this.#refused(discountId, codes.length === 0 ? "codes" : null);
        if (refused) return { bulkCreation: null, userErrors: [refused] };
        const creation = this.add(
          discountId,
          codes.map(({ code }) => code),
        );
        return { bulkCreation: this.#creation(creation), userErrors: [] };
      },
      discountCodeRedeemCodeBulkDelete: (args: Variables) => this.#bulkDelete(args),
      discountCodeBasicCreate: ({ basicCodeDiscount }: { basicCodeDiscount: Variables }) =>
        this.#create(basicCodeDiscount),
      discountCodeDelete: ({ id }: { id: string }) => {
        if (!this.discounts.delete(id)) {
          const userErrors = [{ field: ["id"], code: "INVALID", message: "Code discount does not exist." }];
          return { deletedCodeDiscountId: null, userErrors };
        }
        for (const [key, { discount }] of this.codes) if (discount === id) this.codes.delete(key);
        return { deletedCodeDiscountId: id, userErrors: [] };
      },
    };
  }

  #refused(discountId: string, blank: string | null) {
    if (!this.discounts.has(discountId)) {
      return { field: ["discountId"], code: "INVALID", message: "Code discount does not exist." };
    }
    return blank ? { field: [blank], code: "BLANK", message: "Codes can't be blank." } : null;
  }

  #bulkDelete({ discountId, ids, search, savedSearchId }: Variables) {
    const selectors = [ids, search, savedSearchId].filter((selector) => selector != null);
    const refused = this.#refused(discountId as string, null);
    if (refused) return { job: null, userErrors: [refused] };
    if (selectors.length !== 1) {
      const [code, message] =
        selectors.length === 0
          ? ["MISSING_ARGUMENT", "Missing expected argument key: 'ids', 'search' or 'saved_search_id'."]
          : ["TOO_MANY_ARGUMENTS", "Only one of 'ids', 'search' or 'saved_search_id' is allowed."];
      return { job: null, userErrors: [{ field: null, code, message }] };
    }
    if (!Array.isArray(ids)) throw new GraphQLError("this stand-in deletes by ids");
    return { job: this.delete(discountId as string, ids as string[]), userErrors: [] };
  }

  #create(input: Variables) {
    const { title, code, startsAt, endsAt = null, ...settings } = input;
    const refuse = (field: string, word: string, message: string) => ({
      codeDiscountNode: null,
      userErrors: [{ field: ["basicCodeDiscount", field], code: word, message }],
    });
    for (const field of ["title", "code", "startsAt", "customerGets", "context"]) {
      if (input[field] == null) return refuse(field, "BLANK", `${field} can't be blank`);
    }
    if (this.codes.has((code as string).toLowerCase())) {
      return refuse("code", "TAKEN", "Code must be unique. Please try a different code.");
    }
    const texts = { title: title as string, startsAt: startsAt as string, endsAt: endsAt as string | null };
    const id = `gid://shopify/DiscountCodeNode/${this.discount({ ...texts, settings })}`;
    this.put(code as string, id);
    return { codeDiscountNode: this.#node(id, "codeDiscount"), userErrors: [] };
  }

  #node(id: string, as: "discount" | "codeDiscount") {
    const discount = this.discounts.get(id);
    return discount ? { id, [as]: this.#discount(discount) } : null;
  }

  #discount({ id, type, title, startsAt, endsAt, settings }: Discount) {
    const now = this.#clock();
    const status =
      endsAt && Date.parse(endsAt) <= now ? "EXPIRED" : Date.parse(startsAt) > now ? "SCHEDULED" : "ACTIVE";
    const codes = ({ first, query = "" }: { first: number; query?: string }) => {
      const wanted = query.toLowerCase().replaceAll('"', "");
      const found = [...this.codes.values()].filter(
        (one) => one.discount === id && one.code.toLowerCase().includes(wanted),
      );
      return { nodes: found.slice(0, first) satisfies RedeemCode[] };
    };
    return { __typename: type, title, status, startsAt, endsAt, updatedAt: startsAt, ...settings, codes };
  }

  #creation({ id, done, codes, failures }: Creation) {
    const failedCount = failures.filter((one) => one !== null).length;
    return {
      id,
      done,
      codesCount: codes.length,
      importedCount: done ? codes.length - failedCount : 0,
      failedCount,
      codes: ({ first }: { first: number }) => ({
        nodes: codes.slice(0, first).map((code, at) => ({
          code,
          errors: failures[at] ? [failures[at]] : [],
          discountRedeemCode: done && !failures[at] ? (this.codes.get(code.toLowerCase()) ?? null) : null,
        })),
      }),
    };
  }
}

/** How many objects an answer holds; user errors and what only holds a connection's nodes are free. */
function objects(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + single(one) + objects(one), 0);
  let sum = 0;
  for (const [name, one] of Object.entries(value)) {
    if (name === "userErrors" || name === "errors") continue;
    sum += (Array.isArray(one) ? 0 : single(one)) + objects(one);
  }
  return sum;
}

const single = (value: unknown): number => (typeof value === "object" && value !== null ? 1 : 0);
