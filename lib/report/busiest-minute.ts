import type { Plan } from "../strategy";

/** Second by second: requests running and waiting, and the share of the KV cache in use. */
export type Samples = NonNullable<Plan["simulation"]>["timeline"];

const MINUTE = 60;

/** The 60 samples in a row with the most requests running and waiting; all samples when there are fewer. */
export function busiestMinute(samples: Samples): Samples {
  const load = samples.map(({ running, waiting }) => running + waiting);
  let best = 0;
  let window = load.slice(0, MINUTE).reduce((sum, value) => sum + value, 0);
  let most = window;
  for (let start = 1; start + MINUTE <= load.length; start++) {
    window += (load[start + MINUTE - 1] ?? 0) - (load[start - 1] ?? 0);
    if (window > most) [most, best] = [window, start];
  }
  return samples.slice(best, best + MINUTE);
}
