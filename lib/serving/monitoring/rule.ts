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

const OPERATIONS = "https://github.com/shardplan/shardplan/blob/main/docs/operations.md";

/** An alert in one object; every one of them links to its heading in docs/operations.md. */
export const alertRule = (of: {
  readonly name: string;
  readonly expr: string;
  readonly lasting: string;
  readonly severity: AlertRule["labels"]["severity"];
  readonly summary: string;
  readonly meaning: string;
  readonly remedy: string;
  /** Heading that several alerts share; else the alert's name. */
  readonly heading?: string;
}): AlertRule => ({
  alert: of.name,
  expr: of.expr,
  for: of.lasting,
  labels: { severity: of.severity },
  annotations: {
    summary: of.summary,
    meaning: of.meaning,
    remedy: of.remedy,
    runbook_url: `${OPERATIONS}#${anchor(of.heading ?? of.name)}`,
  },
});

/** What GitHub makes of a heading. */
const anchor = (heading: string) => heading.toLowerCase().replaceAll(" ", "-");
