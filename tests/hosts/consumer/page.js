/** The script of a page: what the test calls stands on `globalThis.host`. */

import { CouponPools } from "coupon-pools";
import { indexeddb } from "coupon-pools/stores/indexeddb";
import { uploadWorker } from "coupon-pools/worker";
import { drawAgain, makeDraw } from "./draw.js";

const pools = () => new CouponPools({ store: indexeddb() });

const ownWorker = () => new Worker("/upload-worker.js", { type: "module" });

globalThis.host = {
  makeDraw: () => makeDraw(pools()),
  drawAgain: () => drawAgain(pools()),
  upload: (sheets) => upload(sheets),
  uploadInWorker: (sheets) => upload(sheets, uploadWorker()),
  uploadInOwnWorker: (sheets) => upload(sheets, uploadWorker({ worker: ownWorker })),
};

/** What uploads of 30,000 codes and of these workbooks (in base64) come to: codes added by each, or the error's code. */
async function upload(sheets, uploads) {
  const pools = new CouponPools({ store: indexeddb(), ...(uploads && { uploads }) });
  const handle = `pool-${Math.random().toString(36).slice(2)}`;
  await pools.create({ handle, kind: "static" });
  const codes = Array.from({ length: 30_000 }, (_, index) => `W-${index}`).join("\n");
  const books = sheets.map((sheet) => Uint8Array.from(atob(sheet), (letter) => letter.charCodeAt(0)));
  const added = [];
  for (const contents of [codes, ...books]) {
    try {
      added.push((await pools.upload(handle, new File([contents], "codes"))).added);
    } catch (error) {
      added.push(error.code);
    }
  }
  return added;
}
