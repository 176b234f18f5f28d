import { runProgram } from "../run-program";

/** A bridge of its own for the hosts of one run; addresses are private and reachable from this machine only. */
export interface LocalNetwork {
  readonly bridge: string;
  /** First three octets: the bridge is `.1`, host n is `.(10 + n)`. */
  readonly prefix: string;
}

/** Bridges are numbered, and so are their networks: 10.213.N.0/24. */
const SECOND_OCTET = "10.213";
const MOST_NETWORKS = 250;

/** Makes a bridge with the first free number, so that runs side by side do not meet. */
export async function openNetwork(): Promise<LocalNetwork> {
  for (let number = 1; number <= MOST_NETWORKS; number++) {
    const network = { bridge: `shardplan${number}`, prefix: `${SECOND_OCTET}.${number}` };
    if (await addBridge(network.bridge)) {
      await runProgram("ip", ["address", "add", `${network.prefix}.1/24`, "dev", network.bridge]);
      await runProgram("ip", ["link", "set", network.bridge, "up"]);
      return network;
    }
  }
  throw new Error(`all ${MOST_NETWORKS} bridges shardplan* are in use`);
}

/** Removes the bridge and the hosts' ends on it, which a stopped host gives back only some time later. */
export async function closeNetwork({ bridge }: LocalNetwork): Promise<void> {
  const ports = await runProgram("ip", ["-oneline", "link", "show", "master", bridge]).catch(ignoreAbsence);
  const names = [...(ports ?? "").matchAll(/^\d+: ([^@:]+)/gm)].map(([, name = ""]) => name);
  for (const name of [...names, bridge]) {
    await runProgram("ip", ["link", "delete", name]).catch(ignoreAbsence);
  }
}

function ignoreAbsence(error: Error): void {
  if (!/Cannot find device|does not exist/.test(error.message)) throw error;
}

export function hostAddress({ prefix }: LocalNetwork, number: number): string {
  return `${prefix}.${10 + number}`;
}

/** False when the bridge exists. */
async function addBridge(bridge: string): Promise<boolean> {
  try {
    await runProgram("ip", ["link", "add", bridge, "type", "bridge"]);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("File exists")) return false;
    throw error;
  }
}
