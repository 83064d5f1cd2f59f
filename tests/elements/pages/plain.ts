/** A plain page with any of the elements; its address says which, in what language, over which pools. */

import { createClient } from "coupon-pools/client";
import "coupon-pools/elements";
import { german } from "coupon-pools/elements/texts/german";
import { fill, pools, withMany } from "./host.js";

const wanted = new URLSearchParams(location.search);
const root = document.documentElement;
root.dir = wanted.get("dir") ?? "ltr";
root.lang = wanted.get("texts") === "german" ? "de" : "en";

const many = Number(wanted.get("pools") ?? 0);
const served = wanted.get("served");
const host =
  served !== null
    ? createClient({ url: "/coupons", headers: { "x-tenant": served } })
    : many > 0
      ? await withMany(many)
      : pools;
if (host === pools && !wanted.has("empty")) await fill();

const element = document.createElement(wanted.get("element") ?? "coupon-pools-dashboard") as HTMLElement &
  Record<string, unknown>;
if (wanted.get("texts") === "german") element.texts = german;
if (wanted.get("texts") === "own") element.texts = { list: { newPool: "Add an offer" } };
for (const name of ["pool", "value"]) if (wanted.has(name)) element[name] = wanted.get(name);
if (wanted.has("audience")) element.audience = Number(wanted.get("audience"));
if (element.localName === "coupon-pool-form") element.row = null;
element.host = host;

const told: unknown[] = [];
for (const type of ["pool-changed", "pool-opened", "pool-saved", "change"])
  document.addEventListener(type, (event) => told.push([type, (event as CustomEvent).detail ?? null]));
document.querySelector("form")?.append(element);
Object.assign(globalThis, { pools, told, element });
document.body.dataset.ready = "true";
