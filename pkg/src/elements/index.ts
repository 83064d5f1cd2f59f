/**
 * `import "coupon-pools/elements"` defines the elements: `<coupon-pools-dashboard>`, `<coupon-pool-upload>`,
 * `<coupon-pool-picker>`, `<coupon-pool-form>`. Give each its pools: `element.host = pools`. Needs `lit` 3.
 */

import { CouponPoolsDashboard } from "./dashboard.js";
import { CouponPoolForm } from "./form.js";
import { CouponPoolPicker } from "./picker.js";
import { CouponPoolHolders } from "./pool-holders.js";
import { CouponPoolPage } from "./pool-page.js";
import { CouponPoolUpload } from "./upload.js";

export type { PoolsHost } from "../host.js";
export type { PoolChange } from "./dashboard.js";
export type { Count, SomeTexts, Texts } from "./texts/english.js";
export { english } from "./texts/english.js";
export { CouponPoolForm, CouponPoolPage, CouponPoolPicker, CouponPoolsDashboard, CouponPoolUpload };

const ELEMENTS = {
  "coupon-pools-dashboard": CouponPoolsDashboard,
  "coupon-pool-upload": CouponPoolUpload,
  "coupon-pool-picker": CouponPoolPicker,
  "coupon-pool-form": CouponPoolForm,
  "coupon-pool-page": CouponPoolPage,
  "coupon-pool-holders": CouponPoolHolders,
};

// A second copy of the package in one page leaves the first one's elements alone.
for (const [name, element] of Object.entries(ELEMENTS))
  if (customElements.get(name) === undefined) customElements.define(name, element);

declare global {
  interface HTMLElementTagNameMap {
    "coupon-pools-dashboard": CouponPoolsDashboard;
    "coupon-pool-upload": CouponPoolUpload;
    "coupon-pool-picker": CouponPoolPicker;
    "coupon-pool-form": CouponPoolForm;
    "coupon-pool-page": CouponPoolPage;
    "coupon-pool-holders": CouponPoolHolders;
  }
}
