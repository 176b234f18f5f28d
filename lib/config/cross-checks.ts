import { argumentChecks } from "./argument-checks";
import { awsChecks } from "./aws-checks";
import { bastionChecks } from "./bastion-checks";
import type { CrossProblem } from "./cross-problem";
import { isSecretVariable } from "./environment-secrets";
import { shortestEndTokens, shortestTokens } from "./lengths";
import { unpricedCache } from "./precisions";
import { inBackticks } from "./program-name";
import type { Deployment, LengthDistribution } from "./schema";
import { speculativeChecks } from "./speculative-checks";

type CrossCheck = (deployment: Deployment) => CrossProblem[];

/** What no single key can say: rules between keys, each with what to do. */
export function crossCheck(deployment: Deployment): CrossProblem[] {
  return CHECKS.flatMap((check) => check(deployment));
}

const CHECKS: readonly CrossCheck[] = [
  customHardware,
  modelLocation,
  ({ workload }) => lengthsInOrder(workload.promptTokens, "workload.promptTokens"),
  ({ workload }) => lengthsInOrder(workload.outputTokens, "workload.outputTokens"),
  lengthsFit,
  offlineIsAffordable,
  cachedPrefix,
  targetsInOrder,
  batchHoldsSequences,
  pinsWithinEnvelope,
  hostsMatchNodes,
  packageLocation,
  capacityBlock,
  awsChecks,
  bastionChecks,
  certificateCanBeProved,
  alertsAreTold,
  secretsInEnvironment,
  argumentChecks,
  speculativeChecks,
  cacheIsPriced,
];

function when(fails: boolean, text: string, ...keys: string[]): CrossProblem[] {
  return fails ? [{ keys, text }] : [];
}

function customHardware({ hardware }: Deployment): CrossProblem[] {
  const custom = hardware.instanceType === "custom";
  const type = "hardware.instanceType";
  return [
    ...when(
      custom && hardware.gpu === undefined && hardware.custom === undefined,
      `is needed with ${type} custom: a GPU that ${inBackticks("hardware")} lists, or hardware.custom with its figures`,
      "hardware.gpu",
      type,
    ),
    ...when(
      custom && hardware.gpusPerNode === undefined,
      `is needed with ${type} custom: the number of GPUs in each host`,
      "hardware.gpusPerNode",
      type,
    ),
    ...when(
      !custom && hardware.gpu !== undefined,
      `only goes with ${type} custom; ${hardware.instanceType} has its own GPUs: remove it`,
      "hardware.gpu",
      type,
    ),
    ...when(
      custom && hardware.gpu !== undefined && hardware.custom !== undefined,
      `says the same as hardware.gpu (${hardware.gpu}): remove one of them`,
      "hardware.custom",
      "hardware.gpu",
    ),
    ...when(
      !custom && hardware.custom !== undefined,
      `only goes with ${type} custom; ${hardware.instanceType} has its own GPUs: remove it`,
      "hardware.custom",
      type,
    ),
    ...when(
      !custom && hardware.gpusPerNode !== undefined,
      `only goes with ${type} custom; ${hardware.instanceType} has its own GPUs: remove it`,
      "hardware.gpusPerNode",
      type,
    ),
  ];
}

function modelLocation({ model }: Deployment): CrossProblem[] {
  const { source, location } = model;
  return [
    ...when(
      source === "bucket" && !location?.startsWith("s3://"),
      `must be an s3:// URI with model.source bucket; given ${location ?? "nothing"}`,
      "model.location",
      "model.source",
    ),
    ...when(
      source === "path" && !location?.startsWith("/"),
      `must be an absolute path on the hosts with model.source path; given ${location ?? "nothing"}`,
      "model.location",
      "model.source",
    ),
  ];
}

function cacheIsPriced({ model }: Deployment): CrossProblem[] {
  const why = unpricedCache(model);
  return when(
    why !== undefined,
    `${model.kvCacheDtype} cannot be planned: ${why}; use bf16 or fp8`,
    "model.kvCacheDtype",
  );
}

function lengthsInOrder(lengths: LengthDistribution, key: string): CrossProblem[] {
  switch (lengths.kind) {
    case "fixed":
      return [];
    case "uniform":
      return when(
        lengths.max < lengths.min,
        `must be at least min (${lengths.min}); given ${lengths.max}`,
        `${key}.max`,
      );
    case "lognormal":
      return [
        ...when(
          lengths.mean < lengths.median,
          `must be at least the median (${lengths.median}); given ${lengths.mean}`,
          `${key}.mean`,
        ),
        ...when(
          lengths.min !== undefined && lengths.min > lengths.median,
          `must be at most the median (${lengths.median}); given ${lengths.min}`,
          `${key}.min`,
        ),
        ...when(
          lengths.max !== undefined && lengths.max < lengths.median,
          `must be at least the median (${lengths.median}); given ${lengths.max}`,
          `${key}.max`,
        ),
      ];
    case "empirical":
      return when(
        lengths.quantiles.some((value, index) => value < (lengths.quantiles[index - 1] ?? 0)),
        "must not fall from one quantile to the next",
        `${key}.quantiles`,
      );
  }
}

/** All requests of an offline load are simulated at once, for every setting that is tried. */
const MOST_OFFLINE = 50_000;

function offlineIsAffordable({ workload }: Deployment): CrossProblem[] {
  return when(
    workload.arrivals === "offline" && workload.simulatedRequests > MOST_OFFLINE,
    `must be at most ${MOST_OFFLINE} where workload.arrivals is offline, as all are simulated at once; given ${workload.simulatedRequests}`,
    "workload.simulatedRequests",
  );
}

function lengthsFit({ workload, envelope }: Deployment): CrossProblem[] {
  const prompt = shortestEndTokens(workload.promptTokens);
  const output = shortestEndTokens(workload.outputTokens);
  return when(
    prompt + output > envelope.maxModelLen,
    `must hold a prompt and its output: the workload asks for ${prompt} + ${output} = ${prompt + output} tokens; given ${envelope.maxModelLen}`,
    "envelope.maxModelLen",
    "workload.promptTokens",
    "workload.outputTokens",
  );
}

/** Every prompt holds the prefix and a token of its own. A lognormal without `min` gets one that does (`cutTails`), up to its median. */
function cachedPrefix({ workload, serving }: Deployment): CrossProblem[] {
  const { promptTokens: prompt, cachedPrefixTokens: prefix } = workload;
  const isOpen = prompt.kind === "lognormal" && prompt.min === undefined;
  const shortest = Math.floor(isOpen ? prompt.median : shortestTokens(prompt));
  return [
    ...when(
      prefix >= shortest,
      `must be shorter than ${isOpen ? "the median prompt" : "the shortest prompt"} (${shortest} tokens): every prompt has the prefix, and its last token is always computed; given ${prefix}`,
      "workload.cachedPrefixTokens",
      "workload.promptTokens",
    ),
    ...when(
      prefix > 0 && !serving.prefixCaching,
      `needs serving.prefixCaching, which is false: without it vLLM computes every prompt whole; given ${prefix}`,
      "workload.cachedPrefixTokens",
      "serving.prefixCaching",
    ),
  ];
}

/** A median is never above the 99th percentile, so a target for it that is says nothing: a slip of the pen. */
function targetsInOrder({ slo }: Deployment): CrossProblem[] {
  return (["prefill", "firstToken", "decode"] as const).flatMap((key) => {
    const { p50Ms, p99Ms } = slo[key];
    return when(
      p50Ms > p99Ms,
      `must be at most slo.${key}.p99Ms (${p99Ms}): a median is never above the 99th percentile; given ${p50Ms}`,
      `slo.${key}.p50Ms`,
      `slo.${key}.p99Ms`,
    );
  });
}

function batchHoldsSequences({ envelope, serving }: Deployment): CrossProblem[] {
  const { maxNumBatchedTokens: tokens, maxNumSeqs: sequences } = serving;
  return [
    ...when(
      envelope.maxNumBatchedTokens < envelope.maxNumSeqs,
      `must be at least envelope.maxNumSeqs (${envelope.maxNumSeqs}): each running sequence takes a token of the step; given ${envelope.maxNumBatchedTokens}`,
      "envelope.maxNumBatchedTokens",
      "envelope.maxNumSeqs",
    ),
    ...when(
      tokens !== "auto" && sequences !== "auto" && tokens < sequences,
      `must be at least serving.maxNumSeqs (${sequences}); given ${tokens}`,
      "serving.maxNumBatchedTokens",
      "serving.maxNumSeqs",
    ),
  ];
}

function pinsWithinEnvelope({ envelope, serving }: Deployment): CrossProblem[] {
  return (["maxNumSeqs", "maxNumBatchedTokens"] as const).flatMap((key) => {
    const pinned = serving[key];
    return when(
      pinned !== "auto" && pinned > envelope[key],
      `must not exceed envelope.${key} (${envelope[key]}); given ${pinned}`,
      `serving.${key}`,
      `envelope.${key}`,
    );
  });
}

function hostsMatchNodes({ hosts, hardware }: Deployment): CrossProblem[] {
  const endpoints = hosts.map(({ address, port }) => `${address}:${port}`);
  const twice = endpoints.find((endpoint, index) => endpoints.indexOf(endpoint) !== index);
  return [
    ...when(
      hosts.length > 0 && hosts.length !== hardware.nodes,
      `lists ${hosts.length} of the ${hardware.nodes} machines of hardware.nodes; make the two agree`,
      "hosts",
      "hardware.nodes",
    ),
    ...when(twice !== undefined, `names ${twice} twice`, "hosts"),
  ];
}

function packageLocation({ serving }: Deployment): CrossProblem[] {
  const { packageSource, packageIndex } = serving;
  return [
    ...when(
      packageSource !== "index" && !serving.packageLocation?.startsWith("/"),
      `must be an absolute path on the hosts with serving.packageSource ${packageSource}; given ${serving.packageLocation ?? "nothing"}`,
      "serving.packageLocation",
      "serving.packageSource",
    ),
    ...when(
      packageSource !== "index" && packageIndex !== undefined,
      `is not asked with serving.packageSource ${packageSource}; leave it out, or set packageSource to index`,
      "serving.packageIndex",
      "serving.packageSource",
    ),
  ];
}

function capacityBlock({ aws }: Deployment): CrossProblem[] {
  return when(
    aws.capacityBlock && aws.capacityReservationId === undefined,
    "is needed with aws.capacityBlock: the id of the block (cr-...)",
    "aws.capacityReservationId",
    "aws.capacityBlock",
  );
}

/** A certificate authority asks one of a name's addresses, on port 80. */
function certificateCanBeProved({ gateway, hardware, hosts }: Deployment): CrossProblem[] {
  const named = gateway.domain !== undefined && !gateway.ownCertificate;
  return [
    ...when(
      gateway.ownCertificate && gateway.domain === undefined,
      "is needed with gateway.ownCertificate: the name that the certificate is for",
      "gateway.domain",
      "gateway.ownCertificate",
    ),
    ...when(
      gateway.hostedZoneId !== undefined && gateway.domain === undefined,
      "is needed with gateway.hostedZoneId: the name of the record",
      "gateway.domain",
      "gateway.hostedZoneId",
    ),
    ...when(
      gateway.hostedZoneId !== undefined && hosts.length > 0,
      "must be left out with hosts: only for machines on AWS the program makes a record",
      "gateway.hostedZoneId",
      "hosts",
    ),
    ...when(
      named && gateway.port === 80,
      "must not be 80 with gateway.domain: the certificate is proved there",
      "gateway.port",
      "gateway.domain",
    ),
    ...when(
      named && gateway.on === "all" && hardware.nodes > 1,
      "must be first with gateway.domain: a certificate authority asks only one of a name's addresses, so the other hosts could not prove it",
      "gateway.on",
      "gateway.domain",
    ),
  ];
}

/** Variables of a unit are readable in the stack file, in the state and on the hosts. */
/** Mail needs to know its way, and nobody is told of what nobody watches. */
function alertsAreTold({ monitoring: { mode, alerts } }: Deployment): CrossProblem[] {
  const to = "monitoring.alerts.to";
  const { mailTo, mailFrom, mailServer, mailUser } = alerts;
  const needed = Object.entries({ mailTo, mailFrom, mailServer });
  return [
    ...when(
      alerts.to !== "nobody" && mode !== "on",
      `goes with monitoring.mode on, and that is ${mode}: leave it out`,
      to,
      "monitoring.mode",
    ),
    ...needed.flatMap(([name, value]) =>
      when(
        alerts.to === "mail" && value === undefined,
        `is needed with ${to} mail`,
        `monitoring.alerts.${name}`,
        to,
      ),
    ),
    ...[...needed, ["mailUser", mailUser] as const].flatMap(([name, value]) =>
      when(
        alerts.to !== "mail" && value !== undefined,
        `goes with ${to} mail: leave it out`,
        `monitoring.alerts.${name}`,
        to,
      ),
    ),
  ];
}

function secretsInEnvironment({ serving }: Deployment): CrossProblem[] {
  return Object.entries(serving.environment).flatMap(([name, value]) =>
    when(
      isSecretVariable(name, value),
      "looks like a secret, and variables are plain text in the stack file and on the hosts: remove it; a token of the hub goes into shardplan:huggingFaceToken, the key of clients into shardplan:apiKey (`pulumi config set --secret`)",
      `serving.environment.${name}`,
    ),
  );
}
