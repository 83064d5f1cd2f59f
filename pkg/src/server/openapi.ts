/** The OpenAPI description, made of the table of routes and their shapes. */

import { STATUSES } from "./errors.js";
import { failed, handle, MESSAGES, type Message } from "./messages.js";
import { type Action, ROUTES } from "./routes.js";
import type { Schema } from "./shapes.js";
import { LINES } from "./uploads.js";

/** What the description says of the server. */
export interface DescriptionOptions {
  /** Where the routes lie, such as `https://api.example.com/coupons`. Default `/`. */
  url?: string;
  /** How requests are authorized, as OpenAPI's security schemes. Default a bearer token. */
  security?: Record<string, object>;
}

/** An OpenAPI 3.1 document of all routes. */
export function openapi(options: DescriptionOptions = {}): object {
  const { url = "/", security = { token: { type: "http", scheme: "bearer" } } } = options;
  const components = new Components();
  const failure = components.refer(failed);
  const refusals = Object.fromEntries(
    STATUSES.map((status) => [status, { description: WHY[status] ?? "It failed.", content: json(failure) }]),
  );
  const paths: Record<string, Record<string, object>> = {};
  for (const [action, route] of Object.entries(ROUTES) as [Action, (typeof ROUTES)[Action]][]) {
    const message: Message = MESSAGES[action];
    const here: Record<string, object> = paths[route.path] ?? {};
    paths[route.path] = here;
    here[route.method.toLowerCase()] = {
      operationId: action,
      summary: route.about,
      parameters: parametersOf(route.path, message, components),
      ...bodyOf(action, message, components),
      responses: { 200: answerOf(action, message, components), ...refusals },
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Coupon pools", version: "1" },
    servers: [{ url }],
    security: Object.keys(security).map((name) => ({ [name]: [] })),
    paths,
    components: { schemas: components.schemas, securitySchemes: security },
  };
}

const WHY: Record<number, string> = {
  400: "An argument is missing, wrong or out of range.",
  401: "The host asks who it is; the answer may be its own.",
  403: "`authorize` refuses, or the page is of an origin that was not named.",
  404: "There is no such pool, batch or route.",
  405: "Another method is meant.",
  409: "The pool is not in a state that allows this.",
  413: "The body, or something in the file, is too large.",
  415: "The body is of the wrong type.",
  422: "The file, the template or the settings cannot be taken.",
  429: "Too many requests; `Retry-After` says when to come again.",
  500: "The server failed.",
  502: "The shop failed.",
  503: "The store failed.",
};

const json = (schema: object) => ({ "application/json": { schema } });

function parametersOf(path: string, { query = {} }: Message, components: Components): object[] {
  const inPath = path.includes("{handle}")
    ? [{ name: "handle", in: "path", required: true, schema: components.refer(handle) }]
    : [];
  const inQuery = Object.entries(query).map(([name, { shape, required }]) => {
    const schema = components.refer(shape);
    const how = shape.type === "object" ? { content: json(schema) } : { schema };
    return { name, in: "query", required, ...how };
  });
  return [...inPath, ...inQuery];
}

function bodyOf(action: Action, { body }: Message, components: Components): object {
  if (action === "upload") {
    const schema = { type: "string", format: "binary" };
    return { requestBody: { required: true, content: { "application/octet-stream": { schema } } } };
  }
  return body ? { requestBody: { required: true, content: json(components.refer(body)) } } : {};
}

function answerOf(action: Action, { answer }: Message, components: Components): object {
  if (answer === "csv") return { description: "A file.", content: { "text/csv": { schema: { type: "string" } } } };
  const content = json(components.refer(answer));
  const lines = { [LINES]: { schema: { type: "string" } } };
  return { description: "Done.", content: action === "upload" ? { ...content, ...lines } : content };
}

/** Shapes with a title stand once, and are referred to. */
class Components {
  readonly schemas: Record<string, object> = {};

  refer(schema: Schema): object {
    const { title, ...bare } = schema;
    if (title === undefined) return this.#inside(bare);
    this.schemas[title] ??= this.#inside(bare);
    return { $ref: `#/components/schemas/${title}` };
  }

  #inside(schema: Schema): object {
    const { properties, items, anyOf, additionalProperties, ...rest } = schema;
    return {
      ...rest,
      ...(properties && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, this.refer(one)])),
      }),
      ...(items && { items: this.refer(items) }),
      ...(anyOf && { anyOf: anyOf.map((one) => this.refer(one)) }),
      ...(additionalProperties !== undefined && {
        additionalProperties:
          typeof additionalProperties === "object" ? this.refer(additionalProperties) : additionalProperties,
      }),
    };
  }
}
