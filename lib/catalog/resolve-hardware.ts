import { type Deployment, UserError } from "../config";
import { findGpu, findInstanceType } from "./find";
import type { Gpu, InstanceType } from "./types";

/** The hosts of a deployment. */
export interface Hardware {
  readonly gpu: Gpu;
  readonly instance: InstanceType;
  readonly nodes: number;
  /** All GPUs of all nodes. */
  readonly gpus: number;
}

const need = (key: string, example: string) =>
  new UserError({
    code: "custom-hardware-incomplete",
    where: `hardware.${key}`,
    message: `instanceType custom needs hardware.${key}`,
    hint: `set hardware.${key}, for example ${example}`,
  });

/** A host that no catalogue row describes: only the GPUs are known, the rest is left at 0 and never used in a figure. */
function customHost(hardware: Deployment["hardware"]): InstanceType {
  if (hardware.gpu === undefined) throw need("gpu", "H100-SXM-80GB");
  if (hardware.gpusPerNode === undefined) throw need("gpusPerNode", "8");
  return {
    name: "custom",
    gpu: findGpu(hardware.gpu).name,
    gpus: hardware.gpusPerNode,
    vcpus: 0,
    memoryGib: 0,
    instanceStorageGb: 0,
    // Assumed for hosts that say nothing of their network: one 100 Gbit/s port, the least that current GPU servers have.
    networkGbps: 100,
    efaInterfaces: 0,
    provenance: {
      source: "hardware.gpu and hardware.gpusPerNode of the config; network assumed 100 Gbit/s",
      date: "2026-11-22",
    },
  };
}

/** Turns the hardware section of a deployment into catalogue rows. Throws a UserError for unknown or incomplete names. */
export function resolveHardware(hardware: Deployment["hardware"]): Hardware {
  if (
    hardware.instanceType !== "custom" &&
    (hardware.gpu !== undefined || hardware.gpusPerNode !== undefined)
  ) {
    throw new UserError({
      code: "hardware-given-twice",
      where: hardware.gpu !== undefined ? "hardware.gpu" : "hardware.gpusPerNode",
      message: `instance type ${hardware.instanceType} already says which GPUs it has`,
      hint: "remove the key, or set hardware.instanceType to custom",
    });
  }
  const instance =
    hardware.instanceType === "custom" ? customHost(hardware) : findInstanceType(hardware.instanceType);
  return {
    gpu: findGpu(instance.gpu),
    instance,
    nodes: hardware.nodes,
    gpus: hardware.nodes * instance.gpus,
  };
}
