import type { LineCheck } from "../../serving";
import type { Plan } from "../../strategy";
import { changedFlags, defaultFlags, ownServers } from "./line-flags";

const figures = ({ strategy, serving, latency, throughput, chosen, cost }: Plan) => ({
  strategy,
  serving,
  latency,
  requestRate: throughput.requestRate,
  sustainableRequestRate: throughput.sustainableRequestRate,
  endsBy: throughput.sustainableEndsBy,
  meetsSlo: chosen.meetsSlo,
  cost,
});

/** What `check --json` prints of a line: keys may be added, none renamed. */
export function checkObject(
  { question, starts, isNear, refusals, fit, remarks, changes, served }: LineCheck,
  where?: string,
) {
  return {
    schemaVersion: 1,
    ...(where === undefined ? {} : { where }),
    model: fit?.model.name ?? question.line.model,
    machines: question.machines,
    ...(question.alike === undefined ? {} : { servers: question.alike.servers }),
    vllmVersion: question.version,
    starts,
    isNear,
    refusals,
    ...(fit === undefined
      ? {}
      : {
          strategy: fit.strategy,
          serving: fit.serving,
          defaults: defaultFlags(question.line, fit),
          memoryPerGpu: fit.memory,
          kvCache: {
            gib: fit.memory.kvCacheBytes / 2 ** 30,
            ...fit.loggedTokens,
            maximumConcurrency: fit.loggedTokens.tokens / fit.serving.maxModelLen,
          },
        }),
    remarks,
    changesThatStart: changes,
    ...(served === undefined
      ? {}
      : {
          line: figures(served.line),
          planned: {
            ...figures(served.planned),
            servers: ownServers(served.planned),
            flags: changedFlags(served.line, served.planned),
          },
        }),
  };
}
