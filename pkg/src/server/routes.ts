/** The one table of routes: the handler serves it, the client calls it, the OpenAPI description lists it. */

/** One way to ask the server something. */
export interface Route {
  readonly method: "GET" | "POST" | "PATCH";
  /** Below the handler's base; `{handle}` is a pool's handle. */
  readonly path: string;
  /** Whether it changes anything: such requests are refused from pages of other origins. */
  readonly changes: boolean;
  /** What it does, for the description. */
  readonly about: string;
}

export const ROUTES = {
  about: { method: "GET", path: "/about", changes: false, about: "What pools stand on: the store's worth, the shops." },
  list: { method: "GET", path: "/pools", changes: false, about: "Pools by handle, a page at a time." },
  create: { method: "POST", path: "/pools", changes: true, about: "Makes a pool." },
  get: { method: "GET", path: "/pools/{handle}", changes: false, about: "One pool with its figures." },
  edit: { method: "PATCH", path: "/pools/{handle}", changes: true, about: "Changes a pool's settings." },
  archive: { method: "POST", path: "/pools/{handle}/archive", changes: true, about: "Archives a pool." },
  usage: { method: "GET", path: "/pools/{handle}/usage", changes: false, about: "A pool's draws by hour." },
  alerts: { method: "GET", path: "/pools/{handle}/alerts", changes: false, about: "Alerts that a pool has sent." },
  batches: { method: "GET", path: "/pools/{handle}/batches", changes: false, about: "A pool's uploads, newest first." },
  upload: {
    method: "POST",
    path: "/pools/{handle}/uploads",
    changes: true,
    about: "Uploads a file of codes, whole or not at all; with `dryRun` says what would happen.",
  },
  undo: { method: "POST", path: "/pools/{handle}/undo", changes: true, about: "Takes an upload back." },
  // A look-up changes nothing, but a person's address does not belong into a URL, where servers write it down.
  find: { method: "POST", path: "/pools/{handle}/find", changes: false, about: "Who has which code." },
  prepare: {
    method: "POST",
    path: "/pools/{handle}/prepare",
    changes: true,
    about: "Whether a pool holds enough codes for a send; a dynamic pool is filled first.",
  },
  preview: {
    method: "POST",
    path: "/preview",
    changes: false,
    about: "A template filled with samples; draws nothing.",
  },
  exportDraws: { method: "GET", path: "/pools/{handle}/draws.csv", changes: false, about: "Every draw, as CSV." },
  exportRemaining: {
    method: "GET",
    path: "/pools/{handle}/remaining.csv",
    changes: false,
    about: "Every code that nobody holds, as CSV. Refused unless the server allows it.",
  },
} as const satisfies Record<string, Route>;

/** What somebody may be allowed to do: the name of a route. */
export type Action = keyof typeof ROUTES;

/** As handles are checked in the core. */
export const HANDLE = "^[a-z0-9][a-z0-9_-]{0,63}$";

/** Most rows of one page. */
export const PAGE_ROWS = 1_000;
