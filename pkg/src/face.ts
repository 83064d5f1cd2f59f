/** The public face, the same in every host. */

export * from "./errors.js";
export type { PoolsEvent } from "./events.js";
export type { PoolsHost } from "./host.js";
export type { MarkName, MarkOptions, Marks } from "./marks.js";
export type * from "./options.js";
export type { Maintained, PageOf, RenderContact, RenderManyOptions, RenderResult } from "./pools.js";
export type * from "./shops/shop.js";
export type { UploadSource } from "./source.js";
export type * from "./store.js";
export type { CompiledTemplate } from "./template.js";
