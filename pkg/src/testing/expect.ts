/** Three assertions, so that the contract runs wherever a store does: Node, a browser, a Worker. */

export function ok(value: unknown, message: string): asserts value {
  if (!value) throw new Error(message);
}

export function same(actual: unknown, expected: unknown, message: string): void {
  const [is, should] = [show(actual), show(expected)];
  if (is !== should) throw new Error(`${message}\n  is:     ${is}\n  should: ${should}`);
}

export async function rejects(promise: Promise<unknown>, message: string): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error(message);
}

/** JSON with sorted keys: plain values are the same when they are written the same. */
function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (part instanceof Uint8Array) return [...part];
      if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? "undefined"
  );
}
