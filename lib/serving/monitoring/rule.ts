/** A rule as Prometheus reads it. Durations are Prometheus's, such as `5m`. */
export type Rule = RecordingRule | AlertRule;

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  /** `critical`: requests fail or soon will; `warning`: look within the day. */
  readonly labels: { readonly severity: "critical" | "warning" };
  readonly annotations: {
    readonly summary: string;
    readonly meaning: string;
    readonly remedy: string;
    readonly runbook_url: string;
  };
}

const RUNBOOK = "https://github.com/shardplan/shardplan/blob/main/docs/operations.md#reading-an-alarm";

/** An alert in one object; every one of them links to the section on alarms in docs/operations.md. */
export const alertRule = (of: {
  readonly name: string;
  readonly expr: string;
  readonly lasting: string;
  readonly severity: AlertRule["labels"]["severity"];
  readonly summary: string;
  readonly meaning: string;
  readonly remedy: string;
}): AlertRule => ({
  alert: of.name,
  expr: of.expr,
  for: of.lasting,
  labels: { severity: of.severity },
  annotations: { summary: of.summary, meaning: of.meaning, remedy: of.remedy, runbook_url: RUNBOOK },
});
