/**
 * A map by keys of uses and holders. Those are hashes already, so a few of their characters spread them; a `Map`
 * would hash all of them again, and cost three times as much here. Values come in the order of insertion.
 */
export class KeyMap<Value> {
  readonly #keys: string[] = [];
  readonly #values: (Value | undefined)[] = [];
  /** Index plus one, by slot; 0 is free, -1 was removed. A power of two of them, at most half in use. */
  #slots = new Int32Array(16);
  #used = 0;

  get(key: string): Value | undefined {
    const slot = this.#slotOf(key);
    return slot < 0 ? undefined : this.#values[(this.#slots[slot] as number) - 1];
  }

  set(key: string, value: Value): void {
    const slot = this.#slotOf(key);
    if (slot >= 0) {
      this.#values[(this.#slots[slot] as number) - 1] = value;
      return;
    }
    if (2 * (this.#used + 1) > this.#slots.length) this.#grow();
    this.#keys.push(key);
    this.#place(key, this.#values.push(value));
  }

  delete(key: string): void {
    const slot = this.#slotOf(key);
    if (slot < 0) return;
    const entry = this.#slots[slot] as number;
    this.#slots[slot] = -1;
    this.#keys[entry - 1] = "";
    this.#values[entry - 1] = undefined;
  }

  *values(): IterableIterator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  /** The slot of a key that is there, or -1. */
  #slotOf(key: string): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash(key) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return -1;
      if (entry > 0 && this.#keys[entry - 1] === key) return slot;
    }
  }

  #place(key: string, entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash(key) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
    this.#used += 1;
  }

  #grow(): void {
    const entries = this.#slots.filter((entry) => entry > 0);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(4 * (entries.length + 4))));
    this.#used = 0;
    for (const entry of entries) this.#place(this.#keys[entry - 1] as string, entry);
  }
}

/** Spreads a key by its last characters and its first. */
function hash(key: string): number {
  let spread = key.length;
  for (let index = Math.max(0, key.length - 8); index < key.length; index++) {
    spread = Math.imul(spread, 31) + key.charCodeAt(index);
  }
  spread = Math.imul(spread ^ (key.charCodeAt(0) << 8) ^ key.charCodeAt(1), 0x9e3779b1);
  return spread ^ (spread >>> 15);
}
