// Runs the edge worker on this machine, and prints how to ask it something. Its pools are kept in www/edge/.data.
//
//   STORE=durable-object PORT=8787 node www/edge/serve.mjs

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle, start } from "./local.mjs";

const data = fileURLToPath(new URL(".data/", import.meta.url));
mkdirSync(`${data}bundle`, { recursive: true });
if (!existsSync(`${data}token`)) writeFileSync(`${data}token`, randomBytes(24).toString("base64url"), { mode: 0o600 });
const token = readFileSync(`${data}token`, "utf8");

await bundle(`${data}bundle`);
const { worker, url } = await start({
  folder: `${data}bundle`,
  data,
  token,
  port: Number(process.env.PORT || 8787),
  ...(process.env.STORE && { store: process.env.STORE }),
});
console.log(`Coupon pools on the edge: ${url}/coupons

  curl -H 'Authorization: Bearer ${token}' ${url}/coupons/pools
  curl -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' \\
       -d '{"handle":"spring-sale","kind":"static"}' ${url}/coupons/pools
  curl -H 'Authorization: Bearer ${token}' --data-binary @www/samples/spring-sale.csv ${url}/coupons/pools/spring-sale/uploads
  curl -H 'Authorization: Bearer ${token}' \\
       -d '{"template":"Your code: {% coupon \\"spring-sale\\" %}","message":"m1","contacts":["ada@example.com"]}' ${url}/send
`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => worker.dispose().then(() => process.exit(0)));
