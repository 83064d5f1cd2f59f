import { CouponPools } from "coupon-pools";
import { memory } from "coupon-pools/stores/memory";
import { makeDraw } from "./draw.js";

makeDraw(new CouponPools({ store: memory() })).then((drawn) => console.log(JSON.stringify(drawn)));
