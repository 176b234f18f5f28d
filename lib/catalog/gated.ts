/**
 * Owners whose repositories the Hugging Face hub gives only to accounts that accepted their licence: every Llama
 * repository of `meta-llama` ("Cannot access gated repo": hiyouga/LlamaFactory#3403, LLaVA-VL/LLaVA-NeXT#140).
 */
const GATED_OWNERS = ["meta-llama"];

/** True for a repository whose files cannot be had from the hub without a token. */
export const isGated = (repository: string): boolean => GATED_OWNERS.includes(repository.split("/")[0] ?? "");
