import { runnableFormat } from "../../catalog";
import { weightRequest } from "../../config";
import type { LatencyModelInput } from "../../performance";
import type { Situation } from "../situation";

/** What the weights are held and computed in: as a quantised checkpoint says, or as it is quantised while loading. */
export function weightFormats({
  model,
  deployment,
  hardware: { gpu },
}: Situation): Pick<LatencyModelInput, "precision" | "formats"> {
  if (model.checkpoint) {
    const { attention, feedForward, experts } = model.checkpoint.formats;
    return {
      precision: "bf16",
      formats: {
        attention: runnableFormat(attention, gpu),
        feedForward: runnableFormat(feedForward, gpu),
        ...(experts ? { experts: runnableFormat(experts, gpu) } : {}),
      },
    };
  }
  const request = weightRequest(deployment.model);
  if (request.kind !== "on load") return { precision: "bf16" };
  if (request.format === "fp8") return { precision: "fp8" };
  const format = runnableFormat(request.format, gpu);
  return { precision: "fp8", formats: { attention: format, feedForward: format, experts: format } };
}
