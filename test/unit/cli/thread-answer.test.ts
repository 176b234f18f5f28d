import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Answer, answer, answeredValue } from "../../../lib/cli/thread-answer";
import { parseDeployment, UserError } from "../../../lib/config";
import { ROOT, runCli } from "./run-cli";

/** What the other thread's answer is in this one. */
const sent = <T>(compute: () => T): T => answeredValue(structuredClone(answer(compute)));

describe("what another thread answers", function () {
  this.timeout(60_000);

  it("is its value, or its mistake of the user with the lines that a user reads", () => {
    assert.equal(
      sent(() => 3),
      3,
    );
    const mistake = { code: "asleep", where: "hosts.0", message: "is asleep", hint: "wake it" };
    const fail = () => {
      throw new UserError(mistake);
    };
    assert.throws(() => sent(fail), { ...mistake, line: "hosts.0: is asleep; wake it" });
    assert.throws(
      () => sent(() => parseDeployment({ slo: { decode: { p50Ms: 0 } } })),
      (error) =>
        error instanceof UserError && /^configuration: slo\.decode\.p50Ms: .*given 0$/.test(error.line),
    );
  });

  it("is the error itself where the mistake is shardplan's, with its stack", () => {
    const bug = new TypeError("no such thing");
    assert.throws(
      () =>
        answer(() => {
          throw bug;
        }),
      bug,
    );
  });

  it("comes so from a thread that tries machines", async () => {
    // A run of the command line makes the bundle.
    assert.equal(runCli(["models"]).status, 0);
    const deployment = parseDeployment({ model: { name: "Qwen/Qwen3-8B" } });
    const worker = new Worker(join(ROOT, "dist/shardplan.cjs"), {
      workerData: { deployment, configs: {} },
      execArgv: [],
    });
    const machines = { instanceType: "p5.unknown", nodes: 1, gpu: "H100", usdPerHour: 1 };
    worker.postMessage({ requestRate: 1, machines });
    const [given] = (await once(worker, "message")) as [Answer<unknown>];
    await worker.terminate();
    assert.throws(
      () => answeredValue(given),
      (error) => error instanceof UserError && /p5\.unknown/.test(error.line),
    );
  });
});
