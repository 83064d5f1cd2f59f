/**
 * What a request costs at Shopify, by its published rule (shopify.dev, "Calculated query cost"): a mutation 10, an
 * object 1, a connection by its size, plain values nothing. What a mutation answers at once is in its ten points, and so
 * are lists of user errors, as recorded answers show.
 */

import {
  type FieldNode,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";

const MUTATION = 10;

/** The points that an operation asks for. */
export function requestedCost(schema: GraphQLSchema, operation: OperationDefinitionNode): number {
  const root = operation.operation === "mutation" ? schema.getMutationType() : schema.getQueryType();
  if (!root) return 0;
  const cost = selected(schema, root, operation.selectionSet);
  const fields = operation.selectionSet.selections.length;
  return operation.operation === "mutation" ? Math.max(MUTATION * fields, cost) : cost;
}

/** The points of what is selected in a type. Of a union's members the dearest counts. */
function selected(schema: GraphQLSchema, type: GraphQLOutputType, set: SelectionSetNode | undefined): number {
  let own = 0;
  let dearest = 0;
  for (const selection of set?.selections ?? []) {
    if (selection.kind === "Field") own += field(schema, type, selection);
    if (selection.kind !== "InlineFragment") continue;
    const member = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
    dearest = Math.max(dearest, selected(schema, member as GraphQLOutputType, selection.selectionSet));
  }
  return own + dearest;
}

function field(schema: GraphQLSchema, type: GraphQLOutputType, node: FieldNode): number {
  const named = getNamedType(type);
  const definition = isObjectType(named) ? named.getFields()[node.name.value] : undefined;
  if (!definition) return 0;
  const answer = getNamedType(definition.type);
  if (isLeafType(answer) || answer.name.endsWith("UserError")) return 0;
  if (!answer.name.endsWith("Connection")) return 1 + selected(schema, answer, node.selectionSet);
  const size = node.arguments?.find(({ name }) => name.value === "first" || name.value === "last")?.value;
  const count = size?.kind === "IntValue" ? Number(size.value) : 1;
  const nodes = node.selectionSet?.selections.find((one) => one.kind === "Field" && one.name.value === "nodes");
  return 1 + count * (nodes?.kind === "Field" ? field(schema, answer, nodes) : 1);
}
