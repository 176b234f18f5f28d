import { firstVersionWith, hasChange } from "../../performance";
import type { Situation } from "../situation";
import type { Strategy } from "../types";
import type { Requirement } from "./requirement";

const KEY = "serving.decodeContextParallel";
const OFF = `set ${KEY} to 1`;

/**
 * First compute capability whose kernels for grouped attention return what ranks weight their results by (`supports_dcp` of
 * v1/attention/backends in 0.33.0: FlashAttention, FlashInfer); Triton's for latent attention does everywhere.
 */
const GROUPED_SINCE = 8;

function met(
  isMet: boolean,
  of: Omit<Requirement, "value" | "limit" | "unit" | "bound" | "configKey">,
): Requirement {
  return { ...of, configKey: KEY, value: isMet ? 1 : 0, limit: 1, unit: "met", bound: "least" };
}

function versionIsRead({ engine, deployment }: Situation): Requirement {
  return met(hasChange(engine, "decodeContextParallel"), {
    id: "context-version",
    requirement: `decode context parallelism is planned for ${firstVersionWith("decodeContextParallel")} and later; older versions were not read`,
    valueText: `serving.vllmVersion is ${deployment.serving.vllmVersion}`,
    change: `raise serving.vllmVersion, or ${OFF}`,
  });
}

/** vllm/config/parallel.py and model.py, verify_with_parallel_config. */
function degreeFits({ model, deployment }: Situation, { tensorParallel }: Strategy): Requirement[] {
  const { decodeContextParallel: ranks } = deployment.serving;
  const divides = met(tensorParallel % ranks === 0, {
    id: "context-divides",
    requirement: "the ranks that share the cache divide the tensor-parallel ranks",
    valueText: `${ranks} of TP ${tensorParallel}`,
    change: `set ${KEY} to a divisor of the TP degree`,
  });
  if (model.latentAttention) return [divides];
  const { keyValueHeads, attentionHeads } = model;
  const copies = Math.floor(tensorParallel / keyValueHeads);
  const perHead = Math.floor(attentionHeads / keyValueHeads);
  return [
    divides,
    {
      id: "context-copies",
      requirement: `at most as many ranks share the cache as hold copies of a key-value head: TP over ${keyValueHeads} heads`,
      value: ranks,
      limit: Math.max(1, copies),
      unit: "ranks",
      bound: "most",
      valueText: `${ranks} ranks, and TP ${tensorParallel} makes ${Math.max(1, copies)} ${copies > 1 ? "copies" : "copy"} of each head`,
      configKey: KEY,
      change: copies > 1 ? `set ${KEY} to at most ${copies}` : `${OFF}: no rank holds a copy`,
    },
    met(perHead % ranks === 0, {
      id: "context-queries",
      requirement: `the ${perHead} query heads of each key-value head divide evenly over the ranks that share the cache`,
      valueText: `${perHead} over ${ranks}`,
      change: `set ${KEY} to a divisor of ${perHead}`,
    }),
  ];
}

/** Kernels and models: windows are refused by vLLM, states and sparse attention are not priced. */
function attentionFits({ model, hardware, draft }: Situation): Requirement[] {
  const mixers = model.tensors?.layers.flatMap(({ mixer }) => (mixer ? [mixer] : [])) ?? [];
  const isPlain = mixers.every(
    (mixer) =>
      (mixer.kind === "attention" && mixer.window === undefined) ||
      (mixer.kind === "latent" && !mixer.indexer),
  );
  const { computeCapability, name } = hardware.gpu;
  return [
    met(isPlain && model.slidingWindow === undefined, {
      id: "context-attention",
      requirement:
        "every layer attends to the whole context: vLLM shares no cache of a window, and states and sparse attention are not priced",
      valueText: `${model.name} has other layers`,
      change: OFF,
    }),
    met(model.latentAttention !== undefined || (computeCapability ?? 0) >= GROUPED_SINCE, {
      id: "context-kernel",
      requirement: `vLLM's kernels for grouped attention share a cache from compute capability ${GROUPED_SINCE}.0 on`,
      valueText: `${name} has ${computeCapability ?? "none that is known"}`,
      change: `${OFF}, or set hardware.instanceType to one with A100 GPUs or newer`,
    }),
    met(draft === undefined, {
      id: "context-drafts",
      requirement: "drafts and a shared cache are not priced together",
      valueText: `serving.speculative.method is ${draft?.method ?? "off"}`,
      change: `${OFF}, or set serving.speculative.method to off`,
    }),
  ];
}

/** What decode context parallelism asks of version, model, GPU and strategy, as vLLM 0.33 does; nothing without it. */
export function contextRequirements(situation: Situation, strategy: Strategy): Requirement[] {
  if (situation.deployment.serving.decodeContextParallel === 1) return [];
  return [versionIsRead(situation), ...degreeFits(situation, strategy), ...attentionFits(situation)];
}
