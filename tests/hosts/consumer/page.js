/** The script of a page: what the test calls stands on `globalThis.host`. */

import { CouponPools } from "coupon-pools";
import { indexeddb } from "coupon-pools/stores/indexeddb";
import { drawAgain, makeDraw } from "./draw.js";

const pools = () => new CouponPools({ store: indexeddb() });

globalThis.host = {
  makeDraw: () => makeDraw(pools()),
  drawAgain: () => drawAgain(pools()),
};
