import type { Plan } from "../strategy";
import { citeSources } from "./cite-sources";
import { figureProvenance } from "./explain/figure-provenance";
import type { Cell, ReportDocument, Section } from "./report-document";
import type { ReportDetails } from "./report-options";
import { alternativesSection } from "./sections/alternatives";
import { balanceSection } from "./sections/balance";
import { communicationSection } from "./sections/communication";
import { costSection } from "./sections/cost";
import { deploymentSection } from "./sections/deployment";
import { hardwareSection } from "./sections/hardware";
import { headroomSection } from "./sections/headroom";
import { latencySection } from "./sections/latency";
import { memorySection } from "./sections/memory";
import { modelSection } from "./sections/model";
import { moduleDivisionSection } from "./sections/module-division";
import { monitoringSection } from "./sections/monitoring";
import { rationaleSection } from "./sections/rationale";
import { sensitivitySection } from "./sections/sensitivity";
import { strategySection } from "./sections/strategy";
import { strategyLabel } from "./sections/strategy-label";
import { throughputSection } from "./sections/throughput";
import { timeToReadySection } from "./sections/time-to-ready";
import { verificationSection } from "./sections/verification";
import { workloadSection } from "./sections/workload";

/** The report of a plan as one document, before any format. Pure: the same plan and details give the same document. */
export function buildReport(plan: Plan, details: ReportDetails): ReportDocument {
  const { sections, sources } = citeSources(allSections(plan, details), figureProvenance(plan));
  return {
    title: `${plan.model.name} on ${plan.deployment.hardware.nodes} x ${plan.instance.name}`,
    subtitle: `Parallel strategy plan: ${strategyLabel(plan.strategy)}, ${plan.strategy.gpus} x ${plan.gpu.name}, objective ${plan.objective}`,
    verdict: verdict(plan),
    sections,
    sources,
  };
}

function allSections(plan: Plan, details: ReportDetails): readonly Section[] {
  return [
    hardwareSection(plan),
    modelSection(plan),
    workloadSection(plan),
    strategySection(plan),
    moduleDivisionSection(plan),
    memorySection(plan),
    latencySection(plan, details),
    throughputSection(plan),
    communicationSection(plan),
    balanceSection(plan),
    deploymentSection(plan),
    rationaleSection(plan),
    alternativesSection(plan),
    verificationSection(plan),
    headroomSection(plan),
    ...sensitivitySection(details.sensitivity),
    costSection(plan),
    timeToReadySection(plan),
    monitoringSection(plan),
  ];
}

function verdict(plan: Plan): Cell {
  const total = plan.checks.length;
  const failed = plan.checks.filter(({ pass }) => !pass);
  if (failed.length === 0) return { text: `✓ The plan meets all ${total} requirements.`, tone: "good" };
  const names = failed.map(({ requirement }) => requirement).join("; ");
  return { text: `✗ The plan misses ${failed.length} of ${total} requirements: ${names}.`, tone: "bad" };
}
