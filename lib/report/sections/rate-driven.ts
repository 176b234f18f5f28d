import type { Plan } from "../../strategy";

/** Closed and offline traffic adapt to the service: no rate is asked for, so none can be too high. */
export function isRateDriven({ deployment }: Plan): boolean {
  const { arrivals } = deployment.workload;
  return arrivals !== "closed" && arrivals !== "offline";
}
