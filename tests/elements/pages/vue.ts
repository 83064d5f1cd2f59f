/** The dashboard and the picker in Vue, as its users write them. */

import "coupon-pools/elements";
import { createApp, h, ref } from "vue";
import { fill, pools } from "./host.js";

await fill();

const app = createApp({
  setup() {
    const changes = ref<string[]>([]);
    const chosen = ref("spring-sale");
    const changed = ({ detail }: CustomEvent<{ handle: string; what: string }>) =>
      changes.value.push(`${detail.handle} ${detail.what}`);
    const choose = (event: Event) => {
      chosen.value = (event.target as HTMLInputElement).value;
    };
    return () =>
      h("main", [
        h("coupon-pools-dashboard", { ".host": pools, "onPool-changed": changed }),
        h("coupon-pool-picker", { ".host": pools, ".value": chosen.value, onChange: choose }),
        h("output", { id: "changes" }, changes.value.join(", ")),
        h("output", { id: "chosen" }, chosen.value),
      ]);
  },
});
app.mount("form");
document.body.dataset.ready = "true";
