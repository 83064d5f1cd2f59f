/** Shopify's throttle: a bucket of points that fills at a steady rate, by its published rule. */

export interface ThrottleStatus {
  maximumAvailable: number;
  currentlyAvailable: number;
  restoreRate: number;
}

export class Throttle {
  readonly #maximum: number;
  readonly #rate: number;
  readonly #clock: () => number;
  #level: number;
  #seen: number;
  /** Requests that were turned away. */
  turnedAway = 0;

  /** A bucket of twenty seconds' points, as in every plan. */
  constructor(restoreRate: number, clock: () => number) {
    this.#maximum = restoreRate * 20;
    this.#rate = restoreRate;
    this.#clock = clock;
    this.#level = this.#maximum;
    this.#seen = clock();
  }

  /** Takes the points that a request asks for; false if they are not there. */
  take(requested: number): boolean {
    this.#fill();
    if (requested > this.#level) {
      this.turnedAway += 1;
      return false;
    }
    this.#level -= requested;
    return true;
  }

  /** Gives back what was asked for and not needed. */
  giveBack(points: number): void {
    this.#level = Math.min(this.#maximum, this.#level + points);
  }

  status(): ThrottleStatus {
    this.#fill();
    return {
      maximumAvailable: this.#maximum,
      currentlyAvailable: Math.floor(this.#level),
      restoreRate: this.#rate,
    };
  }

  #fill(): void {
    const now = this.#clock();
    this.#level = Math.min(this.#maximum, this.#level + (Math.max(0, now - this.#seen) * this.#rate) / 1_000);
    this.#seen = Math.max(this.#seen, now);
  }
}
