import type { Plan } from "../../strategy";

/** Whether the hosts get a Prometheus and exporters. */
export const isWatched = ({ deployment: { monitoring } }: Plan): boolean => monitoring.mode === "on";

/** Whether somebody is told of alerts: then the first host has an Alertmanager. */
export const isTold = (plan: Plan): boolean =>
  isWatched(plan) && plan.deployment.monitoring.alerts.to !== "nobody";
