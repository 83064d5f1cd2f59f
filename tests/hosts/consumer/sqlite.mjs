import { CouponPools } from "coupon-pools";
import { sqlite } from "coupon-pools/stores/sqlite";
import { drawAgain, makeDraw } from "./draw.js";

const [file, again] = process.argv.slice(2);
const store = sqlite(file);
(again ? drawAgain : makeDraw)(new CouponPools({ store }))
  .then((drawn) => console.log(JSON.stringify(drawn)))
  .finally(() => store.close());
