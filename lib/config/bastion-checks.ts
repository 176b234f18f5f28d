import type { CrossProblem } from "./cross-problem";
import type { Deployment } from "./schema";

/** Rules of the section `bastion` that go beyond the form of one key. */
export function bastionChecks({ bastion }: Deployment): CrossProblem[] {
  const { address, hostKey, privateKeyPath } = bastion;
  if (address !== undefined && hostKey === undefined) {
    const text =
      "is needed with bastion.address: what passes there is verified; set it to what " +
      `\`ssh-keyscan -p ${bastion.port} -t ed25519 ${address}\` prints, without the address`;
    return [{ keys: ["bastion.hostKey", "bastion.address"], text }];
  }
  if (address === undefined && (hostKey !== undefined || privateKeyPath !== undefined)) {
    return [{ keys: ["bastion.address"], text: "is needed with the other keys of bastion" }];
  }
  return [];
}
