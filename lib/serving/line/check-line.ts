import { type Deployment, parseDeployment, UserError } from "../../config";
import { engineProfile, hasChange } from "../../performance";
import { type Fit, fitPinned, type Plan, plan, readSituation } from "../../strategy";
import { engineMessage, tooFewGpus } from "./engine-messages";
import { flagRemarks } from "./flag-remarks";
import { degreesOf, type LineDeployment, type LineQuestion, lineDeployment } from "./line-deployment";
import { hardwareOf } from "./machines";
import type { ServeLine } from "./serve-line";
import { findStarts, type Start } from "./what-starts";

/** Why vLLM does not start. */
export interface Refusal {
  /** Id of the requirement, as in a plan; `arguments` where the parser or the configuration refuses them. */
  readonly check: string;
  /** What vLLM prints, where its words were read. */
  readonly message?: string;
  /** Why, with numbers. */
  readonly reason: string;
}

/** What becomes of a line. */
export interface LineCheck {
  readonly question: LineQuestion;
  readonly starts: boolean;
  /** The cache is so near to what the longest sequence needs that the band of the figures holds both outcomes. */
  readonly isNear: boolean;
  readonly refusals: readonly Refusal[];
  /** Memory and cache; absent where the line says too little to count them. */
  readonly fit?: Fit;
  /** Flags that fight each other, do nothing or are not counted. */
  readonly remarks: readonly string[];
  /** Of a line that does not start: changes of it that do, each counted. */
  readonly changes: readonly Start[];
  /** Of a line with a workload: what it does, and what a plan of the same machines does. */
  readonly served?: { readonly line: Plan; readonly planned: Plan };
}

/** Whether `--set` texts ask for a workload or its targets. */
const asksForWorkload = (set: readonly string[]): boolean =>
  set.some((each) => /^(workload|slo)\./.test(each));

/**
 * Checks a line: whether vLLM starts it and with how much cache, and with a workload how fast it is and what a plan of the
 * same machines would do. Throws a UserError for what cannot be counted: an unknown model, a precision without figures.
 */
export function checkLine(question: LineQuestion & { readonly line: ServeLine }): LineCheck {
  const { line, machines } = question;
  if (line.model === undefined) {
    throw new UserError({
      code: "no-model",
      where: "vllm serve",
      message: "the line names no model",
      hint: "write it behind `vllm serve`, or as --model",
    });
  }
  const refusals: Refusal[] = line.refused.map((message) => ({
    check: "arguments",
    message,
    reason: "vLLM's parser refuses the line.",
  }));
  const { gpus } = degreesOf(line.flags);
  const there = machines.gpusPerNode * machines.nodes;
  if (gpus > there)
    refusals.push({
      check: "world-size",
      message: tooFewGpus(gpus, machines.gpusPerNode),
      reason: `TP x PP x DP asks for ${gpus} GPUs, and ${machines.name} has ${there}.`,
    });
  const read = readOrRefuse(question, refusals);
  if (read === undefined)
    return { question, starts: false, isNear: false, refusals, remarks: line.notes, changes: [] };
  refusals.push(
    ...read.refused.map((message) => ({
      check: "arguments",
      message,
      reason: "vLLM's configuration refuses the values.",
    })),
  );
  const fit = fitOf(read);
  for (const { check, sentence } of fit.violations) {
    const message = engineMessage(check, fit);
    refusals.push({
      check,
      ...(message === undefined ? {} : { message }),
      reason: sentence,
    });
  }
  const starts = refusals.length === 0;
  const { low, high } = fit.loggedTokens;
  const { maxModelLen } = fit.serving;
  const onlyCache = refusals.every(({ check }) => check === "one-sequence-fits");
  const remarks = [...line.notes, ...read.remarks, ...flagRemarks(line, fit, machines)];
  const isServed = starts && asksForWorkload(question.set);
  const shared = isServed ? sharedText(question, read) : [];
  return {
    question,
    starts,
    isNear: onlyCache && low < maxModelLen && high >= maxModelLen,
    refusals,
    fit,
    remarks: [...remarks, ...shared],
    changes: starts ? [] : findStarts(question, read),
    ...(isServed ? { served: servedBy(question, read) } : {}),
  };
}

/** The deployment of a line; a mismatch of checkpoint and method is vLLM's to refuse, all else that cannot be counted is thrown. */
function readOrRefuse(question: LineQuestion, refusals: Refusal[]): LineDeployment | undefined {
  try {
    const read = lineDeployment(question);
    readSituation(read.deployment, { modelConfig: read.modelConfig });
    return read;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "precision-of-checkpoint") throw error;
    refusals.push({
      check: "checkpoint-method",
      message:
        "ValueError: Quantization method specified in the model config does not match the quantization method specified in the `quantization` argument.",
      reason: `${error.message}.`,
    });
    return undefined;
  }
}

function fitOf({ deployment, modelConfig }: LineDeployment): Fit {
  return fitPinned(readSituation(deployment, { modelConfig }));
}

/** Whether a plan can have the line's servers as replicas: one whose own ranks share experts or traffic is planned alone. */
const canShareQueue = ({ deployment: { strategy } }: LineDeployment): boolean =>
  strategy.dataParallel === 1 && strategy.expertParallel === 1;

/** How the load of servers that are alike is counted. */
function sharedText({ alike }: LineQuestion, read: LineDeployment): readonly string[] {
  if (alike === undefined) return [];
  return [
    canShareQueue(read)
      ? `${alike.servers} such servers share the load, each request at the one with the fewest: these are the figures of all.`
      : `${alike.servers} such servers share the load: these are the figures of one, with its part of the rate.`,
  ];
}

/** The deployment with its load: of servers that are alike all with the whole of it, or one with its part. */
function loaded({ line, alike }: LineQuestion, read: LineDeployment): Deployment {
  const { deployment } = read;
  if (alike === undefined) return deployment;
  const { servers, hosts } = alike;
  if (!canShareQueue(read)) {
    const requestRate = deployment.workload.requestRate / servers;
    return { ...deployment, workload: { ...deployment.workload, requestRate } };
  }
  return {
    ...deployment,
    hardware: parseDeployment({ hardware: hardwareOf(hosts, servers * degreesOf(line.flags).gpus) }).hardware,
    strategy: { ...deployment.strategy, dataParallel: servers },
    serving: { ...deployment.serving, oneEngine: false },
  };
}

/** What the line does with its workload, and what a plan of all its machines does by the same rules. */
function servedBy(question: LineQuestion, read: LineDeployment) {
  const { machines, alike, set } = question;
  const { modelConfig } = read;
  const deployment = loaded(question, read);
  const { maxModelLen, maxNumSeqs, maxNumBatchedTokens } = deployment.envelope;
  const { instanceType = "custom", gpu, gpusPerNode, nodes } = machines;
  const own = deployment.hardware;
  const whole =
    instanceType === "custom" ? { ...own, gpu, gpusPerNode, nodes } : { network: own.network, nodes };
  const hardware = alike !== undefined && canShareQueue(read) ? own : { ...whole, instanceType };
  // What a plan keeps free, it keeps free here, too: its advice is what `plan` gives for the same machines.
  const { maxBatchSize, maxMemoryFraction, memoryEpsilon, gpuUtilizationTarget } = parseDeployment(
    {},
    set.filter((each) => each.startsWith("envelope.")),
    "check",
  ).envelope;
  const most = {
    maxNumSeqs: Math.max(128, maxNumSeqs),
    maxNumBatchedTokens: Math.max(8192, maxNumBatchedTokens),
  };
  const isAsynchronousWithRay = hasChange(
    engineProfile("vLLM", { version: deployment.serving.vllmVersion }),
    "asynchronousWithRay",
  );
  const auto = "auto" as const;
  const free: Deployment = {
    ...deployment,
    hardware,
    strategy: {
      ...deployment.strategy,
      ...{ tensorParallel: auto, pipelineParallel: auto, dataParallel: auto },
      ...{ expertParallel: auto, sequenceParallel: auto },
    },
    envelope: {
      ...deployment.envelope,
      ...most,
      ...{ maxModelLen, maxBatchSize, maxMemoryFraction, memoryEpsilon, gpuUtilizationTarget },
    },
    serving: {
      ...deployment.serving,
      ...{ maxNumSeqs: auto, maxNumBatchedTokens: auto, maxCudaGraphTokens: auto },
      ...{ enforceEager: false, oneEngine: false },
      executor: hardware.nodes > 1 || isAsynchronousWithRay ? "ray" : "mp",
    },
  };
  return { line: plan(deployment, { modelConfig }), planned: plan(free, { modelConfig }) };
}
