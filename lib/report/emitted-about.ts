import { type Plan, strategyLabel } from "../strategy";
import { lengthsText, loadText, verdict } from "./verdict";

/**
 * What a file that leaves shardplan says of its plan, a line each: model, machines, load, whether the plan holds, and the
 * command that makes the file again, where there is one.
 */
export function emittedAbout(plan: Plan, command?: string): readonly string[] {
  const { model, hardware, workload, serving } = plan.deployment;
  const machines = `${hardware.nodes} x ${plan.instance.name} (${plan.gpu.name})`;
  const { text, tone } = verdict(plan);
  return [
    `Made by shardplan: ${model.name} on ${machines}, ${strategyLabel(plan.strategy)}, vLLM ${serving.vllmVersion}.`,
    `Load: ${loadText(plan)}, ${lengthsText(workload)}.`,
    // The mark before a verdict is for a terminal.
    `${tone === "good" ? "Plan" : "THE PLAN DOES NOT MEET ITS REQUIREMENTS"}: ${text.replace(/^\S /, "")}`,
    ...(command === undefined ? [] : [`The command: ${command}`]),
  ];
}
