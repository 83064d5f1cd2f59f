import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plainScript, type RedisEngine, runScript } from "../../../pkg/src/stores/redis/engine.js";

const script = plainScript("return 1");

/** A server that gives these answers, one after the other; the last one for ever. */
function serverThat(...answers: (string | Error)[]) {
  const sent: string[] = [];
  const engine: RedisEngine = {
    send: async (_, [name = ""]) => {
      sent.push(name);
      const answer = answers[Math.min(sent.length, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    sendToAll: async () => [],
  };
  return { engine, sent };
}

describe("redis scripts", () => {
  it("a script that the server does not know is sent in full, once", async () => {
    const { engine, sent } = serverThat(new Error("NOSCRIPT No matching script."), "done");
    assert.equal(await runScript(engine, script, ["k"], []), "done");
    assert.deepEqual(sent, ["EVALSHA", "EVAL"]);
  });

  for (const refusal of [
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "LOADING Redis is loading the dataset in memory",
    "Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys request during rehashing of slot",
  ]) {
    it(`a script that was refused and not run is sent again: ${refusal.slice(0, 50)}`, async () => {
      const { engine, sent } = serverThat(new Error(refusal), new Error(refusal), "done");
      assert.equal(await runScript(engine, script, ["k"], []), "done");
      assert.deepEqual(sent, ["EVALSHA", "EVALSHA", "EVALSHA"]);
    });
  }

  it("a refusal that does not end reaches the caller", async () => {
    const refusal = new Error("TRYAGAIN");
    const { engine, sent } = serverThat(refusal);
    await assert.rejects(runScript(engine, script, ["k"], []), (error) => error === refusal);
    assert.ok(sent.length > 5);
  });

  it("any other error reaches the caller at once and untouched: the script may have run", async () => {
    const failure = new Error("Socket closed unexpectedly");
    const { engine, sent } = serverThat(failure);
    await assert.rejects(runScript(engine, script, ["k"], []), (error) => error === failure);
    assert.deepEqual(sent, ["EVALSHA"]);
  });
});
