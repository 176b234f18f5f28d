import assert from "node:assert/strict";
import { parseDeployment } from "../../../../lib/config";
import {
  type Recommendation,
  readSituation,
  recommend,
  type Trial,
  tryMachines,
} from "../../../../lib/strategy";
import { type Machines, possibleMachines } from "../../../../lib/strategy/what-if/recommend";

const deployment = parseDeployment({
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  workload: { requestRate: 1, simulatedRequests: 100 },
});
const situation = readSituation(deployment);

/** A world in which machines pass from a number of GPUs on, each GPU as fast as its name is short. */
function pretend(passes: (machines: Machines) => boolean) {
  const tried: Machines[] = [];
  const tries = async (machines: Machines): Promise<Trial> => {
    tried.push(machines);
    if (!passes(machines)) return { isPlanned: true };
    const made = { ...machines, requestMs: machines.gpu.length } as Recommendation;
    return { isPlanned: true, recommendation: made };
  };
  return { tried, tries };
}

describe("recommended machines", function () {
  this.timeout(60_000);

  it("are the cheapest that pass: everything cheaper that may pass was tried, in the order of its price", async () => {
    const { tried, tries } = pretend(({ nodes }) => nodes === 3);
    const { recommendations } = await recommend({ situation, tries });
    const [best] = recommendations;
    assert.ok(best, "nothing found");
    const all = possibleMachines(situation, {});
    assert.equal(
      best.usdPerHour,
      Math.min(...all.filter(({ nodes }) => nodes === 3).map((each) => each.usdPerHour)),
    );
    const names = new Set(tried.map(({ instanceType, nodes }) => `${nodes} ${instanceType}`));
    for (const { instanceType, nodes, usdPerHour } of all.filter((each) => each.usdPerHour < best.usdPerHour))
      assert.ok(
        names.has(`${nodes} ${instanceType}`),
        `${nodes} x ${instanceType} at ${usdPerHour} was not tried`,
      );
  });
  it("name the GPUs that were left while dearer machines of theirs may pass", async () => {
    const { tried, tries } = pretend(({ gpu, nodes }) => gpu === "L40S-48GB" || nodes === 16);
    const { recommendations, unsettledGpus } = await recommend({ situation, tries });
    const shown = recommendations.map(({ gpu }) => gpu);
    assert.ok(unsettledGpus.length > 0, "every GPU is settled");
    for (const gpu of unsettledGpus) {
      assert.ok(!shown.includes(gpu), `${gpu} is recommended, too`);
      const cheapest = recommendations[0]?.usdPerHour ?? 0;
      assert.equal(tried.filter((each) => each.gpu === gpu && each.usdPerHour > cheapest).length, 2, gpu);
    }
    const whole = await recommend({ situation, tries: pretend(() => true).tries });
    assert.deepEqual(whole.unsettledGpus, []);
  });
  it("are one of a GPU, and marked where nothing cheaper is faster", async () => {
    const { tries } = pretend(() => true);
    const { recommendations } = await recommend({ situation, tries, lanes: 2 });
    const gpus = recommendations.map(({ gpu }) => gpu);
    assert.equal(new Set(gpus).size, gpus.length);
    for (const [at, { isOnFront, requestMs }] of recommendations.entries()) {
      const cheaper = recommendations.slice(0, at).map((each) => each.requestMs);
      assert.equal(
        isOnFront,
        cheaper.every((ms) => ms >= requestMs),
        gpus[at],
      );
    }
  });
  it("are the same however many machines are tried at once, and whichever trial ends first", async () => {
    const { tries } = pretend(({ nodes, gpu }) => nodes >= gpu.length % 5);
    const alone = await recommend({ situation, tries });
    for (const lanes of [2, 3]) {
      const late = async (machines: Machines): Promise<Trial> => {
        await new Promise((resolve) => setTimeout(resolve, machines.gpu.length % 3));
        return tries(machines);
      };
      assert.deepEqual(await recommend({ situation, tries: late, lanes }), alone);
    }
  });
  it("take prices that are given, and leave out what no price is known of", () => {
    const spot = possibleMachines(situation, { "p5e.48xlarge": 1 });
    assert.equal(spot.find(({ instanceType }) => instanceType === "p5e.48xlarge")?.usdPerHour, 1);
    assert.ok(
      !possibleMachines(situation, {}).some(({ instanceType }) => instanceType === "p5e.48xlarge"),
      "no price",
    );
  });
  it("are none where no rate passes", async () => {
    const { tries } = pretend(() => false);
    assert.deepEqual((await recommend({ situation, tries })).recommendations, []);
  });
  it("are tried alike, whatever was tried before them", () => {
    const all = possibleMachines(situation, {}).filter(
      ({ instanceType, nodes }) =>
        nodes <= 2 && /^(g6e\.xlarge|g6e\.12xlarge|g6\.12xlarge|g5\.xlarge)$/.test(instanceType),
    );
    assert.ok(all.length >= 6, `${all.length} machines`);
    for (const machines of all)
      assert.deepEqual(
        tryMachines(situation, machines),
        tryMachines(readSituation(deployment), machines),
        `${machines.nodes} x ${machines.instanceType}`,
      );
  });
});
