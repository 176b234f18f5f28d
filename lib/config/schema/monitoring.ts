import { z } from "zod";
import { countUpTo, fraction, textLike } from "./values";

const share = (value: number, description: string) =>
  fraction.default(value).meta({ unit: "share", description });

const address = (example: string) => textLike(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, `an address such as ${example}`);

/** The retentions of a log group that CloudWatch knows (PutRetentionPolicy in botocore 1.44.8). */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

export const monitoring = z
  .strictObject({
    mode: z
      .enum(["on", "export", "off"])
      .default("on")
      .describe(
        "`on`: a Prometheus on the first host watches the stack, on loopback. `export`: nothing is installed, and the stack's outputs say how to hand rules and targets to a Prometheus of yours. `off`: neither.",
      ),
    retentionDays: z.int().min(2).max(3650).default(15).meta({
      unit: "days",
      description:
        "Days of metrics that Prometheus keeps; at least 2, because the trend of decode is held against the day before.",
    }),
    diskGib: countUpTo(10_000).default(5).meta({
      unit: "GiB",
      description: "The most that these metrics take of the first host's disk; the oldest go first.",
    }),
    remoteWriteUrl: textLike(
      /^https?:\/\/[^\s@/]+(\/\S*)?$/,
      "an http or https URL without a user, such as https://metrics.example.com/api/v1/write",
    )
      .optional()
      .describe("Where Prometheus sends all that it reads, too. Default: nowhere."),
    cloudWatch: z
      .strictObject({
        on: z
          .boolean()
          .default(false)
          .describe(
            "Machines on AWS: put a handful of figures a minute into CloudWatch, with alarms and a dashboard, and what the hosts log. AWS asks for it; the report's *Cost* says how much.",
          ),
        alarmEmail: address("oncall@example.com")
          .optional()
          .describe(
            "Who gets the alarms by mail, once the mail that AWS sends first is confirmed. Default: nobody.",
          ),
        alarmTopicArn: textLike(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, "the ARN of a topic of SNS")
          .optional()
          .describe("Existing topic of SNS that the alarms go to. Default: the program makes one."),
        logDays: z
          .literal([0, ...LOG_DAYS])
          .default(30)
          .meta({
            unit: "days",
            description:
              "With `on`: days that CloudWatch keeps what shardplan's units on each host say, without a line of any request, and which outlives the host. `0`: nothing of it is sent.",
          }),
      })
      .prefault({})
      .describe("What is told to CloudWatch."),
    alerts: z
      .strictObject({
        to: z
          .enum(["nobody", "webhook", "mail"])
          .default("nobody")
          .describe(
            "Whom an Alertmanager on the first host tells of alerts: `webhook`, the URL in the secret shardplan:alertWebhook, or `mail`. With `nobody` alerts stand in Prometheus and in `npx shardplan status`.",
          ),
        mailTo: address("oncall@example.com").optional().describe("With `mail`: who gets it."),
        mailFrom: address("shardplan@example.com").optional().describe("With `mail`: whom it is from."),
        mailServer: textLike(/^[A-Za-z0-9.-]+:\d{1,5}$/, "a host with a port, such as mail.example.com:587")
          .optional()
          .describe("With `mail`: the server that takes it, over TLS."),
        mailUser: textLike(/^\S+$/, "a name without spaces")
          .optional()
          .describe(
            "With `mail`: user of the server, whose password is the secret shardplan:alertMailPassword. Default: the server asks for none.",
          ),
      })
      .prefault({})
      .describe("Who is told of alerts."),
    kvCacheUsageAlert: share(0.9, "Share of the KV cache in use above which the plan says: alarm."),
    memoryHeadroomAlert: share(
      0.08,
      "Share of GPU memory used beyond gpuMemoryUtilization above which the plan says: alarm; two thirds of the rest at most, since the driver keeps some of it.",
    ),
    nvlinkUtilizationAlert: share(
      0.8,
      "Share of NVLink bandwidth per direction above which the plan says: alarm.",
    ),
    throughputDropAlert: share(
      0.3,
      "Drop of tokens per second per GPU below the prediction above which the plan says: alarm.",
    ),
  })
  .prefault({})
  .describe("How the stack is watched, and when to raise an alarm.");
