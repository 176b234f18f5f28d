import type { CrossProblem } from "./cross-problem";
import type { Deployment } from "./schema";

/** Rules of the section `aws` that go beyond the form of one key. */
export function awsChecks({ aws }: Deployment): CrossProblem[] {
  return [...zoneOfRegion(aws), ...roomForZones(aws)];
}

function zoneOfRegion({ region, availabilityZone: zone }: Deployment["aws"]): CrossProblem[] {
  if (zone === undefined || zone.slice(0, -1) === region) return [];
  const text = `must be a zone of aws.region (${region}), such as ${region}a; given ${zone}`;
  return [{ keys: ["aws.availabilityZone", "aws.region"], text }];
}

/** AWS takes networks of /16 to /28, and each zone has a sixteenth of the VPC. */
function roomForZones({ vpcCidr }: Deployment["aws"]): CrossProblem[] {
  const bits = Number(vpcCidr.split("/")[1]);
  if (bits >= 16 && bits <= 24) return [];
  return [{ keys: ["aws.vpcCidr"], text: `must be a range of /16 to /24; given ${vpcCidr}` }];
}
