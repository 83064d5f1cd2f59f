/** The client alone: what it refuses to send, and what it says of answers that are none. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CouponPoolsError, type PoolsHost } from "coupon-pools";
import { createClient } from "coupon-pools/client";
import { failure, textOf } from "../workbench.js";
import { onEveryHost } from "./served.js";

onEveryHost("an argument that is none", (open) => {
  it("is refused, and never taken for null", async () => {
    const { host } = await open();
    const expiresAt = new Date("2030-01-01T00:00:00Z");
    await host.create({ handle: "a", kind: "static", expiresAt });
    const none = new Date("nonsense");
    const calls = {
      edit: host.edit("a", { expiresAt: none }),
      create: host.create({ handle: "b", kind: "static", expiresAt: none }),
      upload: host.upload("a", "code\nX\n", { expiresAt: none }),
      number: host.edit("a", { minValidity: Number.NaN }),
    };
    for (const [name, call] of Object.entries(calls)) {
      assert.equal((await failure(call, name)).code, "INVALID_ARGUMENT", name);
    }
    assert.deepEqual([(await host.get("a")).expiresAt, (await host.list()).length], [expiresAt.getTime(), 1]);
  });
});

onEveryHost("a source that throws", (open) => {
  it("is the host's failure, with its own error, and leaves nothing behind", async () => {
    const { host } = await open();
    await host.create({ handle: "a", kind: "static" });
    const own = new Error("the disk is gone");
    const source = (async function* () {
      yield new TextEncoder().encode("code\nHALF-1\n");
      throw own;
    })();
    const error = await failure(host.upload("a", source));
    assert.deepEqual([error.code, error.cause], ["HOST_FAILED", own]);
    assert.equal((await host.get("a")).added, 0);
  });
});

describe("an answer that is none of a handler's", () => {
  const broken = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"progress":{"rows":1,"bytes":1}}\n')),
      pull: (controller) => controller.error(new TypeError("terminated")),
    });
  const calls: Record<string, (host: PoolsHost) => Promise<unknown>> = {
    about: (host) => host.about(),
    list: (host) => host.list(),
    get: (host) => host.get("a"),
    batches: (host) => host.batches("a"),
    find: (host) => host.find("a", { code: "A" }),
    upload: (host) => host.upload("a", "code\nA\n"),
  };
  const answers: Record<string, () => Response> = {
    "of HTML": () => new Response("<!doctype html>\n<html>\n</html>\n"),
    "of null": () => new Response("null\n"),
    "of a number": () => new Response("5\n"),
    "of nothing": () => new Response(null, { status: 204 }),
    "that breaks off": () => new Response(broken()),
  };
  for (const [what, answer] of Object.entries(answers)) {
    it(`${what} is SERVER_ANSWER, with the cause`, async () => {
      const host = createClient({ url: "https://pools.example", fetch: async () => answer() });
      for (const [name, call] of Object.entries(calls)) {
        const error = await failure(call(host), name);
        assert.ok(error instanceof CouponPoolsError, `${name}: ${error}`);
        assert.equal(error.code, "SERVER_ANSWER", name);
        assert.ok(error.cause instanceof Error, name);
      }
    });
  }

  it("of another shape is SERVER_ANSWER, too", async () => {
    const host = (text: string | null) =>
      createClient({ url: "https://pools.example", fetch: async () => new Response(text) });
    for (const page of ["{}", '{"rows":{}}', '{"rows":null}']) {
      assert.equal((await failure(host(page).list(), page)).code, "SERVER_ANSWER");
    }
    for (const lines of ['{"report":null}\n', "{}\n", '{"error":1}\n', '{"report":{}}']) {
      assert.equal((await failure(host(lines).upload("a", "A"), lines)).code, "SERVER_ANSWER", lines);
    }
    assert.equal((await failure(textOf(host(null).export("a", "draws")))).code, "SERVER_ANSWER");
  });

  it("is not asked for with a figure that JSON has no word for", async () => {
    const host = createClient({ url: "https://pools.example", fetch: () => assert.fail("it was sent") });
    for (const minValidity of [5n, Number.NaN, Number.POSITIVE_INFINITY] as number[]) {
      assert.equal((await failure(host.edit("a", { minValidity }))).code, "INVALID_ARGUMENT", String(minValidity));
    }
  });
});
