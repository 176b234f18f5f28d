import type { Fit } from "./fit";
import type { MeasuredCase } from "./read-cases";

/**
 * The two fits. Host times come from vLLM's latencies: first token and gap weigh alike once divided by the error that
 * runs of the same benchmark show among themselves. What TensorRT-LLM adds comes from its offline throughputs.
 * The launch cost beyond CUDA graphs is not fitted: AIConfigurator's value (0.8 ms a layer) is taken as it is; nor is the
 * request's way in, which a closed loop hides.
 */
export function fitsOf(rows: readonly MeasuredCase[]): readonly Fit[] {
  const of = (engine: string) => rows.filter((row) => row.cells.engine === engine && !row.isDoubtful);
  return [
    {
      name: "vLLM host times",
      rows: of("vLLM"),
      scale: { ttft_ms_mean: 0.05, ttft_ms_p50: 0.05, itl_ms_mean: 0.03 },
      free: [
        { name: "hostMsPerStep", step: 0.2 },
        { name: "hostMsPerSequence", step: 0.01 },
        { name: "turnaroundMs", step: 2 },
        { name: "remoteClientMs", step: 1 },
      ],
    },
    {
      name: "TensorRT-LLM runtime",
      rows: of("TensorRT-LLM"),
      scale: { output_tok_s: 0.08 },
      free: [
        { name: "oldRuntimeDecodeFactorFp8", step: 0.1 },
        { name: "oldRuntimeDecodeFactorBf16", step: 0.3 },
        { name: "oldRuntimeBufferGib", step: 0.4 },
        { name: "oldRuntimeShardedBufferGib", step: 0.6 },
        { name: "tensorRtBufferGib", step: 0.4 },
      ],
    },
  ];
}
