import assert from "node:assert/strict";
import {
  balancerConfig,
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
const MIXTURE = { model: { name: "mistralai/Mixtral-8x7B-Instruct-v0.1" } } as const;

describe("the servers of a plan", () => {
  it("are one for one replica, and one for replicas that share experts, over all hosts", () => {
    const alone = [{ index: 0, slot: 0, nodes: [0], replicas: 1 }];
    assert.deepEqual(engineServers(planOf()), alone);
    const mixture = planOf({ ...MIXTURE, strategy: { tensorParallel: 4, dataParallel: 2 } });
    assert.deepEqual(engineServers(mixture), [{ ...alone[0], replicas: 2 }]);
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

  it("listen on loopback beside the balancer, elsewhere on the address of the cluster", () => {
    const servers = engineServers(planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } }));
    assert.deepEqual(
      servers.map((server) => listenAddress(server, "10.0.0.7")),
      ["127.0.0.1", "10.0.0.7"],
    );
  });
});

describe("balancerConfig", () => {
  const plan = planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } });
  const text = balancerConfig(plan, ["127.0.0.1", "10.0.0.2"]);

  it("sends to the least busy server, on both hosts, and elsewhere what has not begun", () => {
    assert.match(text, /^\tbalance leastconn$/m);
    assert.match(text, /^\tserver server-0 127\.0\.0\.1:8000 check$/m);
    assert.match(text, /^\tserver server-1 10\.0\.0\.2:8000 check$/m);
    assert.match(text, /^\tretry-on conn-failure empty-response 500 503$/m);
  });

  it("asks one server no second time what it has refused", () => {
    assert.match(balancerConfig(planOf(), ["127.0.0.1"]), /^\tretry-on conn-failure empty-response$/m);
  });

  it("gives a check longer than a full server lets a request wait, so that an overload takes none out", () => {
    // Twice the target of 1 s, and room: three seconds, and never below five.
    assert.match(text, /^\ttimeout check 5s$/m);
    const patient = planOf({ slo: { firstToken: { p50Ms: 2000, p99Ms: 4000 } } });
    assert.match(balancerConfig(patient, ["127.0.0.1"]), /^\ttimeout check 12s$/m);
  });

  it("holds a prompt of the longest length in memory, or it could not be sent a second time", () => {
    const bytes = Number(/tune\.bufsize (\d+)/.exec(text)?.[1]);
    assert.ok(bytes >= 8 * plan.serving.maxModelLen, `${bytes} bytes`);
  });

  it("holds no key", () => {
    assert.match(text, /"Bearer \$\{SHARDPLAN_ENGINE_KEY\}"/);
    assert.match(text, /map_str\(\/etc\/shardplan\/balancer\/keys\.map\)/);
  });
});
