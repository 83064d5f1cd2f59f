/** The public types as a Worker uses them; compiled, never run. */

import { CouponPools, type Store } from "coupon-pools";
import { d1, d1Migrations } from "coupon-pools/stores/d1";
import { CouponPoolObject, durableObject } from "coupon-pools/stores/durable-object";

export { CouponPoolObject };

/** A class of one's own, where one is wanted. */
export class LoudObject extends CouponPoolObject {
  override async alarm(): Promise<void> {
    await super.alarm();
    console.log("swept", this.ctx.id.toString());
  }
}

interface Env {
  DB: D1Database;
  COUPON_POOLS: DurableObjectNamespace<CouponPoolObject>;
  LOUD: DurableObjectNamespace<LoudObject>;
  ANY: DurableObjectNamespace;
}

export default {
  async fetch(_request, env): Promise<Response> {
    const stores: Store[] = [
      d1(env.DB),
      d1(env.DB.withSession("first-primary")),
      durableObject(env.COUPON_POOLS),
      durableObject(env.COUPON_POOLS.jurisdiction("eu")),
      durableObject(env.LOUD),
    ];
    const pools = new CouponPools({ store: stores[0] as Store });
    const { code } = await pools.draw("spring-sale", { message: "m", contact: "c" });
    // @ts-expect-error: not a namespace of pools
    durableObject(env.DB);
    return new Response(
      `${code} ${
        d1Migrations()
          .map(({ sql }) => sql)
          .join().length
      }`,
    );
  },
} satisfies ExportedHandler<Env>;
