import type { LineCheck, Refusal } from "./check-line";
import type { FoundCommand } from "./find-commands";
import { degreesOf } from "./line-deployment";
import { readMachines } from "./machines";

/** A command of a file, and what becomes of it alone. */
export interface CheckedCommand {
  readonly command: FoundCommand;
  readonly check: LineCheck;
}

/** Beyond what rounding of two shares makes. */
const WHOLE = 1 + 1e-9;

/**
 * The checks of commands that one machine is to run, each with what those before it leave of its GPUs: a server takes its share
 * of each of them at start, and vLLM does not start where less is free. GPUs that the machine lacks are refused, too. Commands of
 * which no file says on which GPUs they run are left as they are.
 * @param on The machine, as in 4xH100
 */
export function besideEachOther(checked: readonly CheckedCommand[], on: string): readonly CheckedCommand[] {
  // A GPU without a number, as in `--on H100`, stands for as many as are needed.
  const there = readMachines(on, { nodes: 1, wanted: 0 }).gpusPerNode || Number.POSITIVE_INFINITY;
  const takers = new Map<number, { readonly where: string; readonly share: number }[]>();
  return checked.map((one) => {
    const { command, check } = one;
    const { gpuIds, where } = command;
    if (gpuIds === undefined) return one;
    const { gpus } = degreesOf(check.question.line.flags);
    const own = gpuIds === "all" ? Array.from({ length: gpus }, (_, at) => at) : gpuIds;
    const lacking = own.filter((id) => id >= there);
    if (lacking.length > 0)
      return refused(one, {
        check: "gpu-exists",
        reason: `It is given GPU ${lacking.join(", ")}, and ${on} has ${there === 1 ? "GPU 0 alone" : `GPUs 0 to ${there - 1}`}: name others in device_ids.`,
      });
    const share = check.fit?.serving.gpuMemoryUtilization ?? 0;
    const used = own.slice(0, gpus);
    const full = used.find((id) => sum(takers.get(id) ?? []) + share > WHOLE);
    const others = full === undefined ? [] : (takers.get(full) ?? []);
    for (const id of used) takers.set(id, [...(takers.get(id) ?? []), { where, share }]);
    return full === undefined
      ? one
      : refused(one, {
          check: "memory-free",
          reason: `GPU ${full} is also used by ${others.map((each) => `${each.where} (${each.share})`).join(" and ")}, and with its own ${share} more than the GPU has: give it other GPUs in device_ids, or lower --gpu-memory-utilization of both.`,
        });
  });
}

const sum = (takers: readonly { readonly share: number }[]): number =>
  takers.reduce((total, { share }) => total + share, 0);

/** One more reason why vLLM does not start: what it would have served no longer counts. */
function refused({ command, check }: CheckedCommand, refusal: Refusal): CheckedCommand {
  const { served: _, ...alone } = check;
  return {
    command,
    check: { ...alone, starts: false, isNear: false, refusals: [...check.refusals, refusal] },
  };
}
