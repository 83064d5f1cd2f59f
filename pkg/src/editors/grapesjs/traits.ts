/** What a marketer sets: the traits of each kind of component. */

import type { TraitProperties } from "grapesjs";
import type { Kind, Settings } from "./content.js";
import type { Words } from "./words.js";

/** The trait type of the pool picker. */
export const POOL_TRAIT = "coupon-pool";

type Trait = Partial<TraitProperties> & { name: string };

/** The traits of a component. A date format that is not one of ours, as an imported mail may have, is kept to choose. */
export function traitsOf(kind: Kind, settings: Settings, words: Words): Trait[] {
  const set = (name: keyof Settings, rest: Partial<TraitProperties>): Trait => ({ name, changeProp: true, ...rest });
  const formats = ["long", "medium", "short"] as const;
  const options = formats.map((id) => ({ id: id as string, label: words(id) }));
  if (!options.some(({ id }) => id === settings.format)) options.push({ id: settings.format, label: settings.format });
  const dated = [
    set("format", { type: "select", label: words("format"), options }),
    set("locale", { type: "text", label: words("locale"), placeholder: "en-GB" }),
  ];
  const traits = [
    set("pool", { type: POOL_TRAIT, label: words("pool") }),
    set("slot", { type: "text", label: words("slot"), placeholder: words("slotHint") }),
  ];
  if (kind !== "expiry") {
    traits.push(set("fallback", { type: "text", label: words("fallback"), placeholder: words("fallbackHint") }));
  }
  if (kind === "block") {
    traits.push(set("expires", { type: "checkbox", label: words("expires") }));
    traits.push(set("line", { type: "text", label: words("line"), placeholder: "{date}" }));
  }
  if (kind !== "code") traits.push(...dated);
  traits.push(set("hide", { type: "checkbox", label: words("hide") }));
  return traits;
}
