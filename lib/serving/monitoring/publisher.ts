import type { Plan } from "../../strategy";
import { hostPaths } from "../host-paths";
import { PORTS } from "../ports";
import { CONFINED } from "../systemd-unit";
import { UNITS } from "../units";
import { cloudWatchMetrics } from "./cloud-watch";

/** Where the AWS tool is looked for: the image's, the distribution's, and last one that the steps install. */
export const AWS_TOOL_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/shardplan/awscli/bin";

/** The program that tells CloudWatch, and what it is to tell. */
export function publisherFiles(plan: Plan): { readonly program: string; readonly job: string } {
  const { publisher } = hostPaths(plan);
  return { program: `${publisher}/publish`, job: `${publisher}/metrics.json` };
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

/**
 * Tells CloudWatch once. It listens nowhere and keeps nothing; the AWS tool asks the machine for the credentials of its role,
 * by IMDSv2 alone. It is not kept from memory that is written and run: the tool brings a libffi that may ask for it.
 */
export function publisherUnit(plan: Plan): string {
  const { program, job } = publisherFiles(plan);
  return `${[
    "[Unit]",
    "Description=shardplan: tells CloudWatch what Prometheus measures",
    `After=network-online.target ${UNITS.prometheus}`,
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=oneshot",
    "User=shardplan-publisher",
    "DynamicUser=yes",
    `Environment=PATH=${AWS_TOOL_PATH} AWS_EC2_METADATA_V1_DISABLED=true AWS_MAX_ATTEMPTS=2`,
    `ExecStart=/usr/bin/python3 ${program} ${job}`,
    "TimeoutStartSec=50",
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
