import { firstVersionWith, hasChange } from "../../performance";
import type { Situation } from "../situation";
import type { Requirement } from "./requirement";

/** An older vLLM takes the interval and does nothing with it: what was simulated would not be what runs. */
export function prefillIntervalWorks({ deployment, engine }: Situation): Requirement[] {
  const { prefillInterval, vllmVersion } = deployment.serving;
  if (prefillInterval === 1 || hasChange(engine, "localPrefillInterval")) return [];
  return [
    {
      id: "prefill-interval",
      requirement: `prompts are held back by ${firstVersionWith("localPrefillInterval")} and later only`,
      value: prefillInterval,
      limit: 1,
      unit: "steps",
      bound: "most",
      valueText: `serving.prefillInterval is ${prefillInterval} with vLLM ${vllmVersion}`,
      configKey: "serving.prefillInterval",
      change: "set serving.prefillInterval to 1 or raise serving.vllmVersion",
    },
  ];
}
