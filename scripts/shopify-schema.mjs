// Cuts the part of Shopify's Admin schema that the module's requests can reach out of the npm package
// `@shopify/dev-mcp` (ISC licence, Copyright Shopify Inc.), one file for each version of the API:
//
//   node scripts/shopify-schema.mjs
//
// What stays: the fields that some operation of tests/shops/operations.graphql or shopify-queries.txt asks for, and
// beside them the plain values of discounts, with arguments, input types and deprecations as Shopify has them. So a
// request with a wrong name, a wrong type or a deprecated field fails a test. Descriptions are left out.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  astFromValue,
  buildClientSchema,
  GraphQLDeprecatedDirective,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
  parse,
  print,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from "graphql";

const PACKAGE = "@shopify/dev-mcp@1.16.0";
const VERSIONS = ["2025-10", "2026-01", "2026-04", "2026-07", "2026-10"];
const root = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");

const operations = [
  ...read("tests/shops/shopify-queries.txt").trim().split("\n"),
  read("tests/shops/operations.graphql"),
].map((text) => parse(text));

const folder = mkdtempSync(join(tmpdir(), "shopify-schema-"));
try {
  const packed = execFileSync("npm", ["pack", PACKAGE, "--silent"], { cwd: folder, encoding: "utf8" }).trim();
  execFileSync("tar", ["xzf", packed, "package/dist/data"], { cwd: folder });
  for (const version of VERSIONS) {
    const file = join(folder, "package/dist/data", `admin_${version}.json.gz`);
    const schema = buildClientSchema(JSON.parse(gunzipSync(readFileSync(file)).toString()).data);
    const text = `# Shopify Admin API ${version}, cut from ${PACKAGE} (ISC) by scripts/shopify-schema.mjs.\n\n${cut(schema)}`;
    writeFileSync(new URL(`tests/fixtures/shopify/admin-${version}.graphql`, root), text);
    console.log(version, text.length);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function cut(schema) {
  /** The fields to keep, by the type's name. */
  const fields = new Map();
  const whole = new Set();
  const keep = (type) => {
    if (fields.has(type.name)) return;
    fields.set(type.name, new Set());
    if (isUnionType(type)) for (const member of type.getTypes()) keep(member);
    if (!isObjectType(type)) return;
    if (!type.name.startsWith("Discount")) return;
    // Kept even where nobody asks for them, the deprecated ones too.
    for (const field of Object.values(type.getFields())) if (isLeafType(getNamedType(field.type))) use(type, field);
  };
  const take = (type) => {
    if (whole.has(type) || isSpecifiedScalarType(type)) return;
    whole.add(type);
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) take(getNamedType(field.type));
  };
  const use = (type, field) => {
    keep(type);
    fields.get(type.name).add(field.name);
    const named = getNamedType(field.type);
    if (isLeafType(named)) take(named);
    else keep(named);
    for (const argument of field.args) take(getNamedType(argument.type));
  };
  for (const operation of operations) {
    const errors = validate(schema, operation);
    if (errors.length > 0) throw errors[0];
    const info = new TypeInfo(schema);
    visit(
      operation,
      visitWithTypeInfo(info, {
        Field() {
          const field = info.getFieldDef();
          if (field && !field.name.startsWith("__")) use(info.getParentType(), field);
        },
        InlineFragment: () => keep(info.getType()),
      }),
    );
  }
  const deprecated = (of) =>
    of.deprecationReason ? ` @${GraphQLDeprecatedDirective.name}(reason: ${JSON.stringify(of.deprecationReason)})` : "";
  const input = (argument) => `${argument.name}: ${argument.type}${value(argument)}${deprecated(argument)}`;
  const args = (field) => (field.args.length === 0 ? "" : `(${field.args.map(input).join(", ")})`);
  const body = (rows) => ` {\n${rows.map((row) => `  ${row}\n`).join("")}}\n`;
  const all = [...fields.keys()].map((name) => schema.getType(name));
  const parts = [...all, ...whole]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((type) => {
      if (isObjectType(type)) {
        const kept = Object.values(type.getFields()).filter((field) => fields.get(type.name).has(field.name));
        // A member of a union that nobody asks for anything has at least its name.
        const rows = kept.map((field) => `${field.name}${args(field)}: ${field.type}${deprecated(field)}`);
        return `type ${type.name}${body(rows.length > 0 ? rows : ["_: Boolean"])}`;
      }
      if (isUnionType(type)) return `union ${type.name} = ${type.getTypes().join(" | ")}\n`;
      if (isScalarType(type)) return `scalar ${type.name}\n`;
      if (isEnumType(type))
        return `enum ${type.name}${body(type.getValues().map((one) => one.name + deprecated(one)))}`;
      if (isInputObjectType(type)) {
        const oneOf = type.isOneOf ? " @oneOf" : "";
        return `input ${type.name}${oneOf}${body(Object.values(type.getFields()).map(input))}`;
      }
      throw new Error(`${type.name} is of a kind that no operation asks for`);
    });
  const roots = `schema {\n  query: ${schema.getQueryType()}\n  mutation: ${schema.getMutationType()}\n}\n`;
  return [roots, ...parts].join("\n");
}

/** A default value, as it is written in a schema. */
function value({ defaultValue, type }) {
  return defaultValue === undefined ? "" : ` = ${print(astFromValue(defaultValue, type))}`;
}
