const { CouponPools } = require("coupon-pools");
const { memory } = require("coupon-pools/stores/memory");
const { makeDraw } = require("./draw.js");

makeDraw(new CouponPools({ store: memory() })).then((drawn) => console.log(JSON.stringify(drawn)));
