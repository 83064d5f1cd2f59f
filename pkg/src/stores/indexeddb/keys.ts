/**
 * Finding codes by key without one record a code: fingerprints of all keys lie in memory for the pools in use,
 * and every hit is verified against the text, so a collision costs a read and never an answer.
 */
import { got, range } from "./database.js";
import { Fingerprints, type Hit } from "./fingerprints.js";
import type { BatchRecord, BlockRecord, DrawRecord, FingerprintRecord, LotRecord, PoolScope } from "./records.js";

/** How many pools' fingerprints are kept: about 15 bytes a code. */
const POOLS = 4;

/** How many blocks' fingerprints are read at once. */
const BLOCKS_AT_A_TIME = 4;

/** A code that is in the pool, or staged. */
export interface Place {
  lot: LotRecord;
  batch: BatchRecord;
  position: number;
  code: string;
  draw: DrawRecord | undefined;
  isVoid: boolean;
}

export class KeyFinder {
  private readonly pools = new Map<number, Fingerprints>();

  constructor(readonly fingerprintsOf: (keys: readonly string[]) => Uint32Array) {}

  /** Forgets everything: the database may be another one now. */
  clear(): void {
    this.pools.clear();
  }

  /**
   * Where the pool has each of these keys; codes that have left the pool are not there any more. To be called before
   * the transaction writes blocks: what the table takes up must have been committed. `draws: false` leaves out who holds
   * a code, which for a large upload of codes that were drawn would be a read each.
   */
  async locate(
    scope: PoolScope,
    keys: readonly string[],
    { prints = this.fingerprintsOf(keys), draws = true }: { prints?: Uint32Array; draws?: boolean } = {},
  ): Promise<Map<number, Place>> {
    const table = await this.upToDate(scope);
    const places = new Map<number, Place>();
    const seen = new Seen(scope, draws);
    for (let i = 0; i < keys.length; i += 1) {
      for (const hit of table.hits(prints[2 * i] as number, prints[2 * i + 1] as number)) {
        const verified = seen.verify(hit, keys[i] as string);
        // Only what has to be read is waited for.
        const place = verified instanceof Promise ? await verified : verified;
        if (place === undefined) continue;
        places.set(i, place);
        break;
      }
    }
    return places;
  }

  private async upToDate(scope: PoolScope): Promise<Fingerprints> {
    const { id } = scope.pool;
    const table = this.pools.get(id) ?? new Fingerprints();
    // The pool used last goes to the end, the one unused for longest is let go.
    this.pools.delete(id);
    this.pools.set(id, table);
    for (const oldest of this.pools.keys()) {
      if (this.pools.size <= POOLS) break;
      this.pools.delete(oldest);
    }
    // Some at a time: those of a large pool would keep the page waiting.
    while (table.block < scope.pool.blocks) {
      const from = range([id, table.block], [id, scope.pool.blocks], true);
      const news = await scope.all<FingerprintRecord>("fingerprints", from, BLOCKS_AT_A_TIME);
      // Another call may have added some of them meanwhile.
      for (const record of news) if (record.block > table.block) table.add(record);
      // The last ones may be swept.
      if (news.length < BLOCKS_AT_A_TIME) table.block = Math.max(table.block, scope.pool.blocks);
    }
    return table;
  }
}

/** What was read already to verify hits of one call. */
class Seen {
  private readonly blocks = new Map<string, { keys: string[]; codes: string[] } | null>();
  private readonly lots = new Map<number, { lot: LotRecord; batch: BatchRecord } | null>();

  constructor(
    private readonly scope: PoolScope,
    private readonly wantsDraws: boolean,
  ) {}

  /** At once, if nothing has to be read: most hits of an upload lie in the blocks of the hits before. */
  verify(hit: Hit, key: string): Place | undefined | Promise<Place | undefined> {
    const block = this.blocks.get(nameOf(hit));
    const known = this.lots.get(hit.lot);
    if (block === undefined || known === undefined) return this.read(hit).then(() => this.verify(hit, key));
    if (block?.keys[hit.offset] !== key) return undefined;
    if (known === null || known.batch.state === "dropped") return undefined;
    const position = hit.start + hit.offset;
    const place = { ...known, position, code: block.codes[hit.offset] as string, draw: undefined, isVoid: false };
    return this.wantsDraws || known.batch.state === "undone" ? this.withDraw(place) : place;
  }

  private async withDraw(place: Place): Promise<Place | undefined> {
    const { scope } = this;
    const { lot, batch, position } = place;
    const at: [number, number] = [lot.id, position];
    const draw = lot.assigned > 0 ? await scope.get<DrawRecord>("draws", at) : undefined;
    const isVoid = lot.void > 0 && (await got(scope.store("voids").count(at))) > 0;
    if (batch.state === "undone" && draw === undefined && !isVoid) return undefined;
    return { ...place, draw, isVoid };
  }

  private async read(hit: Hit): Promise<void> {
    const record = await this.scope.get<BlockRecord>("blocks", [hit.lot, hit.start]);
    const codes = record?.codes.split("\n") ?? [];
    const keys = record?.keys?.split("\n") ?? codes;
    this.blocks.set(nameOf(hit), record === undefined ? null : { codes, keys });
    if (this.lots.has(hit.lot)) return;
    const lot = await this.scope.get<LotRecord>("lots", hit.lot);
    const batch = lot && (await this.scope.get<BatchRecord>("batches", [lot.pool, lot.batch]));
    this.lots.set(hit.lot, lot && batch ? { lot, batch } : null);
  }
}

const nameOf = ({ lot, start }: Hit): string => `${lot} ${start}`;
