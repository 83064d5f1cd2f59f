import type { Miniflare } from "miniflare";

export function bundle(folder: string, from?: string): Promise<void>;
export function start(options: {
  folder: string;
  store?: string;
  token?: string | undefined;
  data?: string | null;
  port?: number;
}): Promise<{ worker: Miniflare; url: string }>;
