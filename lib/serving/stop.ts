import type { Plan } from "../strategy";
import { hostPaths } from "./host-paths";
import { UNITS } from "./units";

/** How often an idle machine is looked at. */
const LOOK_EVERY_MINUTES = 5;

/** Whether the machines shut down by themselves. */
export const stopsByItself = ({ deployment: { cost } }: Plan): boolean =>
  cost.stopAt !== undefined || cost.stopAfterIdleHours !== undefined;

/** Shuts the machine down where it is time to; EC2 then stops it, and asks only for its volume and its address. */
export function stopUnit(plan: Plan): string {
  const { stopAt, stopAfterIdleHours } = plan.deployment.cost;
  const environment = {
    STOP_AT: stopAt ?? "",
    IDLE_SECONDS: stopAfterIdleHours === undefined ? "" : `${Math.round(stopAfterIdleHours * 3600)}`,
    GATEWAY_UNIT: UNITS.gateway,
  };
  return `[Unit]
Description=shardplan: shuts the machine down when its time has come or nobody asks

[Service]
Type=oneshot
${Object.entries(environment)
  .map(([name, value]) => `Environment=${name}=${value}`)
  .join("\n")}
ExecStart=${hostPaths(plan).configuration}/stop
`;
}

/** A time that was missed, because the machine was off, is not made up for: whoever starts it wants it. */
export function stopTimer({ deployment: { cost } }: Plan): string {
  const times = [
    ...(cost.stopAt === undefined ? [] : [`OnCalendar=*-*-* ${cost.stopAt}:00 UTC`]),
    ...(cost.stopAfterIdleHours === undefined ? [] : [`OnCalendar=*:0/${LOOK_EVERY_MINUTES}`]),
  ];
  return `[Unit]
Description=shardplan: when to look whether the machine is to be shut down

[Timer]
${times.join("\n")}
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
}
