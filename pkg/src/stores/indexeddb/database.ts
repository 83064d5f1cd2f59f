/** The IndexedDB database: its object stores, its connection, and one transaction a call. */

/** Version of this layout. */
const VERSION = 1;

type Layout = { keyPath: string | string[]; autoIncrement?: boolean; indices?: Record<string, string[]> };

const LAYOUT = {
  pools: { keyPath: "id", autoIncrement: true, indices: { name: ["tenant", "handle"] } },
  batches: { keyPath: ["pool", "batch"], indices: { order: ["pool", "sequence"], unswept: ["pool", "unswept"] } },
  // `openUntil` is there only while a lot has free codes, so the index holds nothing else.
  lots: {
    keyPath: "id",
    autoIncrement: true,
    indices: { expiry: ["pool", "sequence", "expiresAt"], open: ["pool", "openUntil", "sequence"] },
  },
  blocks: { keyPath: ["lot", "start"] },
  fingerprints: { keyPath: ["pool", "block"] },
  returned: { keyPath: ["lot", "position"] },
  voids: { keyPath: ["lot", "position"] },
  // One record a held code: a second holder of the same code is a ConstraintError.
  draws: { keyPath: ["lot", "position"] },
  holders: { keyPath: ["pool", "holder"] },
  uses: {
    keyPath: ["pool", "use"],
    indices: {
      number: ["pool", "number", "id"],
      contact: ["pool", "contact", "id"],
      message: ["pool", "message", "id"],
    },
  },
  answers: { keyPath: ["pool", "sequence", "number"] },
  expiries: { keyPath: ["pool", "expiresAt"] },
  usage: { keyPath: ["pool", "at"] },
  journal: { keyPath: ["pool", "id"] },
} satisfies Record<string, Layout>;

export type StoreName = keyof typeof LAYOUT;
const NAMES = Object.keys(LAYOUT) as StoreName[];

export interface Database {
  /** Does `work` in one transaction. It may await requests of that transaction and nothing else, or it would end early. */
  within<Answer>(mode: IDBTransactionMode, work: (transaction: IDBTransaction) => Promise<Answer>): Promise<Answer>;
  close(): Promise<void>;
}

/** `onLost` is told when the connection ends, and with it all that was remembered of the database. */
export function database(factory: IDBFactory, name: string, onLost: () => void): Database {
  let opening: Promise<IDBDatabase> | null = null;

  function connection(): Promise<IDBDatabase> {
    opening ??= open(factory, name, forget).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  function forget(): void {
    opening = null;
    onLost();
  }

  async function start(mode: IDBTransactionMode): Promise<IDBTransaction> {
    try {
      return (await connection()).transaction(NAMES, mode, { durability: "strict" });
    } catch (error) {
      if ((error as DOMException | null)?.name !== "InvalidStateError") throw error;
      // The connection was closed while this call waited for it: a new one is opened once.
      forget();
      return (await connection()).transaction(NAMES, mode, { durability: "strict" });
    }
  }

  return {
    async within(mode, work) {
      const transaction = await start(mode);
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () =>
          reject(transaction.error ?? new DOMException("The transaction was aborted.", "AbortError"));
      });
      // It may fail before anybody waits for it.
      done.catch(() => {});
      try {
        const answer = await work(transaction);
        await done;
        return answer;
      } catch (error) {
        try {
          transaction.abort();
        } catch {
          // It has ended by itself.
        }
        throw transaction.error ?? error;
      }
    },
    async close() {
      const closing = opening;
      forget();
      (await closing?.catch(() => null))?.close();
    },
  };
}

function open(factory: IDBFactory, name: string, onLost: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, VERSION);
    let refused = false;
    request.onupgradeneeded = () => {
      for (const store of NAMES) {
        if (request.result.objectStoreNames.contains(store)) continue;
        const { keyPath, autoIncrement = false, indices = {} }: Layout = LAYOUT[store];
        const created = request.result.createObjectStore(store, { keyPath, autoIncrement });
        for (const [index, path] of Object.entries(indices)) {
          created.createIndex(index, path, { unique: index === "name" || index === "expiry" });
        }
      }
    };
    request.onblocked = () => {
      refused = true;
      reject(new Error(`Another tab keeps an older version of the database ${name} open: close it and try again.`));
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const connection = request.result;
      if (refused) return connection.close();
      // Another tab wants to upgrade or delete the database: never stand in its way.
      connection.onversionchange = () => {
        connection.close();
        onLost();
      };
      connection.onclose = onLost;
      resolve(connection);
    };
  });
}

/** Waits for one request. */
export function got<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The first value of a cursor, or nothing. */
export async function firstOf<Value>(request: IDBRequest<IDBCursorWithValue | null>): Promise<Value | undefined> {
  return (await got(request))?.value as Value | undefined;
}

/** Keys that start with `prefix`; numbers and texts sort before arrays. */
export function under(...prefix: (string | number)[]): IDBKeyRange {
  return range(prefix, [...prefix, []]);
}

export function range(lower: IDBValidKey, upper: IDBValidKey, lowerOpen = false, upperOpen = false): IDBKeyRange {
  return IDBKeyRange.bound(lower, upper, lowerOpen, upperOpen);
}
