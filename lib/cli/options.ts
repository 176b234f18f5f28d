import type { ReportFormat } from "../report";

/** Values of all options; what a command does not list keeps its default. */
export interface OptionValues {
  readonly stack: readonly string[];
  readonly file?: string;
  readonly model?: string;
  readonly set: readonly string[];
  readonly format?: ReportFormat;
  readonly out?: string;
  readonly json: boolean;
  readonly full: boolean;
  readonly strategy: readonly string[];
  readonly param?: string;
  readonly table?: SweepFormat;
  readonly models?: string;
  readonly on?: string;
  readonly nodes?: string;
  readonly vllm?: string;
  readonly rate?: string;
  readonly users?: string;
  readonly tokensPerSecond?: string;
  readonly price: readonly string[];
  readonly slo: readonly string[];
  readonly longestContext: boolean;
  readonly maxRate: boolean;
  readonly smallestGpu: boolean;
  readonly prometheus?: string;
  readonly ssh?: string;
  readonly every?: string;
}

export type SweepFormat = "table" | "csv" | "json" | "plot" | "html" | "svg";
export type OptionName = keyof OptionValues;

/** One option as data. */
export interface OptionSpec {
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  /** May be given several times; the values become a list. */
  readonly repeatable?: boolean;
}

export const REPORT_FORMATS: readonly ReportFormat[] = ["terminal", "json", "md", "html"];

export const OPTIONS: Readonly<Record<OptionName, OptionSpec>> = {
  stack: {
    flags: "-s, --stack <name>",
    description: "stack whose Pulumi.<name>.yaml is read (default: prod, or the only one there is)",
    repeatable: true,
  },
  file: { flags: "-f, --file <path>", description: "stack file to read instead of a stack of this folder" },
  model: {
    flags: "-m, --model <name>",
    description: "plan this model with the defaults of every key, instead of a stack",
  },
  set: {
    flags: "--set <key=value>",
    description: "override a config key, as in --set slo.decode.p99Ms=80; repeatable",
    repeatable: true,
  },
  format: { flags: "--format <format>", description: "form of the report", choices: REPORT_FORMATS },
  out: { flags: "-o, --out <path>", description: "write to a file; its ending picks the format" },
  json: { flags: "--json", description: "print JSON" },
  full: {
    flags: "--full",
    description: "print everything, the load curve and what would change the choice included",
  },
  strategy: {
    flags: "--strategy <strategy>",
    description: "pin a strategy such as tp8 or tp4dp2, or auto; repeat to compare",
    repeatable: true,
  },
  models: {
    flags: "--models <folder>",
    description: "folder of config.json files for models that the catalogue lacks",
  },
  on: {
    flags: "--on <machine>",
    description: "instance type or GPUs that it runs on, as in p5.48xlarge or 4xH100",
  },
  nodes: { flags: "--nodes <count>", description: "number of such machines (default: 1)" },
  vllm: {
    flags: "--vllm <version>",
    description: "version of vLLM (default: that of the image's tag, else the one that plans assume)",
  },
  rate: { flags: "--rate <rate>", description: "requests per second that arrive" },
  users: {
    flags: "--users <count>",
    description: "people who read answers all the time, in place of --rate; needs --tokens-per-second",
  },
  tokensPerSecond: {
    flags: "--tokens-per-second <rate>",
    description: "tokens that each of the --users gets per second: a target of the decode p50, too",
  },
  price: {
    flags: "--price <type=usd>",
    description:
      "price of an instance type per hour, as in p5.48xlarge=31.5 or p5.48xlarge=spot:31.5; shown beside the list price; repeatable",
    repeatable: true,
  },
  slo: {
    flags: "--slo <target=ms>",
    description:
      "a latency target, as in --slo ttft.p99=800 or --slo decode.p50=40 (tpot and itl mean decode); repeatable",
    repeatable: true,
  },
  longestContext: {
    flags: "--longest-context",
    description: "ask for the longest context that the machines of --on hold",
  },
  maxRate: {
    flags: "--max-rate",
    description: "ask for the highest rate that the machines of --on serve within the targets",
  },
  smallestGpu: {
    flags: "--smallest-gpu",
    description: "ask for the machine with the least GPU memory that passes",
  },
  param: {
    flags: "--param <key=values>",
    description: "config key and its values, as in workload.requestRate=2,4,8 or 2..16:2",
  },
  prometheus: { flags: "--prometheus <url>", description: "Prometheus that watches the stack" },
  ssh: {
    flags: "--ssh <destination>",
    description:
      "first host of the stack, whose own Prometheus is asked: what stands behind `ssh` to get there",
  },
  every: { flags: "--every <seconds>", description: "show it again and again, until it is interrupted" },
  table: {
    flags: "--format <format>",
    description: "form of the result",
    choices: ["table", "csv", "json", "plot", "html", "svg"],
  },
};

/** What an option is typed as, without its dashes, and whether a value follows. */
export function partsOf(option: OptionName): {
  readonly short?: string;
  readonly long: string;
  readonly takesValue: boolean;
} {
  const { flags } = OPTIONS[option];
  const [, short, long = ""] = /^(?:-(\w), )?--([\w-]+)/.exec(flags) ?? [];
  return { ...(short === undefined ? {} : { short }), long, takesValue: flags.includes("<") };
}
