import { UserError } from "../config";

/** Keys under which a config.json says that its weights are quantised: Hugging Face, early compressed-tensors, MLX. */
const QUANTIZED_BY = ["quantization_config", "compression_config", "quantization"] as const;
/** Where such a key says how. */
const METHOD = ["quant_method", "quant_algo", "quant_type", "format", "mode"] as const;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The method in words, with its bits where the file gives them: "awq with 4 bits". */
function methodOf(quantization: unknown): string {
  if (typeof quantization === "string") return quantization;
  if (!isObject(quantization)) return "unnamed";
  const named = METHOD.flatMap((key) => {
    const value = quantization[key];
    return typeof value === "string" ? [value] : [];
  });
  const bits = quantization.bits ?? quantization.w_bit;
  return `${[...new Set(named)].join(" ") || "unnamed"}${typeof bits === "number" ? ` with ${bits} bits` : ""}`;
}

/**
 * Refuses the config.json of a quantised checkpoint, the configs nested in it included: its weights have other bytes and
 * other kernels than those that a plan computes. `file` names the config.json. Throws a UserError with the method.
 */
export function refuseQuantized(json: unknown, file: string): void {
  if (!isObject(json)) return;
  for (const key of QUANTIZED_BY) {
    const value = json[key];
    if (value === undefined || value === null) continue;
    throw new UserError({
      code: "quantized-checkpoint",
      where: "model.configPath",
      message: `${file} is of a quantised checkpoint (${key}: ${methodOf(value)}), which cannot be planned yet`,
      hint: "give the config.json of the unquantised repository; model.precision fp8 quantises it while loading",
    });
  }
  for (const nested of Object.values(json)) refuseQuantized(nested, file);
}
