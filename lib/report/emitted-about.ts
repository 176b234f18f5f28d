import { type Plan, strategyLabel } from "../strategy";
import { lengthsText, loadText, verdict } from "./verdict";

/**
 * What a file that leaves shardplan says of its plan, a line each: model, machines, load, and whether the plan holds. `command`
 * makes the file again.
 */
export function emittedAbout(plan: Plan, command: string): readonly string[] {
  const { model, hardware, workload, serving } = plan.deployment;
  const machines = `${hardware.nodes} x ${plan.instance.name} (${plan.gpu.name})`;
  const { text, tone } = verdict(plan);
  return [
    `Made by shardplan: ${model.name} on ${machines}, ${strategyLabel(plan.strategy)}, vLLM ${serving.vllmVersion}.`,
    `Load: ${loadText(plan)}, ${lengthsText(workload)}.`,
    // The mark before a verdict is for a terminal.
    `${tone === "good" ? "Plan" : "THE PLAN DOES NOT MEET ITS REQUIREMENTS"}: ${text.replace(/^\S /, "")}`,
    `The command: ${command}`,
  ];
}
