/** The pools of a test page: in memory, with a shop that gives what it is asked for, filled by what the address says. */

import { CouponPools } from "coupon-pools/inline";
import { custom } from "coupon-pools/shops/custom";
import { memory } from "coupon-pools/stores/memory";

const DAY = 86_400_000;

/** How many days ago it is, for draws of the past. */
let daysAgo = 0;

export const pools = new CouponPools({
  store: memory(),
  clock: () => Date.now() - daysAgo * DAY,
  onAlert: () => undefined,
  shops: {
    stand: custom({
      exact: true,
      generate: async ({ suggested }) => suggested,
    }),
  },
});

const codes = (prefix: string, count: number) =>
  `code\n${Array.from({ length: count }, (_, index) => `${prefix}-${1000 + index}`).join("\n")}\n`;

/** Pools as a marketer has them: full, low, empty, expiring, fixed, dynamic, new. */
export async function fill(): Promise<void> {
  daysAgo = 6;
  await pools.create({ handle: "spring-sale", name: "Spring sale", kind: "static", lowStock: ["10%", 100] });
  await pools.upload("spring-sale", codes("SPR", 5_000), { fileName: "spring.csv" });
  await pools.create({ handle: "early-bird", name: "Early bird", kind: "static", lowStock: ["25%"] });
  await pools.upload("early-bird", codes("EB", 200), { fileName: "early.csv" });
  await pools.create({ handle: "free-gift", name: "Free gift", kind: "static", onEmpty: "omit" });
  await pools.upload("free-gift", codes("GIFT", 40), { fileName: "gifts.csv" });
  await pools.create({ handle: "flash", name: "Flash weekend", kind: "static", expiresAt: Date.now() + 3 * DAY });
  await pools.upload("flash", codes("FL", 900), { fileName: "flash.csv" });
  await pools.create({ handle: "welcome", name: "Welcome", kind: "fixed", fixedCode: "WELCOME10" });
  await pools.create({ handle: "vip", name: "VIP thanks", kind: "static" });
  await pools.create({
    handle: "birthday",
    name: "Birthday",
    kind: "dynamic",
    dynamic: { shop: "stand", rule: "1", pattern: { prefix: "BD-", length: 12 }, buffer: 500 },
  });
  await pools.create({ handle: "old", name: "Winter sale 2025", kind: "static" });
  await pools.archive("old");
  await pools.maintain();
  for (; daysAgo >= 0; daysAgo--) {
    const uses = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        message: `m${daysAgo}`,
        contact: `c${daysAgo}-${index}@example.com`,
      }));
    await pools.drawMany("spring-sale", uses(60 + ((daysAgo * 37) % 90)));
    await pools.drawMany("early-bird", uses(24));
    await pools.drawMany("free-gift", uses(7));
    await pools.drawMany("flash", uses(20));
    await pools.drawMany("birthday", uses(15));
  }
  daysAgo = 0;
  await pools.draw("spring-sale", { message: "spring-mail", contact: "ada@example.com" });
  failAt("birthday");
}

/** An alert such as a shop that is down leaves: a real one would be tried for a minute first. */
function failAt(failing: string): void {
  const alerts = pools.alerts.bind(pools);
  pools.alerts = async (handle) => {
    const told = await alerts(handle);
    if (handle !== failing) return told;
    const at = Date.now() - 3_600_000;
    const figures = { remaining: 395, added: 500, runsOutAt: null, expiresAt: null };
    const words = "the shop does not answer";
    const name = (await pools.get(handle)).name;
    return [
      {
        id: `${handle}/top-up/1`,
        type: "top-up-failing",
        pool: handle,
        name,
        rung: "top-up",
        ...figures,
        at,
        words,
        sentAt: at,
      },
      ...told,
    ];
  };
}

/** As many empty pools as are wanted, as rows that no store has to hold. */
export async function withMany(count: number): Promise<typeof pools> {
  await pools.create({ handle: "first", name: "First", kind: "static" });
  const row = await pools.get("first");
  const kinds = ["static", "static", "dynamic", "fixed"] as const;
  const rows = Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] as (typeof kinds)[number];
    const added = 1 + ((index * 7919) % 100_000);
    const remaining = kind === "static" ? (index * 104_729) % (added + 1) : null;
    const percentRemaining = remaining === null ? null : (100 * remaining) / added;
    const name = `${["Sale", "Été", "Gift", "Zürich", "Bonus"][index % 5]} ${index}`;
    const assigned = kind === "static" ? added - (remaining ?? 0) : index;
    return {
      ...row,
      handle: `pool-${index}`,
      name,
      kind,
      added,
      remaining,
      percentRemaining,
      assigned,
      lowStock: ["10%" as const],
    };
  });
  return new Proxy(pools, {
    get(target, name) {
      if (name === "list")
        return async ({ archived = false, cursor = null as string | null, limit = 100 }) => {
          const from = Number(cursor ?? 0);
          const page = archived ? [] : rows.slice(from, from + limit);
          return Object.assign(page, { next: !archived && from + limit < count ? String(from + limit) : null });
        };
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
