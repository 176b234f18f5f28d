import { type Deployment, UserError } from "../config";
import { findGpu, findInstanceType, findOneGpu } from "./find";
import { gpuOf } from "./gpus/row";
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

/** A GPU that the config describes by its figures. */
function customGpu(figures: NonNullable<Deployment["hardware"]["custom"]>): Gpu {
  const { memoryGib, fp8Tflops, fp4Tflops, linkGbPerSecond, computeCapability } = figures;
  return gpuOf({
    name: "custom",
    nominalMemoryGb: Math.round(memoryGib),
    memoryGib,
    visibleGib: memoryGib,
    hbmGbPerSecond: figures.memoryGbPerSecond,
    tflops: {
      bf16: figures.bf16Tflops,
      // Every maker's INT8 peak is at least twice the BF16 one; nothing else is known of this GPU.
      int8: 2 * figures.bf16Tflops,
      ...(fp8Tflops === undefined ? {} : { fp8: fp8Tflops }),
      ...(fp4Tflops === undefined ? {} : { fp4: fp4Tflops }),
    },
    ...(linkGbPerSecond === undefined ? {} : { linkGbPerSecond }),
    pcieGbPerSecond: figures.pcieGbPerSecond,
    ...(computeCapability === undefined ? {} : { computeCapability }),
    provenance: { source: "hardware.custom of the config", date: "as given" },
  });
}

/** The GPU of a custom host: of the catalogue, or by its figures. */
function gpuOfCustomHost({ gpu, custom }: Deployment["hardware"]): Gpu {
  if (custom !== undefined) return customGpu(custom);
  if (gpu === undefined) throw need("gpu", "H100-SXM-80GB, or the GPU's figures in hardware.custom");
  return findOneGpu(gpu);
}

/** A host that no catalogue row describes: only the GPUs are known, the rest is left at 0 and never used in a figure. */
function customHost(hardware: Deployment["hardware"], gpu: Gpu): InstanceType {
  if (hardware.gpusPerNode === undefined) throw need("gpusPerNode", "8");
  return {
    name: "custom",
    gpu: gpu.name,
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
    (hardware.gpu !== undefined || hardware.gpusPerNode !== undefined || hardware.custom !== undefined)
  ) {
    throw new UserError({
      code: "hardware-given-twice",
      where:
        hardware.gpu !== undefined
          ? "hardware.gpu"
          : hardware.custom !== undefined
            ? "hardware.custom"
            : "hardware.gpusPerNode",
      message: `instance type ${hardware.instanceType} already says which GPUs it has`,
      hint: "remove the key, or set hardware.instanceType to custom",
    });
  }
  const custom = hardware.instanceType === "custom";
  const gpu = custom ? gpuOfCustomHost(hardware) : findGpu(findInstanceType(hardware.instanceType).gpu);
  const instance = custom ? customHost(hardware, gpu) : findInstanceType(hardware.instanceType);
  return { gpu, instance, nodes: hardware.nodes, gpus: hardware.nodes * instance.gpus };
}
