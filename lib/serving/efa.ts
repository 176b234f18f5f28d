import type { Plan } from "../strategy";
import { engineServers } from "./servers";

/** A network interface of a machine, where EC2 puts it and what it is. */
export interface NetworkInterface {
  readonly networkCardIndex: number;
  readonly deviceIndex: number;
  /** `interface` has an address, `efa-only` carries NCCL and nothing else. */
  readonly interfaceType: "interface" | "efa-only";
}

/** Types whose first network card has no EFA: their EFA cards are counted from 1 (EC2 says 17 cards, 16 with EFA). */
const FIRST_CARD_WITHOUT_EFA = ["p6-b300.48xlarge"];

/** Servers whose ranks are on several hosts, in a plan that counts on EFA between them. */
export const serversOverEfa = (plan: Plan) =>
  plan.deployment.hardware.network === "efa"
    ? engineServers(plan).filter(({ nodes }) => nodes.length > 1)
    : [];

/** Whether NCCL is to go over EFA. A plan of which no server spans hosts has nothing to send. */
export const usesEfa = (plan: Plan): boolean => serversOverEfa(plan).length > 0;

/**
 * The interfaces as AWS documents them for types with several network cards ("Maximize network bandwidth on Amazon EC2
 * instances with multiple network cards", EC2 User Guide, read 2026-11-27): an ordinary one first, as EFA-only may not be
 * the primary one; beside it, as device 1 of the same card, EFA-only where that card has EFA; device 0 of each further card.
 */
export function networkInterfaces({ instance }: Pick<Plan, "instance">): readonly NetworkInterface[] {
  const first = FIRST_CARD_WITHOUT_EFA.includes(instance.name) ? 1 : 0;
  const cards = Array.from({ length: instance.efaInterfaces }, (_, at) => first + at);
  return [
    { networkCardIndex: 0, deviceIndex: 0, interfaceType: "interface" },
    ...cards.map((card) => ({
      networkCardIndex: card,
      deviceIndex: card === 0 ? 1 : 0,
      interfaceType: "efa-only" as const,
    })),
  ];
}

/** Folder of libfabric on AWS's image, as the EFA installer has it. */
export const LIBFABRIC = "/opt/amazon/efa/lib";

/** Where AWS's installers put NCCL's plugin, aws-ofi-nccl: the newer one on Ubuntu first. */
export const NCCL_PLUGIN_FOLDERS = [
  "/opt/amazon/ofi-nccl/lib/x86_64-linux-gnu",
  "/opt/amazon/ofi-nccl/lib",
  "/opt/amazon/aws-ofi-nccl/lib",
  "/opt/aws-ofi-nccl/lib",
] as const;

/**
 * What NCCL needs to find the plugin. No more: libfabric finds EFA by itself, and its old switches (FI_PROVIDER,
 * FI_EFA_USE_DEVICE_RDMA, NCCL_PROTO) are to be left alone (AWS's EFA cheat sheet, awslabs/awsome-distributed-ai).
 */
export const efaEnvironment = (plan: Plan): Readonly<Record<string, string>> =>
  usesEfa(plan) ? { LD_LIBRARY_PATH: [...NCCL_PLUGIN_FOLDERS, LIBFABRIC].join(":") } : {};
