import { stringify } from "yaml";
import type { Plan } from "../../strategy";
import { alertRules } from "./alerts";
import { slowShareRules } from "./burn-rate";
import {
  ARRIVAL_RATE,
  GPU_MEMORY_SHARE,
  KV_CACHE_USAGE,
  meanTokensOfHour,
  nvlinkShare,
  outputTokensPerGpu,
  p99Seconds,
} from "./expressions";
import type { RecordingRule } from "./rule";
import { monitoringThresholds } from "./thresholds";

/**
 * The rules of a plan as a file that Prometheus loads (`rule_files`). They expect vLLM's metrics under the job `vllm`,
 * and those of the node and DCGM exporters under any.
 */
export function rulesFile(plan: Plan): string {
  const groups = [
    { name: "shardplan-records", interval: "15s", rules: recordingRules(plan) },
    { name: "shardplan-slow-shares", interval: "30s", rules: slowShareRules(monitoringThresholds(plan)) },
    { name: "shardplan-alerts", interval: "15s", rules: alertRules(plan) },
  ];
  return stringify({ groups }, { lineWidth: 0, aliasDuplicateObjects: false });
}

function recordingRules(plan: Plan): readonly RecordingRule[] {
  const { nvlink, sustainableRequestRate } = monitoringThresholds(plan);
  const rule = (name: string, expr: string) => ({ record: `shardplan:${name}`, expr });
  return [
    rule("kv_cache_usage", KV_CACHE_USAGE),
    rule("decode_p99_seconds", p99Seconds("decode")),
    rule("first_token_p99_seconds", p99Seconds("firstToken")),
    rule("prefill_p99_seconds", p99Seconds("prefill")),
    rule("output_tokens_per_second_per_gpu", outputTokensPerGpu(plan)),
    rule("request_rate", ARRIVAL_RATE),
    rule("mean_prompt_tokens", meanTokensOfHour("prompt")),
    rule("mean_output_tokens", meanTokensOfHour("generation")),
    rule("requests_waiting", "sum(vllm:num_requests_waiting)"),
    ...(plan.gpu.kind === "cpu" ? [] : [rule("gpu_memory_share", GPU_MEMORY_SHARE)]),
    ...(nvlink === undefined || plan.gpu.kind === "cpu"
      ? []
      : [rule("nvlink_share", nvlinkShare(nvlink.ceilingBytesPerSecond))]),
    // What a scaler acts on.
    ...(sustainableRequestRate === undefined
      ? []
      : [
          rule("sustainable_request_rate", `vector(${sustainableRequestRate})`),
          rule("rate_used_share", `${ARRIVAL_RATE} / ${sustainableRequestRate}`),
        ]),
  ];
}
