import { defaultCudaGraphs, defaultUtilization } from "../../performance";
import type { Fit } from "../../strategy";
import type { Machines } from "./machines";
import type { ServeLine } from "./serve-line";

/** What is odd about the flags of a line: sentences for a reader, none where all is well. */
export function flagRemarks({ flags, uncounted }: ServeLine, fit: Fit, machines: Machines): string[] {
  const { strategy, serving, memory, model, engine } = fit;
  const has = (name: string) => flags.has(name);
  const is = (name: string, value: string) => flags.get(name)?.at(-1) === value;
  const there = machines.gpusPerNode * machines.nodes;
  const idle = there - strategy.gpus;
  const graphs = has("max-cudagraph-capture-size") || has("cudagraph-capture-sizes");
  const fullSequences = Math.floor(fit.loggedTokens.tokens / serving.maxModelLen);
  const remarks: readonly (readonly [boolean, string])[] = [
    [idle > 0, `${idle} of the ${there} GPUs ${idle === 1 ? "stays" : "stay"} idle.`],
    [
      is("enforce-eager", "true") && graphs,
      "--enforce-eager switches CUDA graphs off, so that the sizes to capture do nothing.",
    ],
    [
      has("kv-cache-memory-bytes"),
      "--kv-cache-memory-bytes takes the place of --gpu-memory-utilization; the cache is counted by the latter.",
    ],
    [
      has("num-gpu-blocks-override"),
      "--num-gpu-blocks-override sets the size of the cache, which is counted without it.",
    ],
    [has("cpu-offload-gb"), "--cpu-offload-gb moves weights out of the GPU, which is not counted."],
    [
      is("enable-expert-parallel", "true") && strategy.expertParallel === 1 && model.experts !== undefined,
      "--enable-expert-parallel does nothing on one GPU.",
    ],
    [
      is("enable-chunked-prefill", "true"),
      "--enable-chunked-prefill does nothing, because it is the default.",
    ],
    [is("block-size", "16"), "--block-size 16 does nothing, because it is the default."],
    [
      is("gpu-memory-utilization", `${defaultUtilization(engine)}`),
      `--gpu-memory-utilization ${defaultUtilization(engine)} does nothing, because it is the default.`,
    ],
    [
      has("quantization") && model.checkpoint !== undefined,
      "--quantization does nothing, because the checkpoint names its method.",
    ],
    [
      has("max-num-seqs") &&
        memory.kvCacheBytes > 0 &&
        fullSequences >= 1 &&
        fullSequences * FEW < serving.maxNumSeqs,
      `--max-num-seqs ${serving.maxNumSeqs} lets in many more than the ${fullSequences} sequences of full length that the cache holds: long ones are preempted.`,
    ],
    [
      graphs &&
        serving.cudaGraphs.largestTokens < defaultCudaGraphs(fit.gpu, serving).largestTokens &&
        !is("enforce-eager", "true"),
      "CUDA graphs reach less far than by default: larger steps launch their kernels one by one.",
    ],
    [
      uncounted.length > 0,
      `${uncounted.join(", ")} may move these figures, which do not count ${uncounted.length > 1 ? "them" : "it"}.`,
    ],
  ];
  return remarks.flatMap(([holds, text]) => (holds ? [text] : []));
}

/** Mean length over the longest one below which a limit of sequences is far too high. */
const FEW = 16;
