/** Thousands of pools, searched, filtered and sorted within a frame: what is slow about a pool is looked at once. */

import type { PastAlert, PoolRow } from "../options.js";
import { needsAttention, type PoolState, statesOf } from "./pool-state.js";

/** What the list can be sorted by. */
export type SortKey = "name" | "kind" | "remaining" | "assigned" | "share" | "draws";

/** What is shown, and in what order. */
export interface PoolView {
  search: string;
  kind: PoolRow["kind"] | "all";
  /** `all`: those that are not archived; `attention`: those that ask for somebody. */
  state: PoolState | "all" | "attention";
  sort: SortKey;
  descending: boolean;
}

/** How a list is first shown. */
export const FIRST_VIEW: PoolView = { search: "", kind: "all", state: "all", sort: "name", descending: false };

interface Entry {
  row: PoolRow;
  /** Name and handle as a search compares them. */
  text: string;
  /** Place in the order of names: comparing by the rules of a language costs a microsecond each time. */
  rank: number;
  /** Draws of the last week. */
  draws: number;
  states: PoolState[];
}

/** Pools, ready to be looked through. */
export class PoolList {
  #entries: Entry[];
  readonly #alerts: ReadonlyMap<string, readonly PastAlert[]>;
  readonly #now: number;

  constructor(
    rows: readonly PoolRow[],
    collator: Intl.Collator,
    now: number,
    alerts: ReadonlyMap<string, readonly PastAlert[]> = new Map(),
  ) {
    this.#alerts = alerts;
    this.#now = now;
    this.#entries = rows.map((row) => ({
      row,
      text: folded(`${row.name}\n${row.handle}`),
      rank: 0,
      draws: drawsOf(row),
      states: [],
    }));
    this.#entries
      .toSorted((one, other) => collator.compare(one.row.name, other.row.name))
      .forEach((entry, rank) => {
        entry.rank = rank;
        entry.states = statesOf(entry.row, now, alerts.get(entry.row.handle));
      });
  }

  get size(): number {
    return this.#entries.length;
  }

  /** How many of those that are not archived ask for somebody. */
  get attention(): number {
    return this.#entries.filter(({ states }) => needsAttention(states)).length;
  }

  states(row: PoolRow): readonly PoolState[] {
    return statesOf(row, this.#now, this.#alerts.get(row.handle));
  }

  /** The pools of a view, in its order. Pools without the figure that is sorted by come last, both ways. */
  look(view: PoolView): PoolRow[] {
    const words = folded(view.search).split(/\s+/).filter(Boolean);
    const some = this.#entries.filter(
      ({ row, text, states }) =>
        row.archived === (view.state === "archived") &&
        (view.kind === "all" || row.kind === view.kind) &&
        isIn(states, view.state) &&
        words.every((word) => text.includes(word)),
    );
    const value = VALUES[view.sort];
    const sign = view.descending ? -1 : 1;
    some.sort((one, other) => {
      const [first, second] = [value(one), value(other)];
      if (first === null || second === null)
        return Number(first === null) - Number(second === null) || one.rank - other.rank;
      return sign * (first - second) || one.rank - other.rank;
    });
    return some.map(({ row }) => row);
  }
}

const KINDS = ["static", "dynamic", "fixed"];

const VALUES: Record<SortKey, (entry: Entry) => number | null> = {
  name: ({ rank }) => rank,
  kind: ({ row }) => KINDS.indexOf(row.kind),
  remaining: ({ row }) => row.remaining,
  assigned: ({ row }) => (row.kind === "fixed" ? null : row.assigned),
  share: ({ row }) => (row.added === 0 ? null : row.percentRemaining),
  draws: ({ row, draws }) => (row.kind === "fixed" ? null : draws),
};

function isIn(states: readonly PoolState[], state: PoolView["state"]): boolean {
  if (state === "all") return true;
  return state === "attention" ? needsAttention(states) : states.includes(state);
}

const drawsOf = (row: PoolRow) => row.usage.reduce((sum, { draws }) => sum + draws, 0);

/** Without case and accents: “été” is found by “ete”. */
const folded = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
