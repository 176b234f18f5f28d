import type { CrossProblem } from "./cross-problem";
import type { Deployment } from "./schema";

/** Rules of the section `aws` that go beyond the form of one key. */
export function awsChecks(deployment: Deployment): CrossProblem[] {
  const { aws } = deployment;
  return [
    ...zoneOfRegion(aws),
    ...roomForZones(aws),
    ...spotOrReserved(aws),
    ...privateNeedsWayOut(aws),
    ...boundaryOfOwnRole(aws),
    ...rangesOnce(deployment),
    ...openForCertificates(deployment),
    ...stopsOwnMachines(deployment),
    ...secretsOfOwnMachines(deployment),
    ...cloudWatchOfOwnMachines(deployment),
  ];
}

function spotOrReserved({ spot, capacityReservationId }: Deployment["aws"]): CrossProblem[] {
  if (!spot || capacityReservationId === undefined) return [];
  const text = "must be false with aws.capacityReservationId: a reservation has no spot machines";
  return [{ keys: ["aws.spot", "aws.capacityReservationId"], text }];
}

/** The network that the program makes has one way out: the machines' own public addresses. */
function privateNeedsWayOut({ publicAddress, subnetIds }: Deployment["aws"]): CrossProblem[] {
  if (publicAddress || subnetIds.length > 0) return [];
  const text =
    "is needed with aws.publicAddress false: subnets with a way out (NAT), as machines install packages";
  return [{ keys: ["aws.subnetIds", "aws.publicAddress"], text }];
}

function boundaryOfOwnRole({ instanceProfile, permissionsBoundary }: Deployment["aws"]): CrossProblem[] {
  if (instanceProfile === undefined || permissionsBoundary === undefined) return [];
  const text = "must be left out with aws.instanceProfile: the program makes no role then";
  return [{ keys: ["aws.permissionsBoundary", "aws.instanceProfile"], text }];
}

/** Each range is a rule of the security group, and two of one name cannot be. */
function rangesOnce({ aws, gateway }: Deployment): CrossProblem[] {
  const lists = { "aws.sshAllowedCidrs": aws.sshAllowedCidrs, "gateway.allowedCidrs": gateway.allowedCidrs };
  return Object.entries(lists).flatMap(([key, ranges]) => {
    const twice = ranges.find((range, index) => ranges.indexOf(range) !== index);
    return twice === undefined ? [] : [{ keys: [key], text: `has ${twice} twice` }];
  });
}

/** Certificate authorities ask for the proof of a name from addresses that they do not tell. */
function openForCertificates({ hosts, firewall, gateway }: Deployment): CrossProblem[] {
  const isClosed = hosts.length === 0 || firewall.enabled;
  if (
    gateway.domain === undefined ||
    gateway.ownCertificate ||
    !isClosed ||
    gateway.allowedCidrs.includes("0.0.0.0/0")
  )
    return [];
  const text =
    "must contain 0.0.0.0/0 with gateway.domain: its certificate is proved from addresses that nobody can list; " +
    "without the domain the gateway makes a certificate of its own";
  return [{ keys: ["gateway.allowedCidrs", "gateway.domain"], text }];
}

/** The program starts no machine that it has not made, so it stops none; what only the first host sees stops no others. */
function stopsOwnMachines({ hosts, hardware, cost }: Deployment): CrossProblem[] {
  const set = (["stopAt", "stopAfterIdleHours"] as const).filter((key) => cost[key] !== undefined);
  const text = "must be left out with hosts: only machines that the program makes are shut down";
  return [
    ...(hosts.length === 0 ? [] : set.map((key) => ({ keys: [`cost.${key}`, "hosts"], text }))),
    ...(cost.stopAfterIdleHours === undefined || hardware.nodes === 1
      ? []
      : [
          {
            keys: ["cost.stopAfterIdleHours", "hardware.nodes"],
            text: "needs hardware.nodes 1: only the first host sees who asks; set cost.stopAt instead",
          },
        ]),
  ];
}

/** Machines elsewhere have no role in AWS. */
function secretsOfOwnMachines({ hosts, aws }: Deployment): CrossProblem[] {
  if (hosts.length === 0) return [];
  const keys = (["huggingFaceTokenSecret", "apiKeysSecret"] as const).filter((key) => aws[key] !== undefined);
  const text = "must be left out with hosts: only machines on AWS have a role that may read it";
  return keys.map((key) => ({ keys: [`aws.${key}`, "hosts"], text }));
}

/** What is put into CloudWatch comes from the stack's own Prometheus, by the role of a machine on AWS. */
function cloudWatchOfOwnMachines({ hosts, aws, monitoring }: Deployment): CrossProblem[] {
  const { on, alarmEmail, alarmTopicArn } = monitoring.cloudWatch;
  const key = "monitoring.cloudWatch.on";
  const topic = "monitoring.cloudWatch.alarmTopicArn";
  const problem = (isOne: boolean, text: string, ...keys: string[]) => (isOne ? [{ keys, text }] : []);
  return [
    ...problem(
      on && hosts.length > 0,
      "must be false with hosts: only machines on AWS have a role that may put metrics",
      key,
      "hosts",
    ),
    ...problem(
      on && monitoring.mode !== "on",
      `needs monitoring.mode on, not ${monitoring.mode}: the stack's own Prometheus is what measures`,
      key,
      "monitoring.mode",
    ),
    ...problem(
      alarmEmail !== undefined && alarmTopicArn !== undefined,
      "must be left out with monitoring.cloudWatch.alarmEmail: who subscribes to a topic of yours is yours to say",
      topic,
      "monitoring.cloudWatch.alarmEmail",
    ),
    ...problem(
      alarmTopicArn !== undefined && alarmTopicArn.split(":")[3] !== aws.region,
      `must be a topic of aws.region (${aws.region}): alarms reach no other`,
      topic,
      "aws.region",
    ),
  ];
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
