import type { LoadPoint, Remedy, SensitivityRow } from "../strategy";
import type { SectionId } from "./section-ids";

/** What a report shows beyond the plan itself: costs more simulations, so the caller decides. */
export interface ReportDetails {
  /** Latency percentiles of the chosen strategy against request rate. */
  readonly loadCurve?: readonly LoadPoint[];
  /** What the planner would choose if something changed. */
  readonly sensitivity?: readonly SensitivityRow[];
  /** Changes with which a failing plan passes. */
  readonly remedies?: readonly Remedy[];
}

export interface ReportOptions extends ReportDetails {
  /** ANSI colours; terminal only. */
  readonly color: boolean;
  /** Columns; terminal only. Text never goes beyond it, commands and very long names excepted. */
  readonly width: number;
  /** Ids of the sections to show; all when absent. Not for JSON, which is always whole. */
  readonly sections?: readonly SectionId[];
}
