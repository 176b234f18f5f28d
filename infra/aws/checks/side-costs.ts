import { cloudWatchPrice, isPublished, servedModelName } from "../../../lib/serving";
import type { Plan } from "../../../lib/strategy";

/**
 * What AWS asks for beside the machines, in USD in us-east-1, from its public price pages (EBS, VPC, EC2 on demand; as known
 * in 2025): a GB of gp3 in a month, a public IPv4 address in an hour, a GB to the internet (the first 10 TB of a month).
 * Other regions ask up to twice as much; against a machine's price none of it decides.
 */
const GP3_USD_PER_GB_MONTH = 0.08;
const ADDRESS_USD_PER_HOUR = 0.005;
const TRAFFIC_USD_PER_GB = 0.09;

export const HOURS_PER_MONTH = 730;

/** What a stack on AWS costs an hour beside its machines. */
export interface SideCosts {
  readonly volumeUsdPerHour: number;
  readonly addressUsdPerHour: number;
  /** All answers streamed, a token an event, at the planned rate. */
  readonly trafficUsdPerHour: number;
  /** Metrics, alarms and dashboard in CloudWatch. */
  readonly watchUsdPerHour: number;
  readonly usdPerHour: number;
}

/** Bytes of the event in which vLLM streams one token of a chat, of four letters. */
function bytesPerToken(plan: Plan): number {
  const event = {
    id: `chatcmpl-${"0".repeat(32)}`,
    object: "chat.completion.chunk",
    created: 1_800_000_000,
    model: servedModelName(plan),
    choices: [{ index: 0, delta: { content: " word" }, logprobs: null, finish_reason: null }],
  };
  return `data: ${JSON.stringify(event)}\n\n`.length;
}

/** Volumes, addresses and traffic of the plan's stack. Over private addresses nothing goes to the internet. */
export function sideCosts(plan: Plan): SideCosts {
  const { aws: settings, hardware } = plan.deployment;
  const volumes = (hardware.nodes * settings.rootVolumeGb * GP3_USD_PER_GB_MONTH) / HOURS_PER_MONTH;
  const addresses = settings.publicAddress ? hardware.nodes * ADDRESS_USD_PER_HOUR : 0;
  const bytes = plan.throughput.outputTokensPerSecond * 3600 * bytesPerToken(plan);
  const traffic = settings.publicAddress ? (bytes / 1e9) * TRAFFIC_USD_PER_GB : 0;
  const watch = isPublished(plan) ? cloudWatchPrice(plan).usdPerHour : 0;
  return {
    volumeUsdPerHour: volumes,
    addressUsdPerHour: addresses,
    trafficUsdPerHour: traffic,
    watchUsdPerHour: watch,
    usdPerHour: volumes + addresses + traffic + watch,
  };
}
