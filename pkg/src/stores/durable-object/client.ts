/** The Worker's half of the store: which object to ask, and what concerns more than one. */
import type { PoolDocument, PoolRequest, Stock, Store, UsageRow } from "../../store.js";
import { insist, ONCE } from "../attempts.js";
import { readCursor } from "../cursors.js";
import type { Directory } from "./directory.js";
import { traits } from "./traits.js";

/** A binding to `CouponPoolObject`, as `env` has it; also what its `jurisdiction("eu")` answers. */
export interface CouponPoolNamespace {
  idFromName(name: string): object;
  // biome-ignore lint/suspicious/noExplicitAny: the id's type is the runtime's own.
  get(id: any): {
    poolCall(method: string, request: unknown): Promise<unknown>;
    directoryCall(method: string, request: unknown): Promise<unknown>;
  };
}

/** Most pools of one page of `list`, each of which is a request to its object: a Worker on the free plan may make 50. */
const LIST_POOLS = 40;

/** A store in the objects of `namespace`. Nothing is shared between calls, so one may be made for each request. */
export function durableObject(namespace: CouponPoolNamespace): Store {
  // Lists of texts are injective as JSON, and a pool's name is never a tenant's. Each call has a stub of its own, because
  // an error can leave a stub broken.
  const at = (...name: string[]) => namespace.get(namespace.idFromName(JSON.stringify(name)));

  /** Asks a pool's object. */
  function ask<Answer>(name: PoolRequest, method: keyof Store, request: unknown): Promise<Answer> {
    const call = () => at(name.tenant, name.pool).poolCall(method, request) as Promise<Answer>;
    return ONCE.has(method) ? call() : insist(call, passes);
  }

  const inDirectory =
    <Method extends keyof Directory>(method: Method) =>
    (tenant: string, request: Parameters<Directory[Method]>[0]): Promise<ReturnType<Directory[Method]>> =>
      insist(() => at(tenant).directoryCall(method, request) as Promise<ReturnType<Directory[Method]>>, passes);
  const announce = inDirectory("announce");
  const note = inDirectory("note");
  const handles = inDirectory("handles");

  /** A call that names one pool, sent as it is. */
  const toPool =
    <Method extends keyof Store>(method: Method) =>
    // biome-ignore lint/suspicious/noExplicitAny: the contract's own type says what each call takes and answers.
    (request: PoolRequest): any =>
      ask(request, method, request);

  return {
    traits,

    load: ({ tenant, pools }) =>
      Promise.all(
        pools.map(async (pool) => {
          const found = await ask<(PoolDocument | null)[]>({ tenant, pool }, "load", { tenant, pools: [pool] });
          return found[0] ?? null;
        }),
      ),

    async save(request) {
      const { tenant, document } = request;
      const { handle, revision } = document;
      await announce(tenant, { handle, revision });
      const answer = await ask<Awaited<ReturnType<Store["save"]>>>({ tenant, pool: handle }, "save", request);
      const current = answer.saved ? document : answer.document;
      if (current !== null) {
        // The save stands, told or not: until the directory hears of it, `list` asks the pool itself.
        await note(tenant, { handle, revision: current.revision, archived: current.archived }).catch(() => {});
      }
      return answer;
    },

    async list({ tenant, archived, cursor, limit, usageFrom }) {
      const [after] = readCursor(cursor, [""] as [string]);
      const most = Math.min(limit, LIST_POOLS);
      const found = await handles(tenant, { archived, after, limit: most + 1 });
      const shown = found.slice(0, most);
      const pools = await Promise.all(
        shown.map((pool) =>
          ask<{ rows: { document: PoolDocument; stock: Stock; usage: UsageRow[]; asOf: number | null }[] }>(
            { tenant, pool },
            "list",
            { tenant, archived, cursor: null, limit: 1, usageFrom },
          ),
        ),
      );
      const last = shown[shown.length - 1];
      return {
        rows: pools.flatMap(({ rows }) => rows),
        next: found.length > shown.length && last !== undefined ? JSON.stringify([last]) : null,
      };
    },

    addBlock(request) {
      const { codes, keys, runs } = request.block;
      // The same array twice arrives as the same array; a fingerprint is of no use to an engine with a unique index.
      return ask(request, "addBlock", { ...request, block: { codes, keys, fingerprints: NONE, runs } });
    },

    contains(request) {
      const { keys } = request.block;
      return ask(request, "contains", { ...request, block: { codes: keys, keys, fingerprints: NONE, runs: [] } });
    },

    beginBatch: toPool("beginBatch"),
    commitBatch: toPool("commitBatch"),
    dropBatch: toPool("dropBatch"),
    undoBatch: toPool("undoBatch"),
    batches: toPool("batches"),
    claim: toPool("claim"),
    release: toPool("release"),
    find: toPool("find"),
    forget: toPool("forget"),
    markRedeemed: toPool("markRedeemed"),
    voidCodes: toPool("voidCodes"),
    counts: toPool("counts"),
    usage: toPool("usage"),
    draws: toPool("draws"),
    codes: toPool("codes"),
    alerts: toPool("alerts"),
    saveAlerts: toPool("saveAlerts"),
    journal: toPool("journal"),
    saveJournal: toPool("saveJournal"),
    sweep: toPool("sweep"),
  };
}

const NONE = new Uint8Array(0);

/** Whether Cloudflare says that another attempt may help: an object that moved, or whose code was updated ("Error handling"). */
function passes(error: unknown): boolean {
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}
