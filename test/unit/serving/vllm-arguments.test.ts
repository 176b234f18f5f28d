import assert from "node:assert/strict";
import { flagStanding } from "../../../lib/config/vllm-flags";
import { engineServers, vllmArguments } from "../../../lib/serving";
import { planOf } from "./plan-fixture";

/** Its replicas share experts. */
const MIXTURE = {
  model: { name: "mistralai/Mixtral-8x7B-Instruct-v0.1" },
  serving: { oneEngine: true },
} as const;

/** The value after an option; undefined when the option is absent. */
const optionOf = (args: readonly string[], option: string) =>
  args.includes(option) ? args[args.indexOf(option) + 1] : undefined;

describe("vllmArguments", () => {
  it("carries every parameter of the reference document, from the plan", () => {
    const plan = planOf();
    const args = vllmArguments(plan);
    // The document's launch command: TP 8, PP 1, length 8192, utilization 0.85; the envelope bounds the other two.
    assert.equal(optionOf(args, "--tensor-parallel-size"), "8");
    assert.equal(optionOf(args, "--pipeline-parallel-size"), "1");
    assert.equal(optionOf(args, "--max-model-len"), "8192");
    assert.equal(optionOf(args, "--gpu-memory-utilization"), "0.85");
    assert.equal(optionOf(args, "--dtype"), "bfloat16");
    assert.equal(optionOf(args, "--max-num-seqs"), `${plan.serving.maxNumSeqs}`);
    assert.equal(optionOf(args, "--max-num-batched-tokens"), `${plan.serving.maxNumBatchedTokens}`);
    assert.equal(optionOf(args, "--distributed-executor-backend"), "ray");
  });

  it("turns requests away that would wait longer than twice the target of the first token", () => {
    const limitOf = (...changes: Parameters<typeof planOf>) =>
      optionOf(vllmArguments(planOf(...changes)), "--max-num-queued-reqs");
    const { serving, throughput } = planOf();
    // The target of the first token is 1 s: two seconds of what is served at most.
    const waiting = Math.ceil(2 * throughput.saturatedRequestRate);
    assert.equal(limitOf(), `${serving.maxNumSeqs + waiting}`);
    assert.equal(limitOf({ serving: { maxQueuedRequests: "off" } }), undefined);
    assert.equal(limitOf({ serving: { maxQueuedRequests: 77 } }), "77");
    assert.equal(limitOf({ serving: { vllmVersion: "0.28.0" } }), undefined, "0.28 may not have the flag");
    assert.equal(limitOf({ workload: { arrivals: "offline" } }), undefined);
    const clients = { arrivals: "closed", concurrency: 900 } as const;
    assert.equal(limitOf({ workload: clients }), "900", "no client of a closed loop is turned away");
  });

  it("listens on loopback only, because the gateway guards the paths that vLLM's key does not", () => {
    assert.equal(optionOf(vllmArguments(planOf()), "--host"), "127.0.0.1");
  });

  it("holds no key: the command line of a process is readable for every user of its host", () => {
    assert.ok(
      !vllmArguments(planOf()).some((arg) => arg.includes("api-key")),
      'not so: !vllmArguments(planOf()).some((arg) => arg.includes("api-key"))',
    );
  });

  it("says nothing of data parallelism for one replica", () => {
    assert.ok(
      !vllmArguments(planOf()).some((arg) => arg.startsWith("--data-parallel")),
      'not so: !vllmArguments(planOf()).some((arg) => arg.startsWith("--data-parallel"))',
    );
  });

  it("makes replicas that share experts with vLLM's own data parallelism, placed by the same executor", () => {
    const args = vllmArguments(planOf({ ...MIXTURE, strategy: { tensorParallel: 4, dataParallel: 2 } }));
    assert.equal(optionOf(args, "--data-parallel-size"), "2");
    // One node holds both.
    assert.equal(optionOf(args, "--data-parallel-size-local"), "2");
    assert.equal(optionOf(args, "--data-parallel-backend"), "ray");
  });

  it("starts on each of two nodes its share of such replicas", () => {
    const args = vllmArguments(planOf({ ...MIXTURE, hardware: { nodes: 2 }, strategy: { dataParallel: 2 } }));
    // 2 replicas / 2 nodes
    assert.equal(optionOf(args, "--data-parallel-size-local"), "1");
  });

  it("makes a server of its own of each other replica, with its share of what may wait", () => {
    const plan = planOf({ strategy: { tensorParallel: 4, dataParallel: 2 } });
    const [first, second] = engineServers(plan).map((server) => vllmArguments(plan, server));
    assert.ok(first && second, "two servers");
    assert.ok(!first.some((arg) => arg.startsWith("--data-parallel")), first.join(" "));
    assert.deepEqual([optionOf(first, "--port"), optionOf(second, "--port")], ["8000", "8001"]);
    // Two seconds of what both serve, halved.
    const waiting = Math.ceil(plan.throughput.saturatedRequestRate);
    assert.equal(optionOf(first, "--max-num-queued-reqs"), `${plan.serving.maxNumSeqs + waiting}`);
  });

  it("quantises a BF16 checkpoint to FP8 while loading, and leaves a checkpoint that is FP8 already alone", () => {
    const model = { precision: "fp8", kvCacheDtype: "fp8" } as const;
    const fromBf16 = vllmArguments(planOf({ model }));
    assert.equal(optionOf(fromBf16, "--quantization"), "fp8_per_tensor");
    assert.equal(optionOf(fromBf16, "--kv-cache-dtype"), "fp8");
    const plan = planOf({ model });
    const name = "RedHatAI/Meta-Llama-3-70B-Instruct-FP8";
    const stored = { ...plan, deployment: { ...plan.deployment, model: { ...plan.deployment.model, name } } };
    assert.equal(optionOf(vllmArguments(stored), "--quantization"), undefined);
  });

  it("puts the user's own arguments last", () => {
    const args = vllmArguments(planOf({ serving: { extraArgs: ["--numa-bind"] } }));
    assert.deepEqual(args.slice(-1), ["--numa-bind"]);
  });

  it("serves a short name under the one that the header has and the hosts download", () => {
    const plan = planOf({ model: { name: "llama-3-70b" } });
    const name = "meta-llama/Meta-Llama-3-70B-Instruct";
    assert.deepEqual([plan.model.name, plan.deployment.model.name], [name, name]);
    assert.equal(optionOf(vllmArguments(plan), "--served-model-name"), name);
  });

  it("serves under the model's name unless another is given", () => {
    assert.equal(
      optionOf(vllmArguments(planOf()), "--served-model-name"),
      "meta-llama/Meta-Llama-3-70B-Instruct",
    );
    assert.equal(
      optionOf(vllmArguments(planOf({ model: { servedName: "chat" } })), "--served-model-name"),
      "chat",
    );
  });

  it("are all in the table of flags that users may not overrule", () => {
    const plans = [
      planOf(),
      planOf({ serving: { enforceEager: true, prefixCaching: false } }),
      planOf({ model: { precision: "fp8", kvCacheDtype: "fp8" } }),
      planOf({ serving: { maxNumBatchedTokens: 1024 } }),
    ];
    for (const flag of plans.flatMap((plan) => vllmArguments(plan)).filter((one) => one.startsWith("-")))
      assert.match(flagStanding(flag).kind, /^(planned|fixed)$/, flag);
  });
});
