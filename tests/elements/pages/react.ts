/** The dashboard and the picker in React, as its users write them. */

import "coupon-pools/elements";
import { createElement, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { fill, pools } from "./host.js";

await fill();

function App() {
  const [changes, setChanges] = useState<string[]>([]);
  const [chosen, setChosen] = useState("spring-sale");
  const changed = (event: CustomEvent<{ handle: string; what: string }>) =>
    setChanges((before) => [...before, `${event.detail.handle} ${event.detail.what}`]);
  return createElement(
    "main",
    null,
    createElement("coupon-pools-dashboard", { host: pools, "onpool-changed": changed }),
    createElement("coupon-pool-picker", {
      host: pools,
      value: chosen,
      onChange: (event: Event) => setChosen((event.target as HTMLInputElement).value),
    }),
    createElement("output", { id: "changes" }, changes.join(", ")),
    createElement("output", { id: "chosen" }, chosen),
  );
}

const place = document.querySelector("form");
if (place === null) throw new Error("the page has no place for the app");
createRoot(place).render(createElement(StrictMode, null, createElement(App)));
document.body.dataset.ready = "true";
