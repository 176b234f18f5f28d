import type { Gpu } from "../../catalog";
import type { Plan } from "../../strategy";
import { bytes, bytesPerSecond, count, gibibytes, plain, teraflops } from "../format-number";
import type { Fact, Section } from "../report-document";
import { fact } from "./fact";

/** What the plan runs on: hosts, GPUs, links, peaks. */
export function hardwareSection(plan: Plan): Section {
  const { instance, gpu, deployment } = plan;
  const nodes = deployment.hardware.nodes;
  const gpus = nodes * instance.gpus;
  const facts: readonly Fact[] = [
    fact("Hosts", `${count(nodes)} x ${instance.name}`, "hardware.nodes"),
    fact("GPUs", `${count(gpus)} x ${gpu.name}`, "hardware.instance.gpus", usedNote(plan, gpus)),
    fact("Memory per GPU, data sheet", bothUnits(gpu.memoryBytes), "hardware.gpu.memoryBytes"),
    fact(
      "Memory per GPU, as CUDA reports it",
      bothUnits(gpu.visibleMemoryBytes),
      "hardware.gpu.visibleMemoryBytes",
    ),
    fact("Memory of all GPUs", bothUnits(gpus * gpu.memoryBytes), "hardware.gpu.memoryBytes"),
    fact("Memory bandwidth", bytesPerSecond(gpu.hbmBytesPerSecond), "hardware.gpu.hbmBytesPerSecond"),
    ...links(gpu),
    ...peaks(gpu),
    fact("Network of a host", `${plain(instance.networkGbps)} Gbit/s`, "hardware.instance.networkGbps"),
    fact(
      "CPU and memory of a host",
      `${count(instance.vcpus)} vCPU, ${count(instance.memoryGib)} GiB`,
      "hardware.instance.vcpus",
    ),
    fact(
      "Local storage of a host",
      bytes(instance.instanceStorageGb * 1e9),
      "hardware.instance.instanceStorageGb",
    ),
  ];
  return { id: "hardware", title: "Hardware environment", blocks: [{ kind: "facts", facts }] };
}

/** An "80 GB" card holds 80 GiB: both units, or a reader takes one figure for a mistake. */
const bothUnits = (value: number): string => `${bytes(value)} (${gibibytes(value)})`;

const usedNote = (plan: Plan, gpus: number): Partial<Fact> =>
  plan.strategy.gpus < gpus ? { note: `the plan uses ${plan.strategy.gpus} of them` } : {};

function links(gpu: Gpu): readonly Fact[] {
  const nvlink = gpu.nvlinkBytesPerSecond;
  const pcie = fact(
    "PCIe per GPU",
    `${bytesPerSecond(gpu.pcieBytesPerSecond)} per direction`,
    "hardware.gpu.pcieBytesPerSecond",
  );
  if (nvlink === undefined) return [fact("NVLink", "none"), pcie];
  const text = `${bytesPerSecond(nvlink)} per direction`;
  const note = `${bytesPerSecond(2 * nvlink)} counting both directions; bytes, not bits`;
  return [fact("NVLink per GPU", text, "hardware.gpu.nvlinkBytesPerSecond", { note }), pcie];
}

function peaks(gpu: Gpu): readonly Fact[] {
  const bf16 = fact(
    "Peak arithmetic, BF16 dense",
    teraflops(gpu.bf16FlopsPerSecond),
    "hardware.gpu.bf16FlopsPerSecond",
  );
  if (gpu.fp8FlopsPerSecond === undefined) return [bf16];
  return [
    bf16,
    fact("Peak arithmetic, FP8 dense", teraflops(gpu.fp8FlopsPerSecond), "hardware.gpu.fp8FlopsPerSecond"),
  ];
}
