import { isRateDriven, type Plan } from "../../strategy";
import { percent, significant } from "../format-number";
import type { Fact, Section } from "../report-document";
import { cannotRun, emptySection } from "./cannot-run";
import { fact } from "./fact";

/** How evenly memory and work lie on the GPUs, and how busy they are. */
export function balanceSection(plan: Plan): Section {
  if (cannotRun(plan)) return emptySection("balance", "Load balance");
  const { balance, deployment } = plan;
  const limit = (text: string): Partial<Fact> => ({ note: `limit ${text}` });
  const facts: readonly Fact[] = [
    fact(
      "Spread of memory demand, (max - min) / mean",
      significant(balance.memoryEpsilon),
      "balance.memoryEpsilon",
      limit(significant(deployment.envelope.memoryEpsilon)),
    ),
    fact("Spread of compute per step", significant(balance.computeEpsilon), "balance.computeEpsilon"),
    fact(
      "GPU utilisation: the load, of what the GPUs can serve",
      percent(balance.gpuUtilization),
      "balance.gpuUtilization",
      isRateDriven(plan) ? limit(percent(deployment.envelope.gpuUtilizationTarget)) : {},
    ),
    fact("Lost to pipeline bubbles", percent(balance.bubbleShare), "balance.bubbleShare"),
  ];
  return { id: "balance", title: "Load balance", blocks: [{ kind: "facts", facts }] };
}
