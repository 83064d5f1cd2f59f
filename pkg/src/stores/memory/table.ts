/**
 * A map by keys of uses and holders. Those are hashes already, so a few of their characters spread them; a `Map`
 * would hash all of them again, and cost three times as much here. Values come in the order of insertion.
 */
export class KeyMap<Value> {
  readonly #keys: string[] = [];
  readonly #values: (Value | undefined)[] = [];
  /** The hash of each key, so that neither looking nor growing has to touch the keys of others. */
  #hashes = new Int32Array(16);
  /** Index plus one, by slot; 0 is free, -1 was removed. A power of two of them, at most half in use. */
  #slots = new Int32Array(32);
  #used = 0;

  get(key: string): Value | undefined {
    const slot = this.#slotOf(key, hash(key));
    return slot < 0 ? undefined : this.#values[(this.#slots[slot] as number) - 1];
  }

  set(key: string, value: Value): void {
    const spread = hash(key);
    const slot = this.#slotOf(key, spread);
    if (slot >= 0) {
      this.#values[(this.#slots[slot] as number) - 1] = value;
      return;
    }
    if (2 * (this.#used + 1) > this.#slots.length) this.#grow();
    const index = this.#keys.push(key) - 1;
    this.#values.push(value);
    if (index >= this.#hashes.length) {
      const hashes = new Int32Array(2 * this.#hashes.length);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    this.#hashes[index] = spread;
    this.#place(index);
  }

  delete(key: string): void {
    const slot = this.#slotOf(key, hash(key));
    if (slot < 0) return;
    const index = (this.#slots[slot] as number) - 1;
    this.#slots[slot] = -1;
    this.#keys[index] = "";
    this.#values[index] = undefined;
  }

  *values(): IterableIterator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  /** The slot of a key that is there, or -1. */
  #slotOf(key: string, spread: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = spread & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return -1;
      if (entry > 0 && this.#hashes[entry - 1] === spread && this.#keys[entry - 1] === key) return slot;
    }
  }

  #place(index: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hashes[index] as number) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = index + 1;
    this.#used += 1;
  }

  #grow(): void {
    const entries = this.#slots.filter((entry) => entry > 0);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(4 * (entries.length + 8))));
    this.#used = 0;
    for (const entry of entries) this.#place(entry - 1);
  }
}

/** Spreads a key by its last characters. */
function hash(key: string): number {
  let spread = key.length;
  for (let index = Math.max(0, key.length - 6); index < key.length; index++) {
    spread = Math.imul(spread, 31) + key.charCodeAt(index);
  }
  spread = Math.imul(spread, 0x9e3779b1);
  return spread ^ (spread >>> 15);
}
