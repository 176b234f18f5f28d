import { findInstanceType, listModels } from "../../lib/catalog";
import type { DeploymentInput } from "../../lib/config";
import type { Checkpoint } from "./corpus";

/** A deployment that is planned and put to vLLM. */
export interface PlanQuestion {
  readonly name: string;
  readonly input: DeploymentInput;
  /** Its config.json where the catalogue has none by that name. */
  readonly config?: Checkpoint["config"];
}

type Parts = Omit<DeploymentInput, "model" | "hardware">;

/** Little traffic and wide targets: what matters is that a plan comes out, for each way to cut a model. */
function input(
  model: NonNullable<DeploymentInput["model"]>,
  hardware: NonNullable<DeploymentInput["hardware"]>,
  { workload, envelope, ...rest }: Parts = {},
): DeploymentInput {
  return {
    model,
    hardware,
    workload: { requestRate: 0.5, simulatedRequests: 100, ...workload },
    envelope: { maxModelLen: 4096, ...envelope },
    ...rest,
  };
}

/** Each model on a large machine and on another kind, so that all kinds come up with all families. */
const LARGE = ["p5.48xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "p6-b300.48xlarge"];
const OTHER = ["p4de.24xlarge", "g6e.12xlarge", "g7e.12xlarge", "g6.48xlarge", "p4d.24xlarge", "g5.12xlarge"];

/** Ways to cut a model over `gpus` GPUs; expert parallelism as the planner has it for mixtures. */
const CUTS: readonly ((gpus: number) => readonly [tensor: number, stages: number, replicas: number])[] = [
  (gpus) => [gpus, 1, 1],
  (gpus) => [gpus / 2, 2, 1],
  (gpus) => [gpus / 2, 1, 2],
  (gpus) => [1, gpus, 1],
  (gpus) => [1, 1, gpus],
  (gpus) => [2, gpus / 2, 1],
  (gpus) => [2, 1, gpus / 2],
];
const CHUNKS = [512, 2048, 256, 8192, 1024, 4096];
const SEQUENCES = [32, 128, 8, 64];
const CAPTURES = [256, 512, 1, 64, 1024];

const rotate = <T>(values: readonly T[], i: number): T => values[i % values.length] as T;

/** The i-th way to pin a deployment of a model on one machine: degrees, chunk, sequences and captured steps. */
function pins(instanceType: string, isMixture: boolean, i: number): Parts {
  const [tensor, stages, replicas] = rotate(CUTS, i)(findInstanceType(instanceType).gpus);
  const within = i % 2 === 0 ? 1 : tensor;
  const experts = isMixture ? (replicas > 1 ? tensor * replicas : within) : 1;
  const maxNumBatchedTokens = rotate(CHUNKS, i);
  return {
    strategy: {
      tensorParallel: tensor,
      pipelineParallel: stages,
      dataParallel: replicas,
      expertParallel: experts,
      sequenceParallel: 1,
    },
    serving: {
      maxNumBatchedTokens,
      maxNumSeqs: rotate(SEQUENCES, i),
      maxCudaGraphTokens: Math.min(maxNumBatchedTokens, rotate(CAPTURES, i)),
    },
  };
}

const everyModel = (): PlanQuestion[] =>
  listModels().flatMap(({ name, experts }, i) =>
    [rotate(LARGE, i), rotate(LARGE, i + 1), rotate(OTHER, i), rotate(OTHER, i + 3)].map(
      (instanceType, j) => ({
        name: `${name} on ${instanceType}, pinned ${(i + 2 * j) % CUTS.length}`,
        input: input({ name }, { instanceType }, pins(instanceType, experts !== undefined, i + 2 * j)),
      }),
    ),
  );

/** Ways in which serving differs. */
const OPTIONS: readonly (Parts & { readonly precision?: "fp8"; readonly kvCacheDtype?: "fp8" })[] = [
  { precision: "fp8" },
  { kvCacheDtype: "fp8" },
  { precision: "fp8", kvCacheDtype: "fp8" },
  { serving: { executor: "mp" } },
  { serving: { enforceEager: true } },
  { serving: { dtype: "float16" } },
  { serving: { dtype: "auto" } },
  { serving: { prefixCaching: false } },
  { serving: { maxNumBatchedTokens: 256 } },
  { serving: { maxNumBatchedTokens: 2048 } },
  { serving: { maxNumBatchedTokens: 8192 } },
  { serving: { maxNumSeqs: 8 } },
  { serving: { maxNumSeqs: 1, maxNumBatchedTokens: 512 } },
  { serving: { maxNumSeqs: 512, maxNumBatchedTokens: 1000 }, envelope: { maxNumSeqs: 512 } },
  { serving: { maxCudaGraphTokens: 1 } },
  { serving: { maxCudaGraphTokens: 100 } },
  { serving: { maxCudaGraphTokens: 1024, maxNumBatchedTokens: 1024 } },
  { serving: { maxCudaGraphTokens: 4096, maxNumBatchedTokens: 4096 } },
  { envelope: { maxModelLen: 32_768, maxNumBatchedTokens: 16_384 } },
  { serving: { extraArgs: ["--enable-auto-tool-choice", "--tool-call-parser", "hermes"] } },
];
const CHANGED = ["Qwen/Qwen3-8B", "Qwen/Qwen3-30B-A3B", "mistralai/Mixtral-8x7B-Instruct-v0.1"];

const options = (): PlanQuestion[] =>
  CHANGED.flatMap((name) =>
    OPTIONS.map(({ precision, kvCacheDtype, ...rest }) => ({
      name: `${name} with ${JSON.stringify({ precision, kvCacheDtype, ...rest })} on g6e.12xlarge`,
      input: input(
        { name, ...(precision ? { precision } : {}), ...(kvCacheDtype ? { kvCacheDtype } : {}) },
        { instanceType: "g6e.12xlarge" },
        { strategy: { tensorParallel: 4 }, ...rest },
      ),
    })),
  );

/** What several hosts hold. */
const SPREAD: readonly (readonly [name: string, instanceType: string, nodes: number])[] = [
  ["meta-llama/Llama-3.1-405B-Instruct", "p5.48xlarge", 2],
  ["meta-llama/Llama-3.1-405B-Instruct", "p4de.24xlarge", 4],
  ["Qwen/Qwen3-32B", "p5.48xlarge", 2],
  ["meta-llama/Meta-Llama-3-70B-Instruct", "g6e.12xlarge", 3],
  ["deepseek-ai/DeepSeek-V3", "p5.48xlarge", 2],
  ["deepseek-ai/DeepSeek-V3", "p5en.48xlarge", 2],
  ["moonshotai/Kimi-K2-Instruct", "p5en.48xlarge", 2],
  ["Qwen/Qwen3-235B-A22B", "p5.48xlarge", 2],
  ["Qwen/Qwen3-30B-A3B", "g6e.12xlarge", 2],
  ["openai/gpt-oss-120b", "g6e.12xlarge", 2],
  ["Qwen/Qwen3-8B", "g5.xlarge", 4],
];

const spread = (): PlanQuestion[] =>
  SPREAD.map(([name, instanceType, nodes]) => ({
    name: `${name} on ${nodes} x ${instanceType}`,
    input: input({ name }, { instanceType, nodes }),
  }));

/** The machines that people ask about for these models. */
const NAMED: readonly (readonly [name: string, instanceType: string])[] = [
  ["openai/gpt-oss-120b", "p5.48xlarge"],
  ["deepseek-ai/DeepSeek-V3", "p5en.48xlarge"],
  ["moonshotai/Kimi-K2-Instruct", "p6-b200.48xlarge"],
  ["Qwen/Qwen3-30B-A3B-FP8", "g6e.12xlarge"],
  ["meta-llama/Llama-3.1-70B-Instruct awq", "g5.48xlarge"],
  ["meta-llama/Llama-3.1-70B-Instruct awq", "g6.48xlarge"],
  ["meta-llama/Llama-3.1-70B-Instruct gptq-int4", "g5.12xlarge"],
  ["meta-llama/Llama-3.1-70B-Instruct w4a16", "g6.48xlarge"],
];

/** Checkpoints that come by their config.json. */
function byFile(checkpoints: readonly Checkpoint[]): PlanQuestion[] {
  const known = new Set(listModels().map(({ name }) => name));
  return checkpoints
    .filter(({ name }) => !known.has(name))
    .map(({ name, config }, i) => {
      const instanceType = rotate(i % 2 === 0 ? LARGE : OTHER, i);
      const isMixture = /"(num_experts|num_local_experts|n_routed_experts)"/.test(JSON.stringify(config));
      return {
        name: `${name} on ${instanceType}, pinned ${i % CUTS.length}`,
        input: input({ name }, { instanceType }, pins(instanceType, isMixture, i)),
        config,
      };
    });
}

/** The deployments that people ask about. Throws when a checkpoint is in neither catalogue nor `checkpoints`. */
export function namedQuestions(checkpoints: readonly Checkpoint[]): PlanQuestion[] {
  const known = new Set(listModels().map(({ name }) => name));
  return NAMED.map(([name, instanceType]) => {
    const config = checkpoints.find((checkpoint) => checkpoint.name === name)?.config;
    if (!config) throw new RangeError(`${name} is in neither catalogue nor corpus`);
    return {
      name: `${name} on ${instanceType}, as asked`,
      input: input({ name }, { instanceType }),
      ...(known.has(name) ? {} : { config }),
    };
  });
}

/** Levers that a plan offers, by model and machine; some ask for what vLLM refuses. */
const LEVERS: readonly (readonly [
  what: string,
  name: string,
  instanceType: string,
  serving: Parts["serving"],
])[] = [
  [
    "a prediction module",
    "deepseek-ai/DeepSeek-V3",
    "p5en.48xlarge",
    { speculative: { method: "mtp", acceptance: 0.7 } },
  ],
  [
    "a prediction module",
    "XiaomiMiMo/MiMo-7B-Base",
    "p5.48xlarge",
    { speculative: { method: "mtp", draftTokens: 2, acceptance: 0.7 } },
  ],
  ["adapters", "Qwen/Qwen3-8B", "g6e.12xlarge", { lora: { maxLoras: 4, maxRank: 32 } }],
  [
    "adapters, fully sharded",
    "Qwen/Qwen3-30B-A3B",
    "p5.48xlarge",
    { lora: { maxLoras: 2, fullySharded: true, targetModules: ["qkv_proj"] } },
  ],
  ["adapters", "moonshotai/Kimi-K2.5", "p6-b200.48xlarge", { lora: { maxLoras: 1 } }],
  ["a shared cache", "deepseek-ai/DeepSeek-V3", "p5en.48xlarge", { decodeContextParallel: 8 }],
  ["a shared cache", "Qwen/Qwen3-235B-A22B", "p5en.48xlarge", { decodeContextParallel: 2 }],
  [
    "a shared cache without copies",
    "meta-llama/Meta-Llama-3-70B-Instruct",
    "p5.48xlarge",
    { decodeContextParallel: 2 },
  ],
  ["a shared cache of too many", "Qwen/Qwen3-235B-A22B", "p5en.48xlarge", { decodeContextParallel: 4 }],
];

/** Experts that are moved between ranks. */
const BALANCED: readonly (readonly [name: string, redundantExperts: number])[] = [
  ["Qwen/Qwen3-30B-A3B", 0],
  ["Qwen/Qwen3-30B-A3B", 16],
  ["deepseek-ai/DeepSeek-V3", 32],
];

const levers = (): PlanQuestion[] => [
  ...LEVERS.map(([what, name, instanceType, serving]) => ({
    name: `lever: ${what}, ${name} on ${instanceType} ${JSON.stringify(serving)}`,
    input: input(
      { name },
      { instanceType },
      { strategy: { tensorParallel: findInstanceType(instanceType).gpus }, serving },
    ),
  })),
  ...BALANCED.map(([name, redundantExperts]) => ({
    name: `lever: balanced experts, ${name} with ${redundantExperts} copies`,
    input: input(
      { name },
      { instanceType: "p5en.48xlarge" },
      {
        strategy: { tensorParallel: 8, expertParallel: 8 },
        serving: { eplb: { enabled: true, redundantExperts } },
      },
    ),
  })),
];

/** Everything that is planned and judged. */
export function planQuestions(checkpoints: readonly Checkpoint[]): PlanQuestion[] {
  return [
    ...namedQuestions(checkpoints),
    ...everyModel(),
    ...options(),
    ...levers(),
    ...spread(),
    ...byFile(checkpoints),
  ];
}
