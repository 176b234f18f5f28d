import { isRateDriven, type Plan, strategyLabel } from "../strategy";
import { citeSources } from "./cite-sources";
import { figureProvenance } from "./explain/figure-provenance";
import { bytes, milliseconds, percent, rateText, significant, usd } from "./format-number";
import { growthText, overloadOf, shortText } from "./overload";
import type { Fact, ReportDocument, Section } from "./report-document";
import type { ReportDetails } from "./report-options";
import type { SectionId } from "./section-ids";
import { alternativesSection } from "./sections/alternatives";
import { balanceSection } from "./sections/balance";
import { cannotRun } from "./sections/cannot-run";
import { communicationSection } from "./sections/communication";
import { costSection } from "./sections/cost";
import { deploymentSection } from "./sections/deployment";
import { fact } from "./sections/fact";
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
import { throughputSection } from "./sections/throughput";
import { timeToReadySection } from "./sections/time-to-ready";
import { verificationSection } from "./sections/verification";
import { workloadSection } from "./sections/workload";
import { verdict } from "./verdict";

/**
 * The report of a plan as one document, before any format. Pure: the same plan and details give the same document.
 * `only`: the sections to show, instead of all with the highlights.
 */
export function buildReport(plan: Plan, details: ReportDetails, only?: readonly SectionId[]): ReportDocument {
  const wanted = allSections(plan, details).filter(
    ({ id }) => only === undefined || only.some((one) => one === id),
  );
  const { sections, derivations, sources } = citeSources(wanted, figureProvenance(plan));
  return {
    title: `${plan.model.name} on ${plan.deployment.hardware.nodes} x ${plan.instance.name}`,
    subtitle: `Parallel strategy plan: ${strategyLabel(plan.strategy)}, ${plan.strategy.gpus} x ${plan.gpu.name}, objective ${plan.objective}`,
    verdict: verdict(plan),
    highlights: only === undefined ? highlights(plan) : [],
    sections,
    derivations,
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
    verificationSection(plan, details.remedies),
    headroomSection(plan),
    ...sensitivitySection(details.sensitivity),
    costSection(plan),
    timeToReadySection(plan),
    monitoringSection(plan),
  ];
}

function highlights(plan: Plan): readonly Fact[] {
  const { memoryPerGpu: memory, deployment } = plan;
  return [
    ...(overloadOf(plan) === undefined ? latencyHighlights(plan) : []),
    ...rateHighlights(plan),
    tile("Memory demand", percent(memory.demandFraction), {
      fails: memory.demandFraction > deployment.envelope.maxMemoryFraction,
      note: `of ${bytes(memory.totalBytes)}, limit ${percent(deployment.envelope.maxMemoryFraction)}`,
    }),
    ...costHighlight(plan),
  ];
}

/** A figure at the top: one that misses its target is marked. */
function tile(
  label: string,
  text: string,
  { fails, note }: { readonly fails: boolean; readonly note?: string },
): Fact {
  const made = fact(label, text, undefined, note === undefined ? {} : { note });
  return fails ? { ...made, value: { ...made.value, tone: "bad" } } : made;
}

function latencyHighlights(plan: Plan): readonly Fact[] {
  const { latency, deployment } = plan;
  const row = (label: string, quantity: "firstToken" | "decode") =>
    tile(label, cannotRun(plan) ? "cannot run" : milliseconds(latency[quantity].p99Ms), {
      fails: cannotRun(plan) || latency[quantity].p99Ms > deployment.slo[quantity].p99Ms,
      note: `target ${milliseconds(deployment.slo[quantity].p99Ms)}`,
    });
  return [row("First token p99", "firstToken"), row("Decode p99", "decode")];
}

function rateHighlights(plan: Plan): readonly Fact[] {
  const { throughput } = plan;
  const asked = `asked ${rateText(throughput.requestRate)}`;
  const overload = overloadOf(plan);
  if (overload !== undefined) {
    const { mostRequestRate } = overload;
    return [
      tile("Served at most", `${significant(mostRequestRate)}/s`, {
        fails: true,
        note: `${asked}: ${shortText(overload)} short`,
      }),
      tile("Queue grows by", `${growthText(overload)}/min`, { fails: true }),
    ];
  }
  return [
    isRateDriven(plan)
      ? tile("Sustainable rate", `${significant(throughput.sustainableRequestRate)}/s`, {
          fails: throughput.sustainableRequestRate < throughput.requestRate,
          note: asked,
        })
      : fact("Served", `${significant(throughput.requestRate)}/s`, undefined, {
          note: `${significant(throughput.outputTokensPerSecond)} output tokens/s`,
        }),
  ];
}

function costHighlight({ cost }: Plan): readonly Fact[] {
  const { usdPerHour, usdPerMillionOutputTokens: perMillion } = cost;
  if (usdPerHour === undefined) return [];
  const note =
    perMillion === undefined ? {} : { note: `${usd(perMillion)} per million output tokens at this load` };
  return [fact("Cost", `${usd(usdPerHour)}/h`, undefined, note)];
}
