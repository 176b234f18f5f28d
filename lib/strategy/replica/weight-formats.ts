import { type Gpu, type ModelArchitecture, runnableFormat } from "../../catalog";
import { weightRequest } from "../../config";
import type { LatencyModelInput } from "../../performance";
import type { Situation } from "../situation";

type Formats = Pick<LatencyModelInput, "precision" | "formats">;

function storedFormats({ formats }: NonNullable<ModelArchitecture["checkpoint"]>, gpu: Gpu): Formats {
  const { attention, feedForward, experts } = formats;
  return {
    precision: "bf16",
    formats: {
      attention: runnableFormat(attention, gpu),
      feedForward: runnableFormat(feedForward, gpu),
      ...(experts ? { experts: runnableFormat(experts, gpu) } : {}),
    },
  };
}

/**
 * What drafts, with what its weights are held in: as the model's where it is a part of its checkpoint, else as its own
 * checkpoint says. Nothing without speculative decoding.
 */
export function draftOf(situation: Situation): Pick<LatencyModelInput, "draft"> {
  const { draft, hardware } = situation;
  if (!draft) return {};
  const { checkpoint } = draft.model;
  const own: Formats = checkpoint ? storedFormats(checkpoint, hardware.gpu) : { precision: "bf16" };
  return { draft: { ...draft, ...(draft.quantizedAsModel ? weightFormats(situation) : own) } };
}

/** What the weights are held and computed in: as a quantised checkpoint says, or as it is quantised while loading. */
export function weightFormats({ model, deployment, hardware: { gpu } }: Situation): Formats {
  if (model.checkpoint) return storedFormats(model.checkpoint, gpu);
  const request = weightRequest(deployment.model);
  if (request.kind !== "on load") return { precision: "bf16" };
  if (request.format === "fp8") return { precision: "fp8" };
  const format = runnableFormat(request.format, gpu);
  return { precision: "fp8", formats: { attention: format, feedForward: format, experts: format } };
}
