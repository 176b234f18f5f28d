import { z } from "zod";

/**
 * The schema of a deployment: the one home of every key's type, unit, default and description.
 * `docs/configuration.md`, the JSON Schema for editors and the error messages are made from it.
 *
 * Units stand in the key names (`p99Ms`, `rootVolumeGb`); where a key has no unit in its name, the description says it.
 */

const positiveInt = z.int().positive();
const positive = z.number().positive();
const fraction = z.number().gt(0).lte(1);
const degree = z.union([z.literal("auto"), positiveInt]).default("auto");

const model = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .default("meta-llama/Meta-Llama-3-70B-Instruct")
      .describe("Model: a name that `shardplan models` lists, or any label when configPath is given."),
    configPath: z
      .string()
      .optional()
      .describe(
        "Path of a Hugging Face config.json (from the stack file's folder) for a model outside the catalogue.",
      ),
    precision: z.enum(["bf16", "fp8"]).default("bf16").describe("Precision of the weights."),
    kvCacheDtype: z.enum(["bf16", "fp8"]).default("bf16").describe("Precision of the KV cache."),
    source: z
      .enum(["hub", "bucket", "path"])
      .default("hub")
      .describe(
        "Where hosts get the weights: the Hugging Face hub, an S3 bucket, or a path that exists on every host.",
      ),
    location: z
      .string()
      .optional()
      .describe(
        "For source `bucket` an s3:// URI, for source `path` an absolute path on the hosts. Unused for `hub`.",
      ),
    revision: z
      .string()
      .default("main")
      .describe("Branch, tag or commit of the model repository on the hub."),
    servedName: z
      .string()
      .optional()
      .describe("Name that clients use in requests. Default: the model's name."),
  })
  .prefault({});

const hardware = z
  .strictObject({
    instanceType: z
      .string()
      .default("p5.48xlarge")
      .describe("EC2 instance type that `shardplan hardware` lists, or `custom` with gpu and gpusPerNode."),
    nodes: positiveInt.default(1).describe("Number of hosts of that type."),
    gpu: z.string().optional().describe("GPU of the catalogue, only with instanceType `custom`."),
    gpusPerNode: positiveInt.optional().describe("GPUs in each host, only with instanceType `custom`."),
    network: z
      .enum(["efa", "tcp"])
      .default("tcp")
      .describe("How nodes reach each other when a replica spans nodes."),
  })
  .prefault({});

const strategy = z
  .strictObject({
    tensorParallel: degree.describe("TP degree: GPUs that share each layer. `auto` lets the planner choose."),
    pipelineParallel: degree.describe(
      "PP degree: stages of consecutive layers. `auto` lets the planner choose.",
    ),
    dataParallel: degree.describe(
      "DP degree: independent replicas behind one endpoint. `auto` lets the planner choose.",
    ),
    expertParallel: degree.describe(
      "EP degree: GPUs over which the experts of an MoE model are spread; 1 for dense models.",
    ),
    sequenceParallel: degree.describe(
      "SP degree: 1 (off) or the TP degree (norms sharded by token, reduce-scatter and all-gather instead of all-reduce).",
    ),
    objective: z
      .enum(["latency", "throughput", "cost"])
      .default("latency")
      .describe("What the planner optimises among the strategies that meet every requirement."),
  })
  .prefault({});

const lengths = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fixed"), tokens: positiveInt.describe("Tokens of every request.") }),
  z.strictObject({
    kind: z.literal("uniform"),
    min: positiveInt.describe("Fewest tokens."),
    max: positiveInt.describe("Most tokens."),
  }),
  z.strictObject({
    kind: z.literal("lognormal"),
    median: positive.describe("Median tokens."),
    mean: positive.describe("Mean tokens; at least the median."),
    max: positiveInt.optional().describe("Longer draws are cut to this many tokens."),
  }),
  z.strictObject({
    kind: z.literal("empirical"),
    quantiles: z
      .array(positive)
      .min(2)
      .describe("Tokens at equally spaced quantiles from 0 to 1; values between are interpolated."),
  }),
]);

const workload = z
  .strictObject({
    requestRate: positive.default(8).describe("Requests per second that arrive at the service."),
    arrivals: z
      .enum(["poisson", "constant", "bursty", "closed", "offline"])
      .default("poisson")
      .describe(
        "How requests arrive; `closed` keeps `concurrency` requests in flight, `offline` sends all at once.",
      ),
    burstiness: positive
      .default(2)
      .describe("Squared coefficient of variation of the gaps between bursty arrivals; 1 would be Poisson."),
    concurrency: positiveInt.default(64).describe("Requests in flight for arrivals `closed`."),
    promptTokens: lengths
      .prefault({ kind: "lognormal", median: 1020, mean: 1155, max: 7168 })
      .describe("Distribution of prompt lengths in tokens."),
    outputTokens: lengths
      .prefault({ kind: "lognormal", median: 129, mean: 156, max: 1000 })
      .describe("Distribution of output lengths in tokens."),
    cachedPrefixTokens: z
      .int()
      .nonnegative()
      .default(0)
      .describe("Leading prompt tokens that are served from the prefix cache."),
    simulatedRequests: positiveInt
      .default(2000)
      .describe("Requests that the simulation runs for each candidate; more make the p99 steadier."),
    seed: z
      .int()
      .nonnegative()
      .default(1)
      .describe("Seed of the simulation: the same input gives the same plan."),
  })
  .prefault({});

const latencyTarget = (p50Ms: number, p99Ms: number, what: string) =>
  z
    .strictObject({
      p50Ms: positive.default(p50Ms).describe(`Median ${what}, in milliseconds.`),
      p99Ms: positive.default(p99Ms).describe(`99th percentile of ${what}, in milliseconds.`),
    })
    .prefault({});

const slo = z
  .strictObject({
    prefill: latencyTarget(500, 1000, "time from being scheduled to the first token"),
    firstToken: latencyTarget(1000, 1000, "time to first token, queueing included"),
    decode: latencyTarget(50, 100, "gap between two tokens of a request, prefill interference included"),
  })
  .prefault({});

const envelope = z
  .strictObject({
    maxBatchSize: positiveInt
      .default(64)
      .describe("Largest decode batch of one replica that the plan may need at the requested rate."),
    maxNumSeqs: positiveInt.default(128).describe("Upper bound of sequences a replica runs at once."),
    maxNumBatchedTokens: positiveInt
      .default(8192)
      .describe("Upper bound of tokens in one step of a replica."),
    maxModelLen: positiveInt.default(8192).describe("Longest prompt plus output in tokens."),
    maxMemoryFraction: fraction
      .default(0.85)
      .describe(
        "Largest share of GPU memory that weights, activations and the workload's KV cache may demand.",
      ),
    memoryEpsilon: z
      .number()
      .nonnegative()
      .default(0.05)
      .describe("Largest relative spread of memory demand between GPUs: (max - min) / mean."),
    gpuUtilizationTarget: fraction
      .default(0.7)
      .describe("Largest share of time that a replica's GPUs may be busy at the requested rate."),
  })
  .prefault({});

const serving = z
  .strictObject({
    vllmVersion: z
      .string()
      .default("0.33.0")
      .describe("Version of vLLM that hosts install and predictions assume."),
    rayVersion: z.string().default("2.60.0").describe("Version of Ray that hosts install."),
    executor: z
      .enum(["ray", "mp"])
      .default("ray")
      .describe("vLLM's distributed executor: Ray, or multiprocessing on one node."),
    gpuMemoryUtilization: fraction.default(0.85).describe("Share of GPU memory that vLLM takes for itself."),
    maxNumSeqs: z
      .union([z.literal("auto"), positiveInt])
      .default("auto")
      .describe("Pins --max-num-seqs; `auto` picks within the envelope."),
    maxNumBatchedTokens: z
      .union([z.literal("auto"), positiveInt])
      .default("auto")
      .describe("Pins --max-num-batched-tokens; `auto` picks within the envelope."),
    dtype: z
      .enum(["auto", "bfloat16", "float16"])
      .default("bfloat16")
      .describe("Compute type given to vLLM."),
    prefixCaching: z.boolean().default(true).describe("Reuse the KV cache of shared prompt prefixes."),
    enforceEager: z
      .boolean()
      .default(false)
      .describe("Start without CUDA graphs: quicker start, slower decode."),
    packageSource: z
      .enum(["index", "wheelhouse", "preinstalled"])
      .default("index")
      .describe(
        "Where hosts get Python packages: the package index, a folder of wheels, or an existing environment.",
      ),
    packageLocation: z
      .string()
      .optional()
      .describe("Folder of wheels, or the existing environment, as an absolute path on the hosts."),
    environment: z
      .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string())
      .default({})
      .describe(
        "Extra environment variables of Ray and vLLM, for example VLLM_CPU_KVCACHE_SPACE. No secrets.",
      ),
    extraArgs: z.array(z.string()).default([]).describe("Arguments added to vllm serve as they are."),
    readyTimeoutMinutes: positive
      .default(45)
      .describe("How long the service may take to answer its first completion."),
  })
  .prefault({});

const gateway = z
  .strictObject({
    domain: z
      .string()
      .optional()
      .describe(
        "Public DNS name; with it the gateway gets a certificate by ACME, without it it makes its own.",
      ),
    port: z.int().min(1).max(65535).default(443).describe("HTTPS port of the gateway."),
    allowedCidrs: z
      .array(z.cidrv4())
      .default(["0.0.0.0/0"])
      .describe("Address ranges that may reach the gateway."),
  })
  .prefault({});

const host = z.strictObject({
  address: z.string().min(1).describe("Address that the program reaches over SSH."),
  privateAddress: z.string().optional().describe("Address that the other hosts use. Default: address."),
  port: z.int().min(1).max(65535).default(22).describe("SSH port."),
  user: z.string().default("root").describe("SSH user: root, or one with password-free sudo."),
  privateKeyPath: z
    .string()
    .optional()
    .describe("Path of the SSH private key on this machine. Default: the secret shardplan:sshPrivateKey."),
  hostKey: z
    .string()
    .min(1)
    .describe(
      "Public host key as `ssh-keyscan -t ed25519 ADDRESS` prints it, without the address. Always verified.",
    ),
});

const aws = z
  .strictObject({
    region: z.string().default("us-east-1").describe("AWS region."),
    availabilityZone: z
      .string()
      .optional()
      .describe("Availability zone. Default: the first that offers the instance type."),
    vpcCidr: z.cidrv4().default("10.42.0.0/16").describe("Address range of the VPC."),
    sshAllowedCidrs: z
      .array(z.cidrv4())
      .default([])
      .describe("Address ranges that may reach SSH: the machine that runs pulumi must be in one of them."),
    amiId: z
      .string()
      .regex(/^ami-[0-9a-f]+$/)
      .optional()
      .describe(
        "Machine image. Default: AWS's Deep Learning Base image (Ubuntu 24.04) when the instance is created.",
      ),
    sshPublicKey: z
      .string()
      .optional()
      .describe("Public half of the secret shardplan:sshPrivateKey. Default: the program makes a key pair."),
    rootVolumeGb: positiveInt.default(200).describe("Size of the root volume in GB."),
    capacityReservationId: z
      .string()
      .optional()
      .describe("Capacity reservation or capacity block to launch into."),
    capacityBlock: z.boolean().default(false).describe("The capacity reservation is a capacity block."),
    protect: z.boolean().default(false).describe("Refuse to delete or replace the instances."),
  })
  .prefault({});

const monitoring = z
  .strictObject({
    kvCacheUsageAlert: fraction
      .default(0.9)
      .describe("Share of the KV cache in use above which the plan says: alarm."),
    memoryHeadroomAlert: fraction
      .default(0.08)
      .describe("Share of GPU memory used beyond gpuMemoryUtilization above which the plan says: alarm."),
    nvlinkUtilizationAlert: fraction
      .default(0.8)
      .describe("Share of NVLink bandwidth per direction above which the plan says: alarm."),
    throughputDropAlert: fraction
      .default(0.3)
      .describe("Drop of tokens per second per GPU below the prediction above which the plan says: alarm."),
  })
  .prefault({});

const cost = z
  .strictObject({
    priceUsdPerHour: positive
      .optional()
      .describe(
        "Price of one node in USD per hour. Default: the catalogue's on-demand price, where it has one.",
      ),
    maxUsdPerHour: positive
      .optional()
      .describe("The plan fails when all nodes together cost more in USD per hour."),
  })
  .prefault({});

export const deploymentSchema = z.strictObject({
  model,
  hardware,
  strategy,
  workload,
  slo,
  envelope,
  serving,
  gateway,
  hosts: z
    .array(host)
    .default([])
    .describe("Existing machines to deploy to. When given, no AWS resource is made."),
  aws,
  monitoring,
  cost,
});

/** A complete, validated deployment: every default is filled in. */
export type Deployment = z.infer<typeof deploymentSchema>;
/** A deployment as a user writes it: every key optional. */
export type DeploymentInput = z.input<typeof deploymentSchema>;
/** Distribution of prompt or output lengths in tokens. */
export type LengthDistribution = z.infer<typeof lengths>;
/** One existing machine, reached over SSH. */
export type HostConfig = z.infer<typeof host>;
