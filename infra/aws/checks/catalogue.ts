import * as aws from "@pulumi/aws";
import { findGpu } from "../../../lib/catalog";
import type { Finding } from "../../checks/finding";
import type { Asked } from "./asked";

const MIB = 2 ** 20;
/** Makers and drivers count memory in their own ways; two sizes of a GPU are further apart. */
const MEMORY_TOLERANCE = 0.1;

interface Difference {
  readonly what: string;
  readonly planned: number;
  readonly found: number;
  /** Another number of these makes the plan another one. */
  readonly decides: boolean;
}

/** Whether the type is what the plan took it for: GPUs, memory, network. */
export async function lookAtCatalogue({ plan: { instance }, account }: Asked): Promise<Finding> {
  const type = await aws.ec2.getInstanceType({ instanceType: instance.name }, account);
  // What a type has none of, the plugin leaves out.
  const { gpuses, efaMaximumInterfaces }: Partial<aws.ec2.GetInstanceTypeResult> = type;
  const [gpu] = gpuses ?? [];
  const memoryMib = findGpu(instance.gpu).memoryBytes / MIB;
  const isMemory = Math.abs((gpu?.memorySize ?? 0) / memoryMib - 1) <= MEMORY_TOLERANCE;
  const compared: Difference[] = [
    { what: "GPUs", planned: instance.gpus, found: gpu?.count ?? 0, decides: true },
    ...(isMemory
      ? []
      : [{ what: "MiB of memory a GPU", planned: memoryMib, found: gpu?.memorySize ?? 0, decides: true }]),
    { what: "vCPUs", planned: instance.vcpus, found: type.defaultVcpus, decides: false },
    { what: "GiB of memory", planned: instance.memoryGib, found: type.memorySize / 1024, decides: false },
    {
      what: "EFA interfaces",
      planned: instance.efaInterfaces,
      found: efaMaximumInterfaces ?? 0,
      decides: false,
    },
  ];
  const differing = compared.filter(({ planned, found }) => planned !== found);
  if (differing.length === 0) {
    const text = `EC2 says of ${instance.name} what was planned: ${instance.gpus} x ${gpu?.name}, ${gpu?.memorySize} MiB each`;
    return { verdict: "passes", text };
  }
  const words = differing.map(({ what, planned, found }) => `${found} ${what} (planned with ${planned})`);
  return {
    verdict: differing.some(({ decides }) => decides) ? "fails" : "warns",
    text: `hardware.instanceType: EC2 says that ${instance.name} has ${words.join(", ")}; choose another type`,
  };
}
