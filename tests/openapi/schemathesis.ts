/**
 * Schemathesis against the handler: requests of every shape that the OpenAPI description allows, and many that it does not.
 * It holds every answer against the description. The same requests each time; more with EXAMPLES=….
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openapi } from "coupon-pools/server";
import { handlerOver, listening, TOKENS } from "../js/server/served.js";
import { Bench, codes } from "../js/workbench.js";

const EXAMPLES = process.env.EXAMPLES ?? "25";
const program = fileURLToPath(new URL("../../target/schemathesis/bin/schemathesis", import.meta.url));

const bench = Bench.inMemory();
for (const handle of ["a", "0", "00"]) await bench.pool(handle, codes(handle.toUpperCase(), 50));
await bench.pools.drawMany("a", [{ message: "m1", contact: "ada@example.com" }]);
const failures: unknown[] = [];
const handler = handlerOver(bench, {
  rate: false,
  onError: (error) => failures.push(error),
  // Whoever has not said who they are is asked to: the host's own answer.
  authorize: (request) => (request.headers.has("Authorization") ? authority(request) : unknown()),
});
const { url, close } = await listening(handler);
const folder = mkdtempSync(join(tmpdir(), "coupon-pools-openapi-"));
writeFileSync(join(folder, "openapi.json"), JSON.stringify(openapi({ url })));
writeFileSync(join(folder, "schemathesis.toml"), readConfig());
const args = ["--config-file", join(folder, "schemathesis.toml"), "run", join(folder, "openapi.json"), "--url", url];
const options = ["--max-examples", EXAMPLES, "--generation-deterministic"];
const authorized = ["--header", "Authorization: Bearer token-a"];
const child = spawn(program, [...args, ...options, ...authorized, "--no-color"], {
  cwd: folder,
  stdio: "inherit",
  timeout: 600_000,
});
const code = await new Promise<number>((resolve) => child.on("exit", (status) => resolve(status ?? 1)));
await close();
rmSync(folder, { recursive: true, force: true });
for (const failure of failures) console.error(failure);
process.exit(code === 0 && failures.length === 0 ? 0 : 1);

function authority(request: Request): string | undefined {
  return TOKENS[request.headers.get("Authorization")?.replace("Bearer ", "") ?? ""];
}

function unknown(): Response {
  const error = { code: "FORBIDDEN", class: "CouponPoolsError", message: "log in first", details: {} };
  return Response.json({ error }, { status: 401, headers: { "WWW-Authenticate": "Bearer" } });
}

/** Every check; what a valid request may be refused with besides: the pool is not there,
 * in another state, or the file is none; 400, because settings have rules across fields, and cursors are the server's own. */
function readConfig(): string {
  return `[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 404, 409, 413, 422, 502]
`;
}
