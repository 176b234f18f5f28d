import { join } from "node:path";
import { readStackFile } from "../../../lib/config";
import type { ReportOptions } from "../../../lib/report";
import { loadCurve, type Plan, plan, sensitivity } from "../../../lib/strategy";

const ROOT = join(__dirname, "../../..");
const plans = new Map<string, Plan>();
const details = new Map<string, ReportOptions>();

/** The planner's own plan of a stack, made once per run. `overrides` as in `--set`. */
export function stackPlan(stack: string, overrides: readonly string[] = []): Plan {
  const key = [stack, ...overrides].join(" ");
  const made = plans.get(key) ?? plan(readStackFile(join(ROOT, `Pulumi.${stack}.yaml`), overrides));
  plans.set(key, made);
  return made;
}

/** The reference model on the reference machine, one GPU per replica: 141 GB of weights do not fit in 80 GB. */
export function failingPlan(): Plan {
  return stackPlan("prod", ["strategy.tensorParallel=1", "strategy.dataParallel=8"]);
}

/** What `shardplan plan --full` passes: plain text of 100 columns, load curve and sensitivity. */
export function fullOptions(stack: string): ReportOptions {
  const known = details.get(stack);
  if (known) return known;
  const made = stackPlan(stack);
  const options = { color: false, width: 100, loadCurve: loadCurve(made), sensitivity: sensitivity(made) };
  details.set(stack, options);
  return options;
}
