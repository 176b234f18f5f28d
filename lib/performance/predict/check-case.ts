import type { CaseSetup } from "./case-setup";

const GIB = 2 ** 30;

/** Why the case cannot run at all; undefined when it can. The same rules make vLLM refuse to start. */
export function checkCase({ row, model, memory, scheduler, gpu }: CaseSetup): string | undefined {
  if (model.attentionHeads % row.tp !== 0)
    return `tp ${row.tp} does not divide the ${model.attentionHeads} attention heads of ${model.name}`;
  if (row.pp > model.layers) return `pp ${row.pp} exceeds the ${model.layers} layers of ${model.name}`;
  const { tightest } = memory;
  if (scheduler.kvCacheTokens === 0) {
    const needed = (tightest.usableBytes - tightest.kvCacheBytes) / GIB;
    return `weights and activations need ${needed.toFixed(1)} GiB of the ${(tightest.usableBytes / GIB).toFixed(1)} GiB that the engine may use of each ${gpu.name}`;
  }
  if (row.max_model_len !== undefined && row.isl + row.osl > row.max_model_len)
    return `prompt and output of ${row.isl + row.osl} tokens exceed max_model_len ${row.max_model_len}`;
  if (row.engine === "vLLM" && (row.max_model_len ?? 0) > memory.kvCacheTokensHigh)
    return `max_model_len ${row.max_model_len} exceeds the KV cache of ${scheduler.kvCacheTokens} tokens`;
  return undefined;
}
