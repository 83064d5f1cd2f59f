/** The public types of what runs in a page only. */

import { CouponPools } from "coupon-pools";
import { indexeddb } from "coupon-pools/stores/indexeddb";

export const pools = new CouponPools({ store: indexeddb({ name: "mine", factory: indexedDB }) });
