/** Variable that names the zones, comma-separated, which have just had no machine free. */
export const TRIED_ZONES = "SHARDPLAN_TRIED_ZONES";

/** Zones that have just had no machine free. */
export const triedZones = (): readonly string[] =>
  (process.env[TRIED_ZONES] ?? "").split(",").filter(Boolean);

/** What the program says before it asks a zone for a machine. */
export const attemptText = (instanceType: string, node: string, zone: string): string =>
  `asks EC2 for a ${instanceType} as ${node} in ${zone}`;

/** The zone that was asked last, in the output of `pulumi up`. */
export const zoneAskedLast = (output: string): string | undefined =>
  [...output.matchAll(/asks EC2 for a \S+ as \S+ in ([a-z0-9-]+)/g)].at(-1)?.[1];
