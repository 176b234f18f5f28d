import { deploymentCommands, vllmArguments } from "../../serving";
import type { Plan } from "../../strategy";
import type { PlanCommands } from "./plan-json";

/** Commands of the plan, from the functions that the service units are written with. */
export function planCommands(plan: Plan): PlanCommands {
  const { rayHead = null, rayWorker = null } = deploymentCommands(plan);
  return { vllmArgs: vllmArguments(plan), rayHead, rayWorker };
}
