import { BlockList, isIPv4 } from "node:net";
import type { Finding } from "../../checks/finding";
import { type Bastion, probeBastion } from "../../hosts/bastion";
import type { Asked } from "./asked";

/** AWS's own answer to "which address do I come from?". */
const ADDRESS_OF_CALLER = "https://checkip.amazonaws.com";
const SECONDS = 5;

/** Whether the machines would let this one in: the program waits ten minutes for a machine that does not. */
export async function lookAtReach({ plan, bastion }: Asked): Promise<Finding | undefined> {
  if (bastion !== undefined) return lookThrough(bastion, plan.deployment.aws.sshAllowedCidrs);
  // By which address private machines see this one, only their network knows.
  if (!plan.deployment.aws.publicAddress) return undefined;
  const answer = await fetch(ADDRESS_OF_CALLER, { signal: AbortSignal.timeout(SECONDS * 1000) });
  return reachFrom((await answer.text()).trim(), plan.deployment.aws.sshAllowedCidrs);
}

/** Whether the bastion lets this machine in, and the machines the bastion. */
async function lookThrough(bastion: Bastion, cidrs: readonly string[]): Promise<Finding> {
  const problem = await probeBastion(bastion);
  return problem === undefined
    ? reachThrough(bastion.target.address, cidrs)
    : { verdict: "fails", text: problem };
}

/** What the ranges that may reach SSH mean for a bastion with this address. */
export function reachThrough(address: string, cidrs: readonly string[]): Finding {
  // Of a bastion with a name or a public address only the network knows as whom the machines see it.
  if (isIPv4(address) && PRIVATE.check(address) && !rangesOf(cidrs).check(address)) {
    return {
      verdict: "warns",
      text:
        `aws.sshAllowedCidrs: the bastion ${address} is in none of the ranges; unless the machines see it by another ` +
        `address: pulumi config set --path 'shardplan:aws.sshAllowedCidrs[${cidrs.length}]' ${address}/32`,
    };
  }
  const text = `the bastion ${address} lets this machine in, and the program reaches the machines through it`;
  return { verdict: "passes", text };
}

/** What the ranges that may reach SSH mean for a machine with this address. */
export function reachFrom(address: string, cidrs: readonly string[]): Finding {
  if (!isIPv4(address)) throw new Error(`${ADDRESS_OF_CALLER} answers "${address.slice(0, 40)}"`);
  if (rangesOf(cidrs).check(address)) {
    return { verdict: "passes", text: `this machine's address ${address} is in aws.sshAllowedCidrs` };
  }
  return {
    verdict: "warns",
    text:
      `aws.sshAllowedCidrs: this machine is seen as ${address}, which is in none of the ranges; unless it reaches AWS ` +
      `by another way: pulumi config set --path 'shardplan:aws.sshAllowedCidrs[${cidrs.length}]' ${address}/32`,
  };
}

function rangesOf(cidrs: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const cidr of cidrs) {
    const [network = "", bits = "32"] = cidr.split("/");
    ranges.addSubnet(network, Number(bits));
  }
  return ranges;
}

/** Ranges of private networks (RFC 1918). */
const PRIVATE = rangesOf(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]);
