/** The script of a page: what the test calls stands on `globalThis.host`. */

import { CouponPools } from "coupon-pools";
import { indexeddb } from "coupon-pools/stores/indexeddb";
import { uploadWorker } from "coupon-pools/worker";
import { drawAgain, makeDraw } from "./draw.js";

const pools = () => new CouponPools({ store: indexeddb() });

globalThis.host = {
  makeDraw: () => makeDraw(pools()),
  drawAgain: () => drawAgain(pools()),
  uploadInWorker: () => uploadIn(uploadWorker()),
  uploadInOwnWorker: () =>
    uploadIn(uploadWorker({ worker: () => new Worker("/upload-worker.js", { type: "module" }) })),
};

/** What an upload of 30,000 codes comes to: how many were added, or the error's code. */
async function uploadIn(uploads) {
  const pools = new CouponPools({ store: indexeddb(), uploads });
  const handle = `pool-${Date.now()}`;
  await pools.create({ handle, kind: "static" });
  const codes = Array.from({ length: 30_000 }, (_, index) => `W-${index}`);
  try {
    return (await pools.upload(handle, new File([codes.join("\n")], "codes.csv"))).added;
  } catch (error) {
    return error.code;
  }
}
