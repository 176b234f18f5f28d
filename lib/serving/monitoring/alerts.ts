import type { Plan } from "../../strategy";
import { engineAlerts } from "./alerts/engine";
import { gpuAlerts } from "./alerts/gpus";
import { hostAlerts } from "./alerts/hosts";
import { latencyAlerts } from "./alerts/latency";
import { loadAlerts } from "./alerts/load";
import { burnRateAlerts } from "./burn-rate";
import type { AlertRule } from "./rule";
import type { Series } from "./series";
import { monitoringThresholds } from "./thresholds";

/** Every alert of a plan. Those on GPUs are left out where there is none, those on figures that the plan lacks too. */
export function alertRules(plan: Plan, series: Series): readonly AlertRule[] {
  const thresholds = monitoringThresholds(plan);
  return [
    ...engineAlerts(series, thresholds),
    ...hostAlerts(series),
    ...loadAlerts(series, thresholds),
    ...(plan.gpu.kind === "cpu" ? [] : gpuAlerts(series, thresholds)),
    // What is reckoned for a processor was never held against one: it is no band to be alarmed by.
    ...latencyAlerts(series, thresholds, { bands: plan.gpu.kind !== "cpu" }),
    ...burnRateAlerts(series, thresholds),
  ];
}
