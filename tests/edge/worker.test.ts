/** The edge worker as it is deployed, from the packed tarball, in workerd. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createClient } from "coupon-pools/client";
import { install, newFolder } from "../hosts/install.js";
import { failure, textOf } from "../js/workbench.js";

const TOKEN = "edge-test-token-of-32-characters-and-more";
type Local = typeof import("../../www/edge/local.mjs");
const { bundle, start } = (await import(new URL("../../www/edge/local.mjs", import.meta.url).href)) as Local;

const folder = newFolder();
before(async () => {
  await bundle(folder, await install());
});

const codes = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);

for (const store of ["d1", "durable-object"]) {
  describe(`the edge worker over ${store}`, () => {
    const data = newFolder();
    let edge: Awaited<ReturnType<Local["start"]>>;
    const again = async () => {
      edge = await start({ folder, store, token: TOKEN, data });
    };
    before(again);
    after(() => edge.worker.dispose());
    const host = () => createClient({ url: `${edge.url}/coupons`, headers: { Authorization: `Bearer ${TOKEN}` } });
    const send = (body: object, token = TOKEN) =>
      fetch(`${edge.url}/send`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    const mails = async (body: object) => {
      const response = await send(body);
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { contact: string; output?: string; error?: { code: string } });
    };

    it("serves screens: makes a pool, takes a file, undoes it, and tells what it stands on", async () => {
      await host().create({ handle: "spring", kind: "static", onEmpty: "stop", lowStock: [2_000] });
      const report = await host().upload("spring", new Blob([`code\n${codes("S", 2_000).join("\n")}`]), {
        fileName: "s.csv",
      });
      assert.equal(report.added, 2_000);
      const second = await host().upload("spring", "code\nT-1\n");
      assert.deepEqual(await host().undo("spring", second.batch as string), { removed: 1, kept: 0 });
      assert.equal((await host().get("spring")).remaining, 2_000);
      assert.equal((await host().about()).store.name, store);
    });

    it("sends a thousand mails, each with a code of its own, and the same ones again", async () => {
      const job = {
        template: 'Hi, {% coupon "spring" %}',
        mode: "text",
        message: "m1",
        contacts: codes("contact", 1_000),
      };
      const first = await mails(job);
      assert.deepEqual(
        first.map(({ contact }) => contact),
        job.contacts,
      );
      assert.equal(new Set(first.map(({ output }) => output)).size, 1_000);
      assert.ok(first.every(({ output }) => /^Hi, S-\d+$/.test(output ?? "")));
      assert.deepEqual(
        await mails(job),
        first.map((mail) => ({ ...mail, draws: repeated(mail) })),
      );
      assert.equal((await host().get("spring")).assigned, 1_000);
      assert.equal((await host().find("spring", { contact: "contact-7" })).length, 1);
    });

    it("says for each contact why there is no mail when the pool runs out", async () => {
      await mails({ template: '{% coupon "spring" %}', mode: "text", message: "m2", contacts: codes("contact", 999) });
      const last = await mails({
        template: '{% coupon "spring" %}',
        mode: "text",
        message: "m3",
        contacts: ["a", "b", "c"],
      });
      assert.deepEqual(
        last.map(({ error }) => error?.code),
        [undefined, "OUT_OF_CODES", "OUT_OF_CODES"],
      );
    });

    it("lets nobody in without the token, nor anybody where none is set", async () => {
      for (const token of ["", "wrong", `${TOKEN}x`]) {
        const stranger = createClient({ url: `${edge.url}/coupons`, headers: { Authorization: `Bearer ${token}` } });
        assert.equal((await failure(stranger.list())).code, "FORBIDDEN");
        assert.equal((await send({ template: "", message: "m", contacts: [] }, token)).status, 403);
      }
      for (const token of [undefined, "short"]) {
        const open = await start({ folder, store, token });
        try {
          const stranger = createClient({
            url: `${open.url}/coupons`,
            headers: { Authorization: `Bearer ${token ?? ""}` },
          });
          assert.equal((await failure(stranger.list())).code, "FORBIDDEN");
        } finally {
          await open.worker.dispose();
        }
      }
    });

    it("refuses sends that are none", async () => {
      const wrong: [object, number][] = [
        [{ template: "x", message: "m" }, 400],
        [{ template: "x", message: "m", contacts: codes("c", 1_001) }, 400],
        [{ message: "m", contacts: ["a"] }, 422],
        [{ template: '{% coupon "a" ', message: "m", contacts: ["a"] }, 422],
      ];
      for (const [body, status] of wrong)
        assert.equal((await send(body)).status, status, JSON.stringify(body).slice(0, 80));
      assert.equal((await failure(textOf(host().export("spring", "remaining")))).code, "FORBIDDEN");
    });

    it("says of what it refuses whose fault it is, and stores nothing of that either", async () => {
      const refusals: [object | null, number, string][] = [
        [null, 400, "CouponPoolsError"],
        [{ template: '{% coupon "a" ', message: "m", contacts: ["a"] }, 422, "TemplateError"],
        [{ template: "x", mode: {}, message: "m", contacts: ["a"] }, 422, "CouponPoolsError"],
      ];
      for (const [body, status, name] of refusals) {
        const response = await send(body as object);
        const { error } = (await response.json()) as { error: { class: string } };
        assert.deepEqual([response.status, error.class], [status, name]);
        assert.equal(response.headers.get("Cache-Control"), "no-store");
        assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
      }
    });

    it("says of a contact that is none what is wrong with it, and sends to the others", async () => {
      const lines = await mails({ template: "Hi", mode: "text", message: "m", contacts: [null, "a", 5, {}] });
      assert.deepEqual(
        lines.map(({ output, error }) => output ?? error?.code),
        ["INVALID_ARGUMENT", "Hi", "INVALID_ARGUMENT", "INVALID_ARGUMENT"],
      );
    });

    it("reads no more of a send than it takes, whatever it claims", async () => {
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (++sent > 90) controller.close();
          else controller.enqueue(new Uint8Array(1 << 20).fill(32));
        },
      });
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const response = await fetch(`${edge.url}/send`, {
        method: "POST",
        headers,
        body,
        duplex: "half",
      } as RequestInit);
      assert.equal(response.status, 413);
      await response.text();
      assert.ok(sent < 90, `${sent} MB were read`);
    });

    it("looks after its pools by its cron, and keeps everything when it is started again", async () => {
      const worker = await edge.worker.getWorker();
      const { outcome } = await worker.scheduled({ cron: "*/5 * * * *" });
      assert.equal(outcome, "ok");
      const types = (await host().alerts("spring")).map(({ type, sentAt }) => [type, sentAt !== null]);
      assert.deepEqual(types[0], ["out-of-codes", true]);
      await edge.worker.dispose();
      await again();
      assert.equal((await host().get("spring")).assigned, 2_000);
    });
  });
}

/** The draws of a mail, as a repeat tells them. */
function repeated(mail: object): object[] {
  return (mail as { draws: object[] }).draws.map((draw) => ({ ...draw, repeat: true }));
}
