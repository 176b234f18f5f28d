import assert from "node:assert/strict";
import {
  basePackages,
  deploymentCommands,
  gatewayUnit,
  hostPaths,
  LOCKS,
  rayHeadCommand,
  rayHeadUnit,
  rayWorkerCommand,
  rayWorkerUnit,
  serviceEnvironment,
  systemdUnit,
  vllmUnit,
  weightsUnit,
} from "../../../lib/serving";
import { planOf } from "./plan-fixture";

const ADDRESSES = { head: "10.0.0.1", node: "10.0.0.2", networkInterface: "eth0" };

describe("Ray's commands", () => {
  const plan = planOf({ hardware: { nodes: 2 }, strategy: { dataParallel: 2 } });

  it("start the head and the workers as the reference document has it", () => {
    // The document: `ray start --head --port=6379` and `--address=<head_ip>:6379 --num-gpus=8`.
    assert.deepEqual(rayHeadCommand(plan).slice(0, 4), ["ray", "start", "--head", "--port=6379"]);
    const worker = rayWorkerCommand(plan);
    assert.ok(worker.includes("--address=<head_ip>:6379"), `worker: ${JSON.stringify(worker)}`);
    assert.ok(worker.includes("--num-gpus=8"), `worker: ${JSON.stringify(worker)}`);
  });

  it("name the node's address, because with several network cards Ray guesses", () => {
    assert.ok(
      rayWorkerCommand(plan, ADDRESSES).includes("--node-ip-address=10.0.0.2"),
      'not so: rayWorkerCommand(plan, ADDRESSES).includes("--node-ip-address=10.0.0.2")',
    );
  });

  it("leave the dashboard off: its job interface runs code for whoever reaches it", () => {
    assert.ok(
      rayHeadCommand(plan).includes("--include-dashboard=false"),
      'not so: rayHeadCommand(plan).includes("--include-dashboard=false")',
    );
  });
});

describe("deploymentCommands", () => {
  it("are the commands of the units, word for word", () => {
    const plan = planOf();
    const { vllm, rayHead } = deploymentCommands(plan, ADDRESSES);
    const bin = `${hostPaths(plan).pythonEnvironment}/bin/`;
    assert.ok(
      vllmUnit(plan, ADDRESSES).includes(`ExecStart=${bin}${vllm}\n`),
      "the unit starts vLLM with the plan's command",
    );
    assert.ok(
      rayHeadUnit(plan, ADDRESSES).includes(`ExecStart=${bin}${rayHead}\n`),
      "the unit starts Ray with the plan's command",
    );
  });

  it("name no worker on one node, and no Ray at all with multiprocessing", () => {
    assert.equal(deploymentCommands(planOf()).rayWorker, undefined);
    assert.equal(deploymentCommands(planOf({ serving: { executor: "mp" } })).rayHead, undefined);
  });

  it("ask the reference document's verification prompt", () => {
    const { verification } = deploymentCommands(planOf());
    for (const part of ["Hello, how are you?", '"temperature":0.7', '"max_tokens":100'])
      assert.ok(verification.includes(part), `verification: ${verification}`);
  });
});

describe("basePackages", () => {
  it("bring what makes Python environments, unless none is made", () => {
    const serving = { packageSource: "preinstalled", packageLocation: "/opt/vllm" } as const;
    const bucket = { source: "bucket", location: "s3://weights/llama" } as const;
    assert.ok(
      basePackages(planOf()).includes("python3-venv"),
      'not so: basePackages(planOf()).includes("python3-venv")',
    );
    assert.ok(
      !basePackages(planOf({ serving })).includes("python3-venv"),
      'not so: !basePackages(planOf({ serving })).includes("python3-venv")',
    );
    // The copy from a bucket makes one for AWS's command line.
    assert.ok(
      basePackages(planOf({ serving, model: bucket })).includes("python3-venv"),
      'not so: basePackages(planOf({ serving, model: bucket })).includes("python3-venv")',
    );
  });
});

describe("units", () => {
  const plan = planOf();

  it("restart whenever they end and without limit, because vLLM exits with 0 when its engine dies", () => {
    for (const text of [vllmUnit(plan, ADDRESSES), rayWorkerUnit(plan, ADDRESSES), gatewayUnit(plan)]) {
      assert.match(text, /^Restart=always$/m);
      assert.match(text, /^StartLimitIntervalSec=0$/m);
      assert.match(text, /^TimeoutStartSec=infinity$/m);
    }
  });

  it("run as users of their own", () => {
    assert.match(vllmUnit(plan, ADDRESSES), /^User=shardplan$/m);
    assert.match(gatewayUnit(plan), /^User=shardplan-gateway$/m);
  });

  it("hold no secret: those come from files that only root reads", () => {
    assert.match(vllmUnit(plan, ADDRESSES), /^EnvironmentFile=\/etc\/shardplan\/secrets\/vllm\.env$/m);
    assert.ok(
      !/TOKEN|API_KEY/.test(vllmUnit(plan, ADDRESSES)),
      "not so: !/TOKEN|API_KEY/.test(vllmUnit(plan, ADDRESSES))",
    );
  });

  it("tie vLLM to Ray's head, and to nothing when vLLM runs without Ray", () => {
    assert.match(vllmUnit(plan, ADDRESSES), /^PartOf=shardplan-ray-head\.service$/m);
    const alone = vllmUnit(planOf({ serving: { executor: "mp" } }), ADDRESSES);
    assert.ok(!alone.includes("ray-head") && !alone.includes("RAY_ADDRESS"), `alone: ${alone}`);
  });

  it("start vLLM again with Ray's head, with which it stops", () => {
    assert.match(vllmUnit(plan, ADDRESSES), /^WantedBy=multi-user\.target shardplan-ray-head\.service$/m);
  });

  it("do not start without the weights, and say why, instead of dying for ever", () => {
    for (const text of [vllmUnit(plan, ADDRESSES), rayWorkerUnit(plan, ADDRESSES)]) {
      const [condition = ""] = /^ExecCondition=.*$/m.exec(text) ?? [];
      assert.ok(
        condition.includes(`${hostPaths(plan).model}/.shardplan-complete`),
        `condition: ${condition}`,
      );
      assert.match(
        condition,
        /The weights are not in .*: see journalctl -u shardplan-weights\.service for why/,
      );
    }
  });

  it("have the weights fetched before they start, unless somebody puts them there", () => {
    for (const text of [vllmUnit(plan, ADDRESSES), rayWorkerUnit(plan, ADDRESSES)]) {
      assert.match(text, /^Wants=network-online\.target shardplan-weights\.service$/m);
      assert.match(text, /^After=network-online\.target shardplan-weights\.service /m);
    }
    // Not below the mount point of a disk that comes later.
    assert.match(weightsUnit(plan, "model"), /^RequiresMountsFor=\/opt\/dlami\/nvme\/shardplan\/models$/m);
    const byHand = planOf({ model: { source: "path", location: "/srv/model" } });
    assert.match(vllmUnit(byHand, ADDRESSES), /^Wants=network-online\.target$/m);
    assert.match(vllmUnit(byHand, ADDRESSES), /The weights are not in .*: put them there and run pulumi up/);
    assert.doesNotMatch(rayHeadUnit(plan, ADDRESSES), /shardplan-weights/);
  });

  it("make the device file of CUDA's unified memory, which the services may not, and only where there are GPUs", () => {
    assert.match(vllmUnit(plan, ADDRESSES), /^ExecStartPre=\+-\/usr\/bin\/nvidia-modprobe -u -c=0$/m);
    const cpu = planOf({
      hardware: { instanceType: "custom", gpu: "cpu", gpusPerNode: 8 },
      model: { source: "path", location: "/data/llama" },
    });
    assert.ok(
      !vllmUnit(cpu, ADDRESSES).includes("nvidia-modprobe"),
      'not so: !vllmUnit(cpu, ADDRESSES).includes("nvidia-modprobe")',
    );
    // A model that lies on the host anyway has no mark of ours.
    assert.ok(
      vllmUnit(cpu, ADDRESSES).includes("/data/llama/config.json"),
      'not so: vllmUnit(cpu, ADDRESSES).includes("/data/llama/config.json")',
    );
  });

  it("let vLLM drain before systemd loses patience", () => {
    // --shutdown-timeout 60, TimeoutStopSec twice that
    assert.match(vllmUnit(plan, ADDRESSES), /--shutdown-timeout 60 /);
    assert.match(vllmUnit(plan, ADDRESSES), /^TimeoutStopSec=120$/m);
  });

  it("keep what systemd would expand or split", () => {
    const text = systemdUnit({
      description: "test",
      after: [],
      user: "root",
      environment: { GREETING: 'say "hi" 100%' },
      command: ["/bin/echo", "a b", "$HOME", "50%", "it's"],
      restartSeconds: 1,
      stopSeconds: 1,
    });
    // systemd.service(5): %% is a percent sign, $$ a dollar sign, double quotes keep blanks together.
    assert.match(text, /^Environment="GREETING=say \\"hi\\" 100%%"$/m);
    assert.match(text, /^ExecStart=\/bin\/echo "a b" \$\$HOME 50%% "it's"$/m);
  });
});

describe("serviceEnvironment", () => {
  it("names address and interface for vLLM, Gloo and NCCL, which would each guess", () => {
    const environment = serviceEnvironment(planOf(), ADDRESSES);
    assert.equal(environment.VLLM_HOST_IP, "10.0.0.2");
    assert.equal(environment.RAY_ADDRESS, "10.0.0.1:6379");
    assert.equal(environment.GLOO_SOCKET_IFNAME, "eth0");
    assert.equal(environment.NCCL_SOCKET_IFNAME, "eth0");
  });

  it("keeps FlashInfer's sampler off: it is compiled at start by a compiler that plain images lack", () => {
    assert.equal(serviceEnvironment(planOf(), ADDRESSES).VLLM_USE_FLASHINFER_SAMPLER, "0");
  });

  it("has Ray's workers, which are the ranks, run as soon as any other process", () => {
    assert.equal(serviceEnvironment(planOf(), ADDRESSES).RAY_worker_niceness, "0");
    const { RAY_worker_niceness: none } = serviceEnvironment(
      planOf({ serving: { executor: "mp" } }),
      ADDRESSES,
    );
    assert.equal(none, undefined);
  });

  it("lets the user's variables win", () => {
    const plan = planOf({ serving: { environment: { NCCL_SOCKET_IFNAME: "ib0" } } });
    assert.equal(serviceEnvironment(plan, ADDRESSES).NCCL_SOCKET_IFNAME, "ib0");
  });

  it("gives vLLM as long to load as the configuration gives the service to answer", () => {
    // readyTimeoutMinutes 45 by default, in seconds
    assert.equal(serviceEnvironment(planOf(), ADDRESSES).VLLM_ENGINE_READY_TIMEOUT_S, "2700");
  });
});

describe("hostPaths", () => {
  it("puts weights on the local disks of AWS's image, and on the root disk of given hosts", () => {
    const host = { address: "10.0.0.5", hostKey: `ssh-ed25519 ${"A".repeat(68)}` };
    const folder = "models/meta-llama--Meta-Llama-3-70B-Instruct@main";
    assert.equal(hostPaths(planOf()).model, `/opt/dlami/nvme/shardplan/${folder}`);
    assert.equal(hostPaths(planOf({ hosts: [host] })).model, `/var/lib/shardplan/${folder}`);
  });

  it("has a folder for each set of vLLM, Ray and where they come from, so that one is installed beside another", () => {
    const releases = (serving: object) => hostPaths(planOf({ serving })).pythonEnvironment;
    const folder = "/opt/shardplan/releases/vllm-0.33.0";
    const [lock] = LOCKS;
    const locked = lock?.sha256.slice(0, 8);
    assert.equal(releases({}), `${folder}-ray-2.60.0-${locked}`);
    assert.equal(releases({ rayVersion: "2.58.0" }), `${folder}-ray-2.58.0`);
    assert.equal(releases({ executor: "mp" }), `${folder}-${locked}`);
    assert.equal(
      releases({ packageSource: "wheelhouse", packageLocation: "/srv/wheels" }),
      `${folder}-ray-2.60.0-from-srv-wheels-${locked}`,
    );
  });

  it("takes a model and an environment that are there already where they are", () => {
    const paths = hostPaths(
      planOf({
        model: { source: "path", location: "/data/llama" },
        serving: { packageSource: "preinstalled", packageLocation: "/opt/vllm" },
      }),
    );
    assert.equal(paths.model, "/data/llama");
    assert.equal(paths.pythonEnvironment, "/opt/vllm");
  });
});
