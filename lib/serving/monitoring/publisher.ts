import type { Plan } from "../../strategy";
import { hostPaths } from "../host-paths";
import { PORTS } from "../ports";
import { CONFINED } from "../systemd-unit";
import { UNITS } from "../units";
import { cloudWatchMetrics } from "./cloud-watch";

/** Where the AWS tool is looked for: the image's, the distribution's, and last one that the steps install. */
export const AWS_TOOL_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/shardplan/awscli/bin";

/** What a host tells CloudWatch; each has a unit of its own, so that figures go on where logs do not. */
export type Told = "metrics" | "logs";

/** The program that tells CloudWatch, and what it is to tell. */
export function publisherFiles(plan: Plan, what: Told): { readonly program: string; readonly job: string } {
  const { publisher, logPublisher } = hostPaths(plan);
  const folder = what === "metrics" ? publisher : logPublisher;
  return { program: `${folder}/publish`, job: `${folder}/${what}.json` };
}

/** What the program reads: `stack` is the label of its series in Prometheus. */
export const publisherJob = (of: {
  readonly stack: string;
  readonly namespace: string;
  readonly region: string;
}): string =>
  `${JSON.stringify(
    {
      prometheus: `http://127.0.0.1:${PORTS.prometheus}`,
      namespace: of.namespace,
      region: of.region,
      metrics: cloudWatchMetrics(of.stack),
    },
    null,
    1,
  )}\n`;

/** What the program of the logs reads: where they go, and days that they are kept. */
export const logPublisherJob = (of: {
  readonly region: string;
  readonly group: string;
  readonly stream: string;
  readonly days: number;
}): string => `${JSON.stringify(of, null, 1)}\n`;

/** Asks the stack's Prometheus and tells CloudWatch, once. */
export const publisherUnit = (plan: Plan): string =>
  unitOf(plan, "metrics", {
    description: "tells CloudWatch what Prometheus measures",
    after: [UNITS.prometheus],
    user: "shardplan-publisher",
    seconds: 50,
  });

/** Folder of the place in the journal up to which all is sent, as systemd has it for a user that comes and goes. */
const LOG_STATE = "shardplan-log-publisher";
export const LOG_STATE_FOLDER = `/var/lib/private/${LOG_STATE}`;

/** Tells CloudWatch once what the units of this host have said since the last time. The journal is all that it may read more. */
export const logPublisherUnit = (plan: Plan): string =>
  unitOf(plan, "logs", {
    description: "tells CloudWatch what the units of this host say",
    after: [],
    user: "shardplan-log-publisher",
    seconds: 110,
    options: ["SupplementaryGroups=systemd-journal", `StateDirectory=${LOG_STATE}`, "StateDirectoryMode=700"],
  });

/**
 * Tells CloudWatch once. It listens nowhere; the AWS tool asks the machine for the credentials of its role,
 * by IMDSv2 alone. It is not kept from memory that is written and run: the tool brings a libffi that may ask for it.
 */
function unitOf(
  plan: Plan,
  what: Told,
  of: {
    readonly description: string;
    readonly after: readonly string[];
    readonly user: string;
    /** The most that it takes. */
    readonly seconds: number;
    readonly options?: readonly string[];
  },
): string {
  const { program, job } = publisherFiles(plan, what);
  return `${[
    "[Unit]",
    `Description=shardplan: ${of.description}`,
    `After=${["network-online.target", ...of.after].join(" ")}`,
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=oneshot",
    `User=${of.user}`,
    "DynamicUser=yes",
    `Environment=PATH=${AWS_TOOL_PATH} AWS_EC2_METADATA_V1_DISABLED=true AWS_MAX_ATTEMPTS=2`,
    `ExecStart=/usr/bin/python3 ${program} ${job}`,
    `TimeoutStartSec=${of.seconds}`,
    // Not a line each minute that it was started: what it has to say is a fault.
    "SyslogLevel=warning",
    "LogLevelMax=notice",
    "UMask=0077",
    ...CONFINED,
    "Nice=10",
    "OOMScoreAdjust=500",
    "CapabilityBoundingSet=",
    "PrivateDevices=yes",
    "ProtectHome=yes",
    "ProtectClock=yes",
    "ProtectProc=invisible",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
    ...(of.options ?? []),
  ].join("\n")}\n`;
}

/** Each minute: CloudWatch bills what is finer. */
export const publisherTimer = (): string => `[Unit]
Description=shardplan: when to tell CloudWatch

[Timer]
OnCalendar=minutely
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
