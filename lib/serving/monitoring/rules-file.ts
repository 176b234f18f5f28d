import type { Plan } from "../../strategy";
import { yamlText } from "../yaml-text";
import { alertRules } from "./alerts";
import { slowShareRules } from "./burn-rate";
import { recordingRules } from "./records";
import type { Rule } from "./rule";
import { seriesOf } from "./series";
import { monitoringThresholds } from "./thresholds";

/**
 * The rules of a stack's plan as a file that Prometheus loads (`rule_files`). They look at nothing but series with the label
 * `stack`, and give what they record and raise the same: those of several stacks may stand side by side. They expect vLLM's
 * metrics under the job `vllm`, the gateway's under `gateway`, and those of the node and DCGM exporters under any.
 */
export function rulesFile(plan: Plan, stack: string): string {
  const series = seriesOf(stack);
  const slow = slowShareRules(series, monitoringThresholds(plan));
  const group = (name: string, seconds: number, rules: readonly Rule[]) => ({
    name: `shardplan-${stack}-${name}`,
    interval: `${seconds}s`,
    rules: rules.map((rule) => ({
      ...rule,
      labels: { ...("alert" in rule ? rule.labels : {}), stack },
    })),
  });
  const groups = [
    group("records", 15, recordingRules(plan, series)),
    group("slow-shares", 30, slow),
    group("alerts", 15, alertRules(plan, series)),
  ];
  return yamlText({ groups });
}
