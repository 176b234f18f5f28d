import assert from "node:assert/strict";
import {
  engineServers,
  listenAddress,
  rayHeadCommand,
  rayHeadUnit,
  serverUnits,
  serviceEnvironment,
  vllmUnit,
} from "../../../lib/serving";
import { planOf } from "./plan-fixture";

const ADDRESSES = { head: "10.0.0.1", node: "10.0.0.1", networkInterface: "eth0" };
const MIXTURE = {
  model: { name: "mistralai/Mixtral-8x7B-Instruct-v0.1" },
  serving: { oneEngine: true },
} as const;

describe("the servers of a plan", () => {
  it("are one for one replica, and one for replicas that share experts, over all hosts", () => {
    const alone = [{ index: 0, slot: 0, nodes: [0], replicas: 1 }];
    assert.deepEqual(engineServers(planOf()), alone);
    const mixture = planOf({ ...MIXTURE, strategy: { tensorParallel: 4, dataParallel: 2 } });
    assert.deepEqual(engineServers(mixture), [{ ...alone[0], replicas: 2 }]);
    const whole = { tensorParallel: 4, dataParallel: 2, expertParallel: 8 };
    assert.equal(engineServers(planOf({ model: MIXTURE.model, strategy: whole })).length, 1);
    const spread = planOf({ hardware: { nodes: 2 }, strategy: { pipelineParallel: 2 } });
    assert.deepEqual(engineServers(spread), [{ ...alone[0], nodes: [0, 1] }]);
  });

  it("have GPUs of their own where they share a host, and hosts of their own where they fill one", () => {
    const shared = engineServers(planOf({ strategy: { tensorParallel: 4, dataParallel: 2 } }));
    assert.deepEqual(
      shared.map(({ nodes, slot, gpus }) => ({ nodes, slot, gpus })),
      [
        { nodes: [0], slot: 0, gpus: [0, 1, 2, 3] },
        { nodes: [0], slot: 1, gpus: [4, 5, 6, 7] },
      ],
    );
    const whole = engineServers(planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } }));
    assert.deepEqual(
      whole.map(({ nodes, slot, gpus }) => ({ nodes, slot, gpus })),
      [
        { nodes: [0], slot: 0, gpus: undefined },
        { nodes: [1], slot: 0, gpus: undefined },
      ],
    );
  });

  it("are one for each replica of a mixture that is not spread, each with all experts", () => {
    const strategy = { tensorParallel: 4, dataParallel: 2 };
    const apart = planOf({ model: MIXTURE.model, strategy });
    assert.equal(engineServers(apart).length, 2);
    const shared = planOf({ ...MIXTURE, strategy });
    const ratio = apart.memoryPerGpu.weightsBytes / shared.memoryPerGpu.weightsBytes;
    assert.ok(ratio > 1.9 && ratio < 2, `${ratio} times the weights: experts are all but a few per cent`);
    assert.equal(
      apart.memoryPerGpu.weightsBytes,
      planOf({ model: MIXTURE.model, strategy: { tensorParallel: 4 } }).memoryPerGpu.weightsBytes,
    );
  });

  it("hold together exactly the GPUs that the plan divides the model over, none twice", () => {
    for (const strategy of [
      { tensorParallel: 4, dataParallel: 4 },
      { tensorParallel: 4, pipelineParallel: 2, dataParallel: 2 },
      { dataParallel: 2 },
    ]) {
      const plan = planOf({ hardware: { nodes: 2 }, strategy });
      const servers = engineServers(plan);
      const held = plan.moduleDivision.map(({ gpu, node, replica }) => {
        const { nodes, gpus } = servers[replica] ?? { nodes: [] };
        assert.ok(nodes.includes(node), `replica ${replica} is on host ${node}`);
        assert.ok(gpus === undefined || gpus.includes(gpu % 8), `replica ${replica} has GPU ${gpu % 8}`);
        return gpu;
      });
      assert.equal(new Set(held).size, 16);
      const places = servers.flatMap(({ nodes, gpus = [0] }) => gpus.map((gpu) => `${nodes[0]}/${gpu}`));
      assert.equal(new Set(places).size, places.length);
    }
  });

  it("are told apart by their units, ports, GPUs and Ray; the first on a host has the plain names", () => {
    const plan = planOf({ strategy: { tensorParallel: 4, dataParallel: 2 } });
    const [first, second] = engineServers(plan);
    assert.ok(first && second, "two servers");
    assert.equal(serverUnits(first).vllm, "shardplan-vllm.service");
    assert.equal(serverUnits(second).vllm, "shardplan-vllm@1.service");
    assert.match(vllmUnit(plan, ADDRESSES, second), /^PartOf=shardplan-ray-head@1\.service$/m);
    assert.equal(serviceEnvironment(plan, ADDRESSES, second).CUDA_VISIBLE_DEVICES, "4,5,6,7");
    assert.equal(serviceEnvironment(plan, ADDRESSES, second).RAY_ADDRESS, "10.0.0.1:6380");
    assert.match(rayHeadUnit(plan, ADDRESSES, second), /CUDA_VISIBLE_DEVICES=4,5,6,7/);
    const ray = rayHeadCommand(plan, ADDRESSES, second);
    for (const word of ["--port=6380", "--num-gpus=4", "--temp-dir=/var/lib/shardplan/ray@1"])
      assert.ok(ray.includes(word), ray.join(" "));
  });

  it("listen on loopback beside the only gateway, elsewhere on the address of the cluster", () => {
    const addresses = (gateway: { on?: "first" | "all" }) => {
      const plan = planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 }, gateway });
      return engineServers(plan).map((server) => listenAddress(plan, server, "10.0.0.7"));
    };
    assert.deepEqual(addresses({}), ["127.0.0.1", "10.0.0.7"]);
    assert.deepEqual(addresses({ on: "all" }), ["10.0.0.7", "10.0.0.7"]);
  });
});
