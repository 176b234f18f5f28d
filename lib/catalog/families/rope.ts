import { isObject, part, type RawConfig, refuseConfig, words } from "./config-reader";

/** Scalings that vLLM 0.33 computes (model_executor/layers/rotary_embedding/__init__.py); older spellings of two of them. */
const KNOWN =
  /^(default|proportional|llama3|mllama4|linear|ntk|dynamic|yarn|deepseek_yarn|deepseek_llama_scaling|longrope|su|mrope|bailing_mrope|openpangu)$/;

/**
 * Those whose factor lengthens max_position_embeddings; of the others it is the lengthened one already
 * (config/model.py, _get_and_verify_max_len).
 */
const LENGTHENS = /^(default|proportional|mllama4|linear|ntk|dynamic|mrope|bailing_mrope|openpangu)$/;

/** Rotary parameters of all layers, or of each kind of layers. */
function parametersOf(text: RawConfig): readonly RawConfig[] {
  return [part(text, "rope_scaling"), part(text, "rope_parameters")].flatMap((found) => {
    if (!found) return [];
    const byKind = Object.values(found).filter(isObject);
    return byKind.length > 0 ? byKind : [found];
  });
}

/**
 * Longest sequence that vLLM 0.33 takes a model to know, in tokens: `stated` is max_position_embeddings, which some scalings
 * of rotary positions lengthen by their factor. Throws a UserError for a scaling that vLLM does not know.
 */
export function knownLength(text: RawConfig, stated: number): number {
  const isScaledAlready = words(text, "model_type")?.includes("gemma3") ?? false;
  let factor = 1;
  for (const parameters of parametersOf(text)) {
    const type = words(parameters, "rope_type") ?? words(parameters, "type") ?? "default";
    if (!KNOWN.test(type)) {
      throw refuseConfig(
        `rope_scaling of type "${type}" is none that vLLM 0.33 knows`,
        "check rope_scaling in the config.json of the model repository",
      );
    }
    if (LENGTHENS.test(type) && typeof parameters.factor === "number") factor = parameters.factor;
  }
  return isScaledAlready ? stated : Math.floor(stated * factor);
}
