import type { StepBreakdown } from "../../performance";
import type { Plan } from "../../strategy";
import { bytes, milliseconds, percent } from "../format-number";
import type { Block, Fact, Section } from "../report-document";
import { cannotRun, emptySection } from "./cannot-run";
import { cell, fact } from "./fact";

/** Bytes and time that GPUs spend talking to each other, and where the rest of a step goes. */
export function communicationSection(plan: Plan): Section {
  if (cannotRun(plan)) return emptySection("communication", "Communication");
  const { communication, strategy } = plan;
  const facts: readonly Fact[] = [
    fact(
      "All-reduce payload, per token and layer",
      bytes(communication.allReduceBytesPerTokenPerLayer),
      "communication.allReduceBytesPerTokenPerLayer",
    ),
    fact(
      "Sent by one GPU in a decode step",
      bytes(communication.bytesPerDecodeStepPerGpu),
      "communication.bytesPerDecodeStepPerGpu",
    ),
    fact("Share of a decode step", percent(communication.decodeStepShare), "communication.decodeStepShare"),
    fact("Share of a full prefill step", percent(communication.prefillShare), "communication.prefillShare"),
    fact(
      "NVLink in use, mean per direction",
      percent(communication.nvlinkUtilization),
      "communication.nvlinkUtilization",
    ),
    fact(
      "Between pipeline stages",
      strategy.pipelineParallel === 1 ? "nothing, with one stage" : "activations of each step",
    ),
  ];
  return {
    id: "communication",
    title: "Communication",
    blocks: [{ kind: "facts", facts }, stepPlot(plan)],
  };
}

const PARTS: readonly (readonly [Exclude<keyof StepBreakdown, "totalMs">, string])[] = [
  ["gemmMs", "matrix products"],
  ["attentionMs", "attention"],
  ["allReduceMs", "all-reduce"],
  ["allToAllMs", "all-to-all"],
  ["pipelineTransferMs", "stage transfer"],
  ["elementwiseMs", "norms and activations"],
  ["logitsMs", "logits"],
  ["hostMs", "host"],
];

function stepPlot(plan: Plan): Block {
  const { decode, prefill } = plan.steps;
  const used = PARTS.filter(([part]) => decode[part] > 0 || prefill[part] > 0);
  const steps: readonly (readonly [string, StepBreakdown])[] = [
    [`decode step, ${milliseconds(decode.totalMs)}`, decode],
    [`prefill step, ${milliseconds(prefill.totalMs)}`, prefill],
  ];
  const share = (step: StepBreakdown, part: keyof StepBreakdown) =>
    step.totalMs > 0 ? step[part] / step.totalMs : 0;
  return {
    kind: "plot",
    id: "step-time",
    title: "Where a step spends its time",
    summary: `A decode step takes ${milliseconds(decode.totalMs)}, a full prefill step ${milliseconds(prefill.totalMs)}; the parts of each in per cent.`,
    chart: {
      kind: "steps",
      parts: used.map(([, label]) => label),
      bars: steps.flatMap(([step, breakdown]) =>
        used.map(([part, label]) => ({ step, part: label, share: share(breakdown, part) })),
      ),
    },
    table: {
      columns: [
        { title: "part" },
        { title: "decode", align: "right" },
        { title: "share", align: "right" },
        { title: "prefill", align: "right" },
        { title: "share", align: "right" },
      ],
      rows: [...used, ["totalMs", "in all"] as const].map(([part, label]) => [
        cell(label),
        cell(milliseconds(decode[part])),
        cell(percent(share(decode, part))),
        cell(milliseconds(prefill[part])),
        cell(percent(share(prefill, part))),
      ]),
      figures: ["steps.decode.totalMs", "steps.prefill.totalMs"],
    },
  };
}
