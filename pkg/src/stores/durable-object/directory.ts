/**
 * A tenant's directory: which pools there are, in an object of its own. It is told of a save before and after, so a
 * pool that exists is always in it, and it knows whether it knows: where `revision` is behind `announced`, a save is
 * under way or was lost, and the pool itself must be asked whether it is archived.
 */
import { first, type SqlEngine } from "../sql/engine.js";

const TABLE = `CREATE TABLE IF NOT EXISTS coupon_directory (
    handle TEXT PRIMARY KEY,
    announced INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID`;

export interface Directory {
  /** A save of this revision is about to be tried. */
  announce(request: { handle: string; revision: number }): void;
  /** What a pool was seen to be at this revision. */
  note(request: { handle: string; revision: number; archived: boolean }): void;
  /** Handles after `after`, ascending, of pools that are archived (or not), and of those that may be. */
  handles(request: { archived: boolean; after: string; limit: number }): string[];
}

export function directoryOn(engine: SqlEngine): Directory {
  return {
    announce({ handle, revision }) {
      engine.run(TABLE);
      engine.run(
        `INSERT INTO coupon_directory (handle, announced) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET announced = max(announced, ?2)`,
        handle,
        revision,
      );
    },
    note({ handle, revision, archived }) {
      engine.run(
        "UPDATE coupon_directory SET revision = ?1, archived = ?2 WHERE handle = ?3 AND revision <= ?1",
        revision,
        archived ? 1 : 0,
        handle,
      );
    },
    handles({ archived, after, limit }) {
      // Where nobody has announced anything there is no table, and none is made by looking.
      if (!first(engine, "SELECT 1 FROM sqlite_master WHERE name = 'coupon_directory'")) return [];
      return engine
        .all<{ handle: string }>(
          `SELECT handle FROM coupon_directory
           WHERE handle > ? AND (archived = ? OR revision < announced) ORDER BY handle LIMIT ?`,
          after,
          archived ? 1 : 0,
          limit,
        )
        .map(({ handle }) => handle);
    },
  };
}
