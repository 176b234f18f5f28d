import { countIf, flag, isObject, list, part, type RawConfig } from "../families/config-reader";
import type { Stored } from "../families/tensor";
import { expressionMatcher, nameMatcher } from "./match-module";
import { groupSize, notLoaded, type Rule } from "./rule";

/** Groups that vLLM's only kernels for GPTQ read (0.33.0: quantization/utils/marlin_utils.py), and one of all inputs. */
const GROUPS: readonly number[] = [32, 64, 128, Number.MAX_SAFE_INTEGER];

/** What vLLM 0.33 loads of GPTQ (quantization/auto_gptq.py, utils/gptq_utils.py): symmetric, in the order of the inputs. */
function storedBy(c: RawConfig): Stored {
  const bits = countIf(c, "bits") ?? 4;
  const group = groupSize(c, ["group_size"]);
  if (bits !== 4 && bits !== 8) throw notLoaded(`GPTQ with ${bits} bits`);
  if (!flag(c, "sym", true)) throw notLoaded("GPTQ with zero points (sym false)");
  if (flag(c, "desc_act") && group !== Number.MAX_SAFE_INTEGER) {
    throw notLoaded("GPTQ with ordered activations (desc_act true)");
  }
  if (!GROUPS.includes(group)) throw notLoaded(`GPTQ with groups of ${group}`);
  return { format: bits === 4 ? "int4" : "w8a16", group, zeroPoints: true, gptqExperts: true };
}

/** GPTQModel's `dynamic`: the first expression that names a module leaves it in 16 bits (`-:`) or sets what differs. */
function exceptions(quantization: RawConfig): readonly [(module: string) => boolean, Stored | undefined][] {
  return Object.entries(part(quantization, "dynamic") ?? {}).map(([pattern, own]) => [
    expressionMatcher(pattern.replace(/^[+-]:/, "")),
    pattern.startsWith("-:") ? undefined : storedBy({ ...quantization, ...(isObject(own) ? own : {}) }),
  ]);
}

/** How a checkpoint of GPTQ stores each module. Throws a UserError for what vLLM does not load. */
export function gptqRule(quantization: RawConfig): Rule {
  const stored = storedBy(quantization);
  const dynamic = exceptions(quantization);
  const only = (list(quantization, "modules_in_block_to_quantize") ?? [])
    .flat()
    .filter((entry): entry is string => typeof entry === "string")
    .map(nameMatcher);
  return (module) => {
    // Of experts, vLLM reads `dynamic` alone.
    const isNamed = only.length === 0 || module.includes(".experts.") || only.some((means) => means(module));
    const exception = dynamic.find(([means]) => means(module));
    return isNamed ? (exception ? exception[1] : stored) : undefined;
  };
}
