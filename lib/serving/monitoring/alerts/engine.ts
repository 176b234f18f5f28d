import { type AlertRule, alertRule } from "../rule";
import type { Series } from "../series";
import type { Thresholds } from "../thresholds";

/** Whether vLLM and the gateway before it are there and do their work. */
export function engineAlerts(series: Series, { loadSeconds }: Thresholds): readonly AlertRule[] {
  const vllm = series("up", 'job="vllm"');
  const gateway = series("up", 'job="gateway"');
  const errors = series("vllm:request_success_total", 'finished_reason="error"');
  const tokens = series("vllm:generation_tokens_total");
  const started = series("process_start_time_seconds", 'job="vllm"');
  return [
    alertRule({
      name: "ShardplanEngineDown",
      expr: `${vllm} == 0 or absent(${vllm})`,
      // Its unit starts it again at once: what lasts longer than a load is no restart.
      lasting: `${Math.ceil(loadSeconds / 60)}m`,
      severity: "critical",
      summary: "vLLM on {{ $labels.instance }} does not answer, for longer than it takes to load",
      meaning: "it ends again and again, was stopped, or its host is away",
      remedy: "journalctl -u shardplan-vllm says why it ended; the unit starts it again by itself",
    }),
    alertRule({
      name: "ShardplanEngineRestarts",
      // Its counters begin anew, each engine's of a server; one that dies of its first request has counted nothing yet.
      expr:
        `max by (instance) (resets(${tokens}[1h])) > 2 or ` +
        `max by (instance) (changes(${started}[1h])) > 2`,
      lasting: "0m",
      severity: "critical",
      summary: "vLLM on {{ $labels.instance }} was started again {{ $value }} times within an hour",
      meaning: "it dies while it serves, or the watchdog kills it because it hangs",
      remedy: "journalctl -u shardplan-vllm -u shardplan-watchdog; go back to the version that served before",
    }),
    alertRule({
      name: "ShardplanEngineWedged",
      expr:
        `sum by (instance) (${series("vllm:num_requests_running")}) > 0 and ` +
        `sum by (instance) (rate(${tokens}[2m])) == 0`,
      lasting: "3m",
      severity: "critical",
      summary: "vLLM on {{ $labels.instance }} holds requests and gives no tokens",
      meaning: "the engine hangs; a health check may still say that it is well",
      remedy: "journalctl -u shardplan-watchdog: the watchdog restarts it; look for XID errors in dmesg",
    }),
    alertRule({
      name: "ShardplanRequestErrors",
      // A counter that comes with its first error has not grown; one that was not read for a while has not come.
      expr:
        `sum(increase(${errors}[10m])) > 0 or ` +
        `sum(${errors} unless last_over_time(${errors}[1h] offset 10m)) > 0`,
      lasting: "0m",
      severity: "warning",
      summary: "requests end with an error inside the engine",
      meaning: "the engine could not finish what it had begun",
      remedy: "journalctl -u shardplan-vllm",
    }),
    alertRule({
      name: "ShardplanGatewayDown",
      expr: `${gateway} == 0 or absent(${gateway})`,
      lasting: "2m",
      severity: "critical",
      summary: "the gateway on {{ $labels.instance }} does not answer",
      meaning: "clients reach nobody through it, whether vLLM serves or not",
      remedy: "systemctl status shardplan-gateway; journalctl -u shardplan-gateway",
    }),
  ];
}
