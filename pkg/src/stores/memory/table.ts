/**
 * A map by keys of uses and holders. Those are hashes already, so a few of their characters spread them; a `Map`
 * would hash all of them again, and cost three times as much here. Values come in the order of insertion.
 */
export class KeyMap<Value> {
  readonly #keys: string[] = [];
  readonly #values: (Value | undefined)[] = [];
  /**
   * Two numbers a slot, side by side because they are read together: a key's hash, so that neither looking nor growing
   * has to touch the keys of others; and its index plus one, where 0 is free and -1 was removed. A power of two of
   * slots, at most half in use.
   */
  #slots = new Int32Array(64);
  #used = 0;

  get(key: string): Value | undefined {
    const slot = this.#slotOf(key, hash(key));
    return slot < 0 ? undefined : this.#values[(this.#slots[slot + 1] as number) - 1];
  }

  /** Puts a value in the place of the one that the key has, if any. */
  set(key: string, value: Value): void {
    const slot = this.#slotOf(key, hash(key));
    if (slot < 0) this.add(key, value);
    else this.#values[(this.#slots[slot + 1] as number) - 1] = value;
  }

  /** Puts a value under a key that is known to have none. */
  add(key: string, value: Value): void {
    if (4 * (this.#used + 1) > this.#slots.length) this.#grow();
    this.#values.push(value);
    this.#place(hash(key), this.#keys.push(key));
  }

  delete(key: string): void {
    const slot = this.#slotOf(key, hash(key));
    if (slot < 0) return;
    const index = (this.#slots[slot + 1] as number) - 1;
    this.#slots[slot + 1] = -1;
    this.#keys[index] = "";
    this.#values[index] = undefined;
  }

  *values(): IterableIterator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  /** Where the slot of a key that is there starts, or -1. */
  #slotOf(key: string, spread: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (spread << 1) & mask; ; slot = (slot + 2) & mask) {
      const entry = slots[slot + 1] as number;
      if (entry === 0) return -1;
      if (slots[slot] === spread && entry > 0 && this.#keys[entry - 1] === key) return slot;
    }
  }

  #place(spread: number, entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (spread << 1) & mask;
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
    slots[slot] = spread;
    slots[slot + 1] = entry;
    this.#used += 1;
  }

  #grow(): void {
    const old = this.#slots;
    let live = 0;
    for (let slot = 1; slot < old.length; slot += 2) if ((old[slot] as number) > 0) live += 1;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(8 * (live + 8))));
    this.#used = 0;
    for (let slot = 0; slot < old.length; slot += 2) {
      const entry = old[slot + 1] as number;
      if (entry > 0) this.#place(old[slot] as number, entry);
    }
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
