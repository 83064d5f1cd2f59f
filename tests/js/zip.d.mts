/** A ZIP archive of these parts, deflated. */
export function zip(parts: Record<string, string | Uint8Array>): Uint8Array;
