/**
 * Shapes: what a request or an answer looks like, said once. A shape is a JSON Schema (for the OpenAPI description), a
 * check (for requests) and a TypeScript type (held against the facade's own by the compiler).
 */

/** The part of JSON Schema (2020-12) that shapes use. */
export interface Schema {
  description?: string;
  type?: "object" | "array" | "string" | "number" | "integer" | "boolean" | "null";
  enum?: readonly string[];
  anyOf?: readonly Schema[];
  properties?: Record<string, Schema>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  maxProperties?: number;
  pattern?: string;
  /** Where it stands among the description's components; not part of JSON Schema. */
  title?: string;
}

declare const type: unique symbol;

/** A schema that knows its type. */
export type Shape<T> = Schema & { readonly [type]?: T };

/** A property that may be left out. */
export type Optional<T> = { readonly optional: Shape<T> };

/** The type of a shape. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

type Properties = Record<string, Shape<unknown> | Optional<unknown>>;
type ObjectOf<P extends Properties> = {
  -readonly [K in keyof P as P[K] extends Optional<unknown> ? never : K]: TypeOf<P[K]>;
} & {
  -readonly [K in keyof P as P[K] extends Optional<unknown> ? K : never]?: P[K] extends Optional<infer T> ? T : never;
};

export const text = <T extends string = string>(limits: Schema = {}): Shape<T> => ({ type: "string", ...limits });
/** A number of codes, rows, bytes: whole, from 0 up, exact in JavaScript. */
export const count = (limits: Schema = {}): Shape<number> => ({
  type: "integer",
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  ...limits,
});
/** Milliseconds since 1970, within what a `Date` can be. */
export const instant = (limits: Schema = {}): Shape<number> => ({
  type: "integer",
  minimum: -8_640_000_000_000_000,
  maximum: 8_640_000_000_000_000,
  ...limits,
});
export const number = (limits: Schema = {}): Shape<number> => ({ type: "number", ...limits });
export const flag = (): Shape<boolean> => ({ type: "boolean" });
export const nothing = (): Shape<null> => ({ type: "null" });
export const words = <const W extends readonly string[]>(...all: W): Shape<W[number]> => ({
  type: "string",
  enum: all,
});
export const either = <S extends readonly Shape<unknown>[]>(...shapes: S): Shape<TypeOf<S[number]>> => ({
  anyOf: shapes,
});
export const orNull = <T>(shape: Shape<T>): Shape<T | null> => ({ anyOf: [shape, nothing()] });
export const list = <T>(items: Shape<T>, limits: Schema = {}): Shape<T[]> => ({ type: "array", items, ...limits });
export const table = <T>(values: Shape<T>): Shape<Record<string, T>> => ({
  type: "object",
  additionalProperties: values,
});
export const anything = (): Shape<unknown> => ({});
export const maybe = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape });
/** Gives a shape a name, under which the description keeps it. */
export const named = <T>(title: string, shape: Shape<T>): Shape<T> => ({ title, ...shape });

export function object<const P extends Properties>(properties: P): Shape<ObjectOf<P>> {
  const schemas: Record<string, Schema> = {};
  const required: string[] = [];
  for (const [name, property] of Object.entries(properties)) {
    if ("optional" in property) schemas[name] = property.optional as Schema;
    else {
      schemas[name] = property;
      required.push(name);
    }
  }
  return { type: "object", properties: schemas, required, additionalProperties: false };
}

/** What is wrong with a value: where (`""` for the whole) and what was expected. */
export interface Fault {
  at: string;
  expected: string;
}

/** Holds a value against a schema: the first fault, or `null`. */
export function faultIn(schema: Schema, value: unknown, at = ""): Fault | null {
  if (schema.anyOf) {
    const faults = schema.anyOf.map((one) => faultIn(one, value, at));
    if (faults.includes(null)) return null;
    // The alternative of the value's own kind says most.
    const own = faults.find((_, index) => isOf(schema.anyOf?.[index]?.type, value));
    return own ?? { at, expected: schema.anyOf.map(nameOf).join(" or ") };
  }
  if (schema.type !== undefined && !isOf(schema.type, value)) return { at, expected: nameOf(schema) };
  if (schema.enum && !schema.enum.includes(value as string)) return { at, expected: nameOf(schema) };
  if (typeof value === "string") return isWithin(schema, value) ? null : { at, expected: nameOf(schema) };
  if (typeof value === "number") {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
    return value >= minimum && value <= maximum ? null : { at, expected: nameOf(schema) };
  }
  if (Array.isArray(value)) {
    if (value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY))
      return { at, expected: `at most ${schema.maxItems} entries` };
    return firstOf(value, (item, index) => (schema.items ? faultIn(schema.items, item, `${at}[${index}]`) : null));
  }
  return typeof value === "object" && value !== null ? faultInObject(schema, value, at) : null;
}

function faultInObject(schema: Schema, value: object, at: string): Fault | null {
  const inside = (name: string) => (at === "" ? name : `${at}.${name}`);
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) return { at: inside(name), expected: nameOf(schema.properties?.[name] ?? {}) };
  }
  return firstOf(Object.entries(value), ([name, one]) => {
    const known = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    if (known) return faultIn(known, one, inside(name));
    if (typeof schema.additionalProperties === "object") return faultIn(schema.additionalProperties, one, inside(name));
    return schema.additionalProperties === false ? { at: inside(name), expected: "nothing of this name" } : null;
  });
}

function firstOf<Item>(items: readonly Item[], look: (item: Item, index: number) => Fault | null): Fault | null {
  for (let index = 0; index < items.length; index++) {
    const fault = look(items[index] as Item, index);
    if (fault) return fault;
  }
  return null;
}

function isOf(type: Schema["type"], value: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** Lengths are counted in characters, as the core does. */
function isWithin({ minLength = 0, maxLength, pattern }: Schema, value: string): boolean {
  if (value.length < minLength) return false;
  if (maxLength !== undefined && value.length > maxLength && [...value].length > maxLength) return false;
  return pattern === undefined || new RegExp(pattern, "u").test(value);
}

function nameOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" or ");
  const { type, minimum, maximum, minLength, maxLength, pattern } = schema;
  if (type === "integer" || type === "number") {
    const span = minimum !== undefined && maximum !== undefined ? ` from ${minimum} to ${maximum}` : "";
    return `${type === "integer" ? "a whole number" : "a number"}${span}`;
  }
  if (type === "string") {
    if (pattern !== undefined) return `a text like ${pattern}`;
    return maxLength === undefined ? "a text" : `a text of ${minLength ?? 0} to ${maxLength} characters`;
  }
  if (schema.anyOf) return schema.anyOf.map(nameOf).join(" or ");
  const names = { object: "an object", array: "a list", boolean: "true or false", null: "null" };
  return type === undefined ? "a value" : names[type];
}
