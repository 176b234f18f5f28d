import { hasChange } from "../performance";
import type { Plan } from "../strategy";

/** What serving a family of models needs beside its shape, by vLLM's names of 0.33. */
interface FamilyFlags {
  readonly reasoning?: string;
  readonly tools?: string;
  /** Tokenizer or config are Python of the repository, which hosts then run. */
  readonly remoteCode?: true;
}

/**
 * Families by `model_type` and name, the first that fits: parsers as vLLM's reasoning/__init__.py and
 * tool_parsers/__init__.py register them and its pages on reasoning outputs and tool calling pair them with models.
 */
const FAMILIES: readonly (readonly [RegExp, FamilyFlags])[] = [
  [/gpt[-_]oss/i, { reasoning: "openai_gptoss", tools: "openai" }],
  [/deepseek[-_]v3\.?2/i, { reasoning: "deepseek_v3", tools: "deepseek_v32" }],
  [/deepseek-v3\.1/i, { reasoning: "deepseek_v3", tools: "deepseek_v31" }],
  [/deepseek-r1(?!-distill)/i, { reasoning: "deepseek_r1", tools: "deepseek_v3" }],
  [/deepseek-r1-distill/i, { reasoning: "deepseek_r1" }],
  [/deepseek-v3/i, { tools: "deepseek_v3" }],
  [/kimi[-_]k2\.?[5-9]|kimi-k2-thinking/i, { reasoning: "kimi_k2", tools: "kimi_k2", remoteCode: true }],
  [/kimi[-_]k2/i, { tools: "kimi_k2", remoteCode: true }],
  [/minimax[-_]m3/i, { reasoning: "minimax_m3", tools: "minimax_m3" }],
  [/minimax[-_]m2/i, { reasoning: "minimax_m2", tools: "minimax_m2" }],
  [/glm_moe_dsa|glm-4\.7|glm-5/i, { reasoning: "glm45", tools: "glm47" }],
  [/glm4_moe|glm-4\.[56]/i, { reasoning: "glm45", tools: "glm45" }],
  [/qwen3[-_]coder|qwen3-next.*coder/i, { tools: "qwen3_coder" }],
  [/qwen3[-_.]5/i, { reasoning: "qwen3", tools: "qwen3_coder" }],
  [/qwen3.*thinking/i, { reasoning: "qwen3", tools: "hermes" }],
  [/qwen3.*(instruct|vl)/i, { tools: "hermes" }],
  [/qwen3/i, { reasoning: "qwen3", tools: "hermes" }],
  [/qwen2\.5.*instruct/i, { tools: "hermes" }],
  [/nemotron-nas|nemotron-super-49b/i, { remoteCode: true }],
  [/nemotron-3/i, { reasoning: "nemotron_v3", tools: "qwen3_coder" }],
  [/llama-3\.[1-3].*instruct/i, { tools: "llama3_json" }],
  [/llama-4.*instruct/i, { tools: "llama4_pythonic" }],
  // Its parser needs the tokenizer of Mistral, which only its own repositories have.
  [/mistralai\/magistral/i, { reasoning: "mistral", tools: "mistral" }],
  [
    /mistral-(small|medium|large|nemo|7b-instruct-v0\.3)|devstral|ministral.*(instruct|reasoning)/i,
    { tools: "mistral" },
  ],
  [/phi-4-mini-instruct/i, { tools: "phi4_mini_json" }],
  [/mimo[-_]v2/i, { reasoning: "mimo", tools: "mimo" }],
  // Neither Transformers nor vLLM has a class for the config of MiMo-7B.
  [/^mimo |mimo-7b/i, { remoteCode: true }],
  [/gemma4|gemma-4/i, { reasoning: "gemma4", tools: "gemma4" }],
];

/** What is needed for the model of a plan; nothing for a version whose names are not known. */
function flagsOf({ model, deployment }: Plan): FamilyFlags {
  const engine = { name: "vLLM", version: deployment.serving.vllmVersion } as const;
  if (!hasChange(engine, "parserNames")) return {};
  const key = `${model.modelType ?? ""} ${deployment.model.name}`;
  return FAMILIES.find(([family]) => family.test(key))?.[1] ?? {};
}

/** Whether hosts run Python that comes with the model's repository: to be read, and pinned by model.revision. */
export const runsRemoteCode = (plan: Plan): boolean => flagsOf(plan).remoteCode === true;

/**
 * Whether chat requests will be refused: vLLM takes the template of the tokenizer, which a base model has not, and has
 * no template of its own for text models. Completions are served all the same.
 */
export const lacksChatTemplate = (plan: Plan): boolean =>
  /[-_]base$/i.test(plan.deployment.model.name) && !saysIn(plan)("--chat-template");

/** Whether the user's own arguments have a flag. */
const saysIn = ({ deployment: { serving } }: Plan) => {
  const own = [...serving.extraArgs, ...serving.unprovenArgs];
  return (flag: string): boolean => own.some((one) => one === flag || one.startsWith(`${flag}=`));
};

/** Parsers and trust that the model needs, except for what the user's own arguments say. */
export function modelFlags(plan: Plan): string[] {
  const { reasoning, tools, remoteCode } = flagsOf(plan);
  const said = saysIn(plan);
  const isToolsSaid = said("--tool-call-parser") || said("--enable-auto-tool-choice");
  return [
    ...(reasoning && !said("--reasoning-parser") ? ["--reasoning-parser", reasoning] : []),
    ...(tools && !isToolsSaid ? ["--enable-auto-tool-choice", "--tool-call-parser", tools] : []),
    ...(remoteCode && !said("--trust-remote-code") ? ["--trust-remote-code"] : []),
  ];
}
