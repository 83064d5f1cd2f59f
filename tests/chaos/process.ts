/** One process of the chaos: opens its store, and sends until it is told to end, or is killed. */
import { CouponPools } from "coupon-pools";
import { seeded } from "../../pkg/src/testing/random.js";
import { Log } from "./log.js";
import { openStore, type Place } from "./places.js";
import { Sender } from "./sender.js";

/** What a process is told at its start, as JSON in its one argument. */
export interface ProcessOrders {
  place: Place;
  log: string;
  name: string;
  life: number;
  seed: number;
  /** When the clock of all processes began, in real milliseconds, and how many times as fast it runs. */
  began: number;
  speed: number;
  drawsAtOnce: number;
  uploadCodes: number;
  contacts: number;
}

/** What it says: how many codes it has newly drawn since it last said so. */
export type ProcessNews = { drawn: number };

const orders = JSON.parse(process.argv[2] as string) as ProcessOrders;
const clock = () => Math.round(orders.began + (Date.now() - orders.began) * orders.speed);

let sender: Sender | null = null;
let ending = false;
process.on("message", () => {
  ending = true;
  if (sender) sender.ending = true;
});
// Whoever started this is gone: so is the reason to go on.
process.on("disconnect", () => process.exit(0));

const { store, close } = await opened();
const log = new Log(orders.log);
sender = new Sender({
  ...orders,
  pools: new CouponPools({ store, clock }),
  log,
  random: seeded(orders.seed),
  clock,
  onDrawn: (drawn) => void process.send?.({ drawn } satisfies ProcessNews),
});
sender.ending = ending;
await sender.work();
log.close();
await close();
process.exit(0);

/** The server may be away at this moment. */
async function opened() {
  for (;;) {
    try {
      return await openStore(orders.place);
    } catch (error) {
      if (ending) process.exit(0);
      if (orders.place.engine === "sqlite" && !/locked|busy/i.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
