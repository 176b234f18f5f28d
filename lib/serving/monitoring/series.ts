/** A metric's series of one stack, as PromQL; further matchers such as `job="vllm"` may follow. */
export type Series = (metric: string, ...matchers: readonly string[]) => string;

/**
 * The series of a stack: a Prometheus may scrape others, whose disks, GPUs and requests are none of this plan's. Targets
 * have the label `stack`, and so has what the rules record. Without a name, as in a report that speaks of a plan alone,
 * nothing is left out.
 */
export const seriesOf =
  (stack?: string): Series =>
  (metric, ...matchers) => {
    const all = [...(stack === undefined ? [] : [`stack=${JSON.stringify(stack)}`]), ...matchers];
    return all.length === 0 ? metric : `${metric}{${all.join(",")}}`;
  };
