import { z } from "zod";
import { eplb } from "./eplb";
import { lora } from "./lora";
import { speculative } from "./speculative";
import { absolutePath, autoOrCount, between, countUpTo, fraction, MOST, version } from "./values";

export const serving = z
  .strictObject({
    vllmVersion: version
      .default("0.33.0")
      .describe(
        "Version of vLLM, from 0.7 on, that hosts install and predictions assume. A version that is newer than 0.33 is planned by the rules of 0.33, and the plan says so.",
      ),
    allowVulnerableVersion: z
      .boolean()
      .default(false)
      .describe(
        "Deploy a version of vLLM although security advisories are known for it, as for every version before 0.33. Without this key `pulumi preview` warns and `pulumi up` refuses.",
      ),
    rayVersion: version.default("2.60.0").describe("Version of Ray that hosts install."),
    executor: z
      .enum(["ray", "mp"])
      .default("ray")
      .describe(
        "vLLM's distributed executor within a replica: Ray, or multiprocessing where a replica lies within one node.",
      ),
    gpuMemoryUtilization: fraction
      .default(0.85)
      .meta({ unit: "share", description: "Share of GPU memory that vLLM takes for itself." }),
    maxNumSeqs: autoOrCount(MOST.sequences)
      .default("auto")
      .meta({ unit: "sequences", description: "Pins --max-num-seqs; `auto` picks within the envelope." }),
    maxNumBatchedTokens: autoOrCount(MOST.tokensOfStep).default("auto").meta({
      unit: "tokens",
      description: "Pins --max-num-batched-tokens; `auto` picks within the envelope.",
    }),
    maxCudaGraphTokens: autoOrCount(MOST.tokensOfStep).default("auto").meta({
      unit: "tokens",
      description:
        "Pins the largest step that vLLM captures as a CUDA graph; `auto` captures as far as launching kernels one by one would slow a step.",
    }),
    prefillInterval: countUpTo(1000).default(1).meta({
      unit: "steps",
      description:
        "Steps after which prompts join while sequences decode (--prefill-schedule-interval). It is simulated, and more than 1 has lengthened requests wherever it was tried.",
    }),
    watermark: between(0, 0.99).default(0).meta({
      unit: "share",
      description:
        "KV cache that stays free when a request is admitted beside others (--watermark). It is simulated, saves preemptions, and has raised no highest rate.",
    }),
    decodeContextParallel: countUpTo(MOST.gpus).default(1).meta({
      unit: "ranks",
      description:
        "Tensor-parallel ranks that share the KV cache of a token instead of holding copies (--decode-context-parallel-size). The cache then holds that many times the tokens, and each layer gathers queries and scatters results. It is a divisor of TP for latent attention, and at most TP over the key-value heads for grouped attention. Gains are derived, not measured.",
    }),
    oneEngine: z.boolean().default(false).meta({
      description:
        "Make replicas of a mixture of experts whose experts are not spread (EP 1) ranks of one engine (--data-parallel-size), which cut each expert between them and take every step together. Without it each is a server of its own with all experts, so that it waits for no other, and one that fails takes no other with it.",
    }),
    eplb,
    speculative,
    lora,
    maxQueuedRequests: z
      .union([z.enum(["auto", "off"]), countUpTo(MOST.requests)])
      .default("auto")
      .meta({
        unit: "requests",
        description:
          "Requests, running and waiting, from which on a server of vLLM answers 503 instead of queueing. Another server is asked first. `auto` is what can run and what is served within twice the p99 target of the first token, and `off` queues without end.",
      }),
    dtype: z
      .enum(["auto", "bfloat16", "float16"])
      .default("bfloat16")
      .describe("Compute type given to vLLM."),
    prefixCaching: z.boolean().default(true).describe("Reuse the KV cache of shared prompt prefixes."),
    enforceEager: z
      .boolean()
      .default(false)
      .describe("Start without CUDA graphs, which makes the start quicker and decoding slower."),
    packageSource: z
      .enum(["index", "wheelhouse", "preinstalled"])
      .default("index")
      .describe(
        "Where hosts get Python packages: the package index, a folder of wheels, or an existing environment.",
      ),
    packageLocation: absolutePath
      .optional()
      .describe("Folder of wheels, or the existing environment, as an absolute path on the hosts."),
    packageIndex: z
      .string()
      .regex(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])[^\s@]+$/, {
        error:
          "must be an address such as https://pypi.example.com/simple, without a password (http:// only on the host itself)",
      })
      .optional()
      .describe(
        "Package index in the place of PyPI, such as https://pypi.example.com/simple, without a password in it. Hosts install from it alone. Default: PyPI.",
      ),
    environment: z
      .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string())
      .default({})
      .describe(
        "Extra environment variables of Ray and vLLM, for example VLLM_CPU_KVCACHE_SPACE. No secrets.",
      ),
    extraArgs: z
      .array(z.string())
      .default([])
      .describe(
        "Arguments added to vllm serve as they are: parsers, chat template, logging. What the plan decides, what may change what it proves, and values that vLLM's parser would not take are refused here.",
      ),
    unprovenArgs: z
      .array(z.string())
      .default([])
      .describe(
        "Arguments added to vllm serve although they may change what the plan proves; the report names them. What the plan decides is refused here too.",
      ),
    readyTimeoutMinutes: between(1, 1440).default(45).meta({
      unit: "minutes",
      description: "How long the service may take to answer its first completion.",
    }),
  })
  .prefault({})
  .describe("The engine: versions, executor and what vLLM is started with beyond the plan.");
