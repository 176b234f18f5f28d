import type { CaseSetup } from "./case-setup";

const GIB = 2 ** 30;

/** Why the model cannot be cut as the row says. */
function checkCut({ row, model }: CaseSetup): string | undefined {
  const { tp, pp } = row;
  if (model.attentionHeads % tp !== 0)
    return `tp ${tp} does not divide the ${model.attentionHeads} attention heads of ${model.name}`;
  if (model.keyValueHeads % tp !== 0 && tp % model.keyValueHeads !== 0)
    return `tp ${tp} neither divides nor multiplies the ${model.keyValueHeads} key-value heads of ${model.name}`;
  if (pp > model.layers) return `pp ${pp} exceeds the ${model.layers} layers of ${model.name}`;
  if (model.experts === undefined || row.moe_tp === undefined) return undefined;
  const { moe_tp: cut, moe_ep: spread = 1, attention_dp: replicas = 1 } = row;
  if (cut * spread === tp * replicas) return undefined;
  return `moe_tp ${cut} times moe_ep ${spread} is not tp ${tp} times attention_dp ${replicas}, the ranks that hold the experts`;
}

/** Why the case cannot run at all; undefined when it can. The same rules make vLLM refuse to start. */
export function checkCase(setup: CaseSetup): string | undefined {
  const { row, model, memory, scheduler, gpu } = setup;
  const badCut = checkCut(setup);
  if (badCut !== undefined) return badCut;
  const { tightest } = memory;
  if (scheduler.kvCacheTokens === 0) {
    const needed = (tightest.usableBytes - tightest.kvCacheBytes) / GIB;
    return `weights and activations need ${needed.toFixed(1)} GiB of the ${(tightest.usableBytes / GIB).toFixed(1)} GiB that the engine may use of each ${gpu.name}`;
  }
  if (row.max_model_len !== undefined && row.isl + row.osl > row.max_model_len)
    return `prompt and output of ${row.isl + row.osl} tokens exceed max_model_len ${row.max_model_len}`;
  if (row.engine === "vLLM" && row.isl + row.osl > model.maxPositionEmbeddings)
    return `prompt and output of ${row.isl + row.osl} tokens exceed the ${model.maxPositionEmbeddings} that ${model.name} knows`;
  if (row.engine === "vLLM" && (row.max_model_len ?? 0) > memory.longest.high)
    return `max_model_len ${row.max_model_len} exceeds the KV cache of ${scheduler.kvCacheTokens} tokens`;
  return undefined;
}
