import { findInstanceType, gpusMeant, listGpus, listInstanceTypes } from "../../catalog";
import { type DeploymentInput, inBackticks, nearestNames, UserError } from "../../config";

/** The hosts that a line runs on. */
export interface Machines {
  /** As a reader knows them: `p5.48xlarge`, `4 x H100-SXM-80GB`. */
  readonly name: string;
  readonly gpu: string;
  readonly gpusPerNode: number;
  readonly nodes: number;
  /** Absent for hosts that EC2 does not sell. */
  readonly instanceType?: string;
}

/**
 * Machines by an instance type, a GPU, or GPUs with their number (`4xH100`); a GPU alone is as many as the line asks for.
 * Throws a UserError for a name that the catalogue lacks.
 */
export function readMachines(
  text: string,
  { nodes, wanted }: { readonly nodes: number; readonly wanted: number },
): Machines {
  const type = listInstanceTypes().find(({ name }) => name === text);
  if (type)
    return {
      name: nodes > 1 ? `${nodes} x ${text}` : text,
      gpu: type.gpu,
      gpusPerNode: type.gpus,
      nodes,
      instanceType: text,
    };
  const [, count, name = text] = /^(\d+)\s*x\s*(.+)$/i.exec(text) ?? [];
  const [gpu] = gpusMeant(name.trim());
  if (gpu !== undefined) {
    const gpusPerNode = count === undefined ? Math.ceil(wanted / nodes) : Number(count);
    return {
      name: `${nodes > 1 ? `${nodes} x ` : ""}${gpusPerNode} x ${gpu.name}`,
      gpu: gpu.name,
      gpusPerNode,
      nodes,
    };
  }
  if (/^[a-z]+\d\w*\.\w+$/i.test(text)) findInstanceType(text);
  const known = [...listGpus().map((each) => each.name), ...listInstanceTypes().map((each) => each.name)];
  throw new UserError({
    code: "unknown-machine",
    where: `--on ${text}`,
    message: `no instance type and no GPU of that name, nearest are ${nearestNames(name, known).join(", ")}`,
    hint: `${inBackticks("hardware")} lists all; write --on p5.48xlarge, or --on 4xH100`,
  });
}

/** The hosts as a deployment of so many GPUs: those that the line leaves idle are not part of it. */
export function hardwareOf(machines: Machines, gpus: number): DeploymentInput["hardware"] {
  const { instanceType, gpusPerNode, gpu } = machines;
  if (gpus <= gpusPerNode) return { instanceType: "custom", gpu, gpusPerNode: gpus };
  const nodes = Math.ceil(gpus / gpusPerNode);
  return instanceType === undefined
    ? { instanceType: "custom", gpu, gpusPerNode, nodes }
    : { instanceType, nodes };
}
