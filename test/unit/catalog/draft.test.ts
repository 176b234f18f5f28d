import assert from "node:assert/strict";
import { bytesOnRank, draftConfigOf, findModel, resolveDraft } from "../../../lib/catalog";
import { parametersOf } from "../../../lib/catalog/count-tensors";
import { elementsOf } from "../../../lib/catalog/families/tensor";
import { type DeploymentInput, parseDeployment, UserError } from "../../../lib/config";

/** config.json of yuhuili/EAGLE3-LLaMA3.1-Instruct-8B, what vLLM reads of it. */
const HEAD = {
  architectures: ["LlamaForCausalLMEagle3"],
  model_type: "llama",
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  num_hidden_layers: 1,
  vocab_size: 128_256,
  draft_vocab_size: 32_000,
  max_position_embeddings: 2048,
};

type Speculative = NonNullable<NonNullable<DeploymentInput["serving"]>["speculative"]>;

const draftOf = (name: string, speculative: Speculative, config?: unknown) =>
  resolveDraft(
    parseDeployment({ serving: { speculative: { acceptance: 0.7, ...speculative } } }),
    findModel(name),
    config,
  );

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof UserError, `${error}`);
    return error.line;
  }
  return assert.fail("nothing was refused");
};

describe("what drafts", () => {
  it("is nothing without speculative decoding", () => {
    assert.equal(resolveDraft(parseDeployment({}), findModel("deepseek-ai/DeepSeek-V3")), undefined);
  });

  it("is the module of the checkpoint: with it DeepSeek-V3 has the 685 billion parameters that the hub counts", () => {
    const model = findModel("deepseek-ai/DeepSeek-V3");
    const draft = draftOf(model.name, { method: "mtp" });
    assert.ok(draft && model.tensors, "the model and its module are known by tensor");
    const elements = (draft.model.tensors?.layers ?? [])
      .flatMap(({ tensors }) => tensors)
      .reduce((sum, t) => sum + elementsOf(t), 0);
    const shared = elementsOf(model.tensors.embedding) + elementsOf(model.tensors.embedding);
    // DeepSeek's card: 671 B of the main model and 14 B of the module, which counts the embedding and head that it shares.
    assert.ok(
      Math.abs((elements + shared) / 14e9 - 1) < 0.05,
      `${(elements + shared) / 1e9} B of the module`,
    );
    const whole = (parametersOf(model.tensors) + elements + shared) / 685e9;
    assert.ok(Math.abs(whole - 1) < 0.005, `${whole} of 685 B`);
  });

  it("is an EAGLE-3 head of its own tensors: 425 million of the 8B head, which the hub counts as 0.4 B", () => {
    const draft = draftOf("meta-llama/Llama-3.1-8B-Instruct", { method: "eagle3", model: "a/head" }, HEAD);
    const tensors = (draft?.model.tensors?.layers ?? []).flatMap((layer) => layer.tensors);
    const weights = tensors.filter(({ elementBytes }) => elementBytes === undefined);
    const elements = weights.reduce((sum, tensor) => sum + elementsOf(tensor), 0);
    // fc 3h x h, qkv over 2h, o, MLP, norms and 32 000 rows of output projection (vllm/model_executor/models/llama_eagle3.py).
    const expected =
      3 * 4096 ** 2 + 2 * 4096 * 6144 + 4096 ** 2 + 3 * 4096 * 14_336 + 4 * 4096 + 32_000 * 4096;
    assert.equal(elements, expected);
    assert.equal(draft?.model.tensors?.layers.length, 1);
    const alone = { tensorParallel: 1, expertParallel: 1 };
    const bytes = tensors.reduce((sum, tensor) => sum + bytesOnRank(tensor, alone), 0);
    assert.equal(bytes, 2 * expected + 8 * 32_000, "the map of its vocabulary takes 8 bytes a token");
  });

  it("keeps an embedding where the head is not as wide as the model", () => {
    const config = {
      ...HEAD,
      hidden_size: 6144,
      head_dim: 128,
      num_attention_heads: 48,
      target_hidden_size: 8192,
    };
    const draft = draftOf(
      "meta-llama/Meta-Llama-3-70B-Instruct",
      { method: "eagle3", model: "a/head" },
      config,
    );
    const names = (draft?.model.tensors?.layers ?? []).flatMap(({ tensors }) =>
      tensors.map(({ name }) => name),
    );
    assert.ok(names.includes("embed_tokens"), names.join(" "));
  });

  it("is refused in one line for what vLLM would not load with the model", () => {
    assert.match(
      refusal(() => draftOf("Qwen/Qwen3-32B", { method: "mtp" })),
      /^serving\.speculative\.method: the checkpoint of Qwen\/Qwen3-32B has no prediction module/,
    );
    assert.match(
      refusal(() => draftOf("Qwen/Qwen3-32B", { method: "eagle3", model: "a/head" }, HEAD)),
      /reads hidden states of 4096 and a vocabulary of 128256, and Qwen\/Qwen3-32B has 5120 and 151936/,
    );
    const other = { ...HEAD, architectures: ["Eagle3DeepseekV2ForCausalLM"] };
    assert.match(
      refusal(() =>
        draftOf("meta-llama/Llama-3.1-8B-Instruct", { method: "eagle3", model: "a/head" }, other),
      ),
      /a\/head is a Eagle3DeepseekV2ForCausalLM, which is not priced/,
    );
    assert.match(
      refusal(() => draftOf("meta-llama/Llama-3.1-8B-Instruct", { method: "eagle3", model: "a/head" })),
      /the config\.json of a\/head was not given/,
    );
    assert.match(
      refusal(() => draftOf("Qwen/Qwen3-32B", { method: "draft_model", model: "no/such" })),
      /^serving\.speculative\.model|^model\.name/,
    );
  });

  it("is no whole model where a head is asked for", () => {
    const speculative = { method: "eagle3", model: "Qwen/Qwen3-8B", acceptance: 0.7 } as const;
    assert.throws(
      () => draftConfigOf(parseDeployment({ serving: { speculative } })),
      /Qwen\/Qwen3-8B is a whole model, not an EAGLE-3 head/,
    );
  });
});
