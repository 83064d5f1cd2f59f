/** The client alone: what it refuses to send, and what it says of answers that are none. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { failure } from "../workbench.js";
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
