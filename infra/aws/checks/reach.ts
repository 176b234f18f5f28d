import { BlockList, isIPv4 } from "node:net";
import type { Finding } from "../../checks/finding";
import type { Asked } from "./asked";

/** AWS's own answer to "which address do I come from?". */
const ADDRESS_OF_CALLER = "https://checkip.amazonaws.com";
const SECONDS = 5;

/** Whether the machines would let this one in: the program waits ten minutes for a machine that does not. */
export async function lookAtReach({ plan }: Asked): Promise<Finding | undefined> {
  // By which address private machines see this one, only their network knows.
  if (!plan.deployment.aws.publicAddress) return undefined;
  const answer = await fetch(ADDRESS_OF_CALLER, { signal: AbortSignal.timeout(SECONDS * 1000) });
  return reachFrom((await answer.text()).trim(), plan.deployment.aws.sshAllowedCidrs);
}

/** What the ranges that may reach SSH mean for a machine with this address. */
export function reachFrom(address: string, cidrs: readonly string[]): Finding {
  if (!isIPv4(address)) throw new Error(`${ADDRESS_OF_CALLER} answers "${address.slice(0, 40)}"`);
  const allowed = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", bits = "32"] = cidr.split("/");
    allowed.addSubnet(network, Number(bits));
  }
  if (allowed.check(address)) {
    return { verdict: "passes", text: `this machine's address ${address} is in aws.sshAllowedCidrs` };
  }
  return {
    verdict: "warns",
    text:
      `aws.sshAllowedCidrs: this machine is seen as ${address}, which is in none of the ranges; unless it reaches AWS ` +
      `by another way: pulumi config set --path 'shardplan:aws.sshAllowedCidrs[${cidrs.length}]' ${address}/32`,
  };
}
