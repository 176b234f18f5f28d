import type { LoadPoint } from "../strategy";

/** What a report shows beyond the plan itself: costs more simulations, so the caller decides. */
export interface ReportDetails {
  /** Latency percentiles of the chosen strategy against request rate. */
  readonly loadCurve?: readonly LoadPoint[];
  /** What the planner would choose if something changed. */
  readonly sensitivity?: readonly SensitivityRow[];
}

/** One change of the question and what it does to the answer. */
export interface SensitivityRow {
  /** Such as "twice the request rate (16 requests/s)". */
  readonly change: string;
  /** Such as "TP 8" or "none". */
  readonly choice: string;
  readonly meetsSlo: boolean;
  /** The choice differs from the one of this plan's question. */
  readonly changesChoice: boolean;
  /** Why, with numbers. */
  readonly sentence: string;
}

export interface ReportOptions extends ReportDetails {
  /** ANSI colours; terminal only. */
  readonly color: boolean;
  /** Columns; terminal only. Text never goes beyond it, commands and very long names excepted. */
  readonly width: number;
}
