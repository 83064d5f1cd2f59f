/**
 * The store in Redis or Valkey, single or a cluster: each call of the contract on a pool is one Lua script, which
 * Redis runs as a whole. A pool lies in one hash slot; what crosses pools is done pool by pool.
 */
import type { PoolRequest, Store, StoreTraits } from "../store.js";
import { readCursor, toPage } from "./cursors.js";
import { DAY, dayOf } from "./instants.js";
import {
  CLAIM_SCRIPT,
  claimAnswer,
  claimValues,
  RELEASE_SCRIPT,
  releaseOutcome,
  releaseValues,
} from "./redis/claims.js";
import { runScript, type Script } from "./redis/engine.js";
import { type IoRedis, ioRedisEngine } from "./redis/ioredis.js";
import { directoryKey, poolKeys } from "./redis/keys.js";
import * as lookups from "./redis/lookups.js";
import { type NodeRedis, nodeRedisEngine } from "./redis/node-redis.js";
import * as pools from "./redis/pools.js";
import * as uploads from "./redis/uploads.js";
import { durabilityOf, refuseEviction, refuseMissingCommands } from "./redis/worth.js";

export type { IoRedis, NodeRedis };

export interface RedisOptions {
  /** What every key begins with. Default `"coupon-pools"`. */
  prefix?: string;
  /** What an acknowledged write survives. Default: read from the server's settings; `"none"` where it does not tell them. */
  durability?: StoreTraits["durability"];
  /** Default `"may-lose"`: replicas lag behind, so one that takes over may not know the last draws. */
  failover?: StoreTraits["failover"];
}

/** How many codes a sweep looks at: some milliseconds. */
const SWEEP_POSITIONS = 1_000;
/** Least number of pools that are looked at together for a page of the list. */
const LISTED_TOGETHER = 20;

/**
 * A store on a connected client of node-redis (`createClient`, `createClientPool`, `createCluster`, `createSentinel`) or
 * ioredis (`Redis`, `Cluster`). Asks the server for its settings, and rejects if it is set to throw keys away or if this user
 * may not run what scripts run.
 */
export async function redis(client: NodeRedis | IoRedis, options: RedisOptions = {}): Promise<Store> {
  const { prefix = "coupon-pools", failover = "may-lose" } = options;
  const engine = isIoRedis(client) ? ioRedisEngine(client) : nodeRedisEngine(client);
  await Promise.all([refuseMissingCommands(engine, prefix), refuseEviction(engine)]);
  const durability = options.durability ?? (await durabilityOf(engine)) ?? "none";

  const run = <Reply = string[]>(request: PoolRequest, script: Script, values: string[] = []): Promise<Reply> =>
    runScript(engine, script, poolKeys(prefix, request.tenant, request.pool), values) as Promise<Reply>;
  const show = async (request: PoolRequest) => pools.shown(await run<unknown[]>(request, pools.SHOW_SCRIPT));

  return {
    traits: { name: "redis", durability, failover, limits: { claimItems: 1_000, blockCodes: 1_000 } },

    load: ({ tenant, pools: names }) =>
      Promise.all(
        names.map(async (pool) => {
          const document = await run<string | null>({ tenant, pool }, pools.LOAD_SCRIPT);
          return document === null ? null : JSON.parse(document);
        }),
      ),

    async save({ tenant, document, expected, untouched }) {
      const { handle, revision, version } = document;
      // First, so that no pool is missing from the list; a handle without a pool does no harm there.
      if (expected === null) await runScript(engine, pools.REGISTER_SCRIPT, [directoryKey(prefix, tenant)], [handle]);
      const [reason, current] = await run({ tenant, pool: handle }, pools.SAVE_SCRIPT, [
        expected === null ? "" : String(expected),
        untouched ? "1" : "",
        JSON.stringify(document),
        String(revision),
        String(version),
      ]);
      if (reason === "saved") return { saved: true };
      return {
        saved: false,
        reason: reason as "conflict" | "touched",
        document: current ? JSON.parse(current) : null,
      };
    },

    async list({ tenant, archived, cursor, limit, usageFrom }) {
      let [after] = readCursor(cursor, [""] as [string]);
      const rows: pools.Shown[] = [];
      const together = Math.max(limit + 1, LISTED_TOGETHER);
      while (rows.length <= limit) {
        const values = [after, String(together)];
        const handles = (await runScript(
          engine,
          pools.HANDLES_SCRIPT,
          [directoryKey(prefix, tenant)],
          values,
        )) as string[];
        const found = await Promise.all(handles.map((pool) => show({ tenant, pool })));
        for (const pool of found) if (pool !== null && pool.document.archived === archived) rows.push(pool);
        if (handles.length < together) break;
        after = handles[handles.length - 1] as string;
      }
      return toPage(
        rows.slice(0, limit + 1),
        limit,
        ({ document }) => [document.handle],
        ({ document, stock, usage }) => ({
          document,
          stock,
          usage: usage.filter(({ at }) => at >= usageFrom),
          asOf: null,
        }),
      );
    },

    async beginBatch(request) {
      const { batch, version, now, lease } = request;
      const values = [batch, String(version), String(now), String(now + lease)];
      return uploads.beginAnswer(await run(request, uploads.BEGIN_SCRIPT, values));
    },

    async addBlock(request) {
      const { batch, number, block, now, lease } = request;
      const values = uploads.blockValues(batch, number, now + lease, block);
      return uploads.blockAnswer(await run(request, uploads.ADD_BLOCK_SCRIPT, values));
    },

    async commitBatch(request) {
      const note = JSON.stringify(request.note) ?? "null";
      const [status, added] = await run(request, uploads.COMMIT_SCRIPT, [request.batch, note, String(request.now)]);
      return status === "committed" ? { status, added: Number(added) } : { status: "ended" };
    },

    async dropBatch(request) {
      await run(request, uploads.DROP_SCRIPT, [request.batch]);
    },

    async undoBatch(request) {
      const reply = await run<string[] | null>(request, uploads.UNDO_SCRIPT, [request.batch]);
      return reply === null ? null : { removed: Number(reply[0]), kept: Number(reply[1]) };
    },

    async batches(request) {
      const [before] = readCursor(request.cursor, [Number.MAX_SAFE_INTEGER] as [number]);
      const reply = await run(request, uploads.BATCHES_SCRIPT, [String(before), String(request.limit + 1)]);
      return toPage(
        uploads.batchRows(reply),
        request.limit,
        ({ sequence }) => [sequence],
        ({ row }) => row,
      );
    },

    async contains(request) {
      const { keys } = request.block;
      const bits = await run<string>(request, uploads.CONTAINS_SCRIPT, [...keys]);
      return Uint8Array.from(keys, (_, i) => (bits[i] === "1" ? 1 : 0));
    },

    async claim(request) {
      return claimAnswer(await run(request, CLAIM_SCRIPT, claimValues(request)));
    },

    async release(request) {
      const words = await run(request, RELEASE_SCRIPT, releaseValues(request.items));
      return request.items.map((_, i) => releaseOutcome(words[i] ?? "unknown-use"));
    },

    find: (request) => lookups.find((values) => run(request, lookups.FIND_SCRIPT, values), request),

    async forget(request) {
      const forgotten = await lookups.forget((values) => run(request, lookups.FORGET_SCRIPT, values), request.contact);
      return { forgotten };
    },

    async markRedeemed(request) {
      const { keys, now } = request;
      const marked = await run<number>(request, lookups.MARK_REDEEMED_SCRIPT, [String(now), ...keys]);
      return { marked, unknown: keys.length - marked };
    },

    voidCodes: async (request) => ({ voided: await run<number>(request, lookups.VOID_SCRIPT, [...request.keys]) }),

    counts: async (request) => (await show(request))?.stock ?? null,

    async usage(request) {
      const usage = (await show(request))?.usage ?? [];
      return usage.filter(({ at }) => at >= request.from && at < request.to);
    },

    draws: (request) => lookups.draws((values) => run(request, lookups.DRAWS_SCRIPT, values), request),

    codes: (request) => lookups.codes((values) => run(request, lookups.CODES_SCRIPT, values), request),

    async alerts(request) {
      const [revision, state] = await run<(string | null)[]>(request, pools.ALERTS_SCRIPT);
      return pools.alertRecord(revision, state);
    },

    async saveAlerts(request) {
      const { expected, state } = request;
      const values = [expected === null ? "" : String(expected), String((expected ?? 0) + 1)];
      const reply = await run(request, pools.SAVE_ALERTS_SCRIPT, [...values, JSON.stringify(state) ?? "null"]);
      return { saved: reply[0] === "1", record: pools.alertRecord(reply[1], reply[2]) };
    },

    journal: async (request) => pools.journalEntries(await run(request, pools.JOURNAL_SCRIPT)),

    async saveJournal(request) {
      const { id, expected, entry } = request;
      const values = [id, expected === null ? "" : String(expected), String((expected ?? 0) + 1)];
      const stored = entry === null ? "" : JSON.stringify(entry);
      const [saved, current] = await run(request, pools.SAVE_JOURNAL_SCRIPT, [...values, stored]);
      return { saved: saved === "1", record: pools.journalEntry(id, current as string) };
    },

    async sweep(request) {
      const { now, rollUpBefore } = request;
      const values = [String(now), String(dayOf(rollUpBefore)), String(DAY), String(SWEEP_POSITIONS)];
      return { more: (await run<number>(request, uploads.SWEEP_SCRIPT, values)) === 1 };
    },
  };
}

const isIoRedis = (client: NodeRedis | IoRedis): client is IoRedis => "call" in client && "status" in client;
