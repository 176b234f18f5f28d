import assert from "node:assert/strict";
import { ownCheckpoints } from "../../../../bench/judge/corpus";
import { checkpointRequirements } from "../../../../lib/strategy/requirements/checkpoint-requirements";
import { violationsOf } from "../../../../lib/strategy/requirements/requirement";
import { readSituation } from "../../../../lib/strategy/situation";
import { aDeployment } from "../a-deployment";

const checkpoints = ownCheckpoints();

/** What is said against a checkpoint on so many tensor-parallel ranks. */
function refusals(
  name: string,
  tensorParallel: number,
  { expertParallel = 1, vllmVersion = "0.33.0", changed = {} } = {},
) {
  const config = checkpoints.find((checkpoint) => checkpoint.name === name)?.config;
  assert.ok(config, name);
  const deployment = aDeployment({ model: { name }, serving: { vllmVersion } });
  const situation = readSituation(deployment, { modelConfig: { ...config, ...changed } });
  const strategy = {
    tensorParallel,
    pipelineParallel: 1,
    dataParallel: 1,
    expertParallel,
    sequenceParallel: 1,
    gpus: tensorParallel,
  };
  return violationsOf(checkpointRequirements(situation, strategy));
}

describe("the groups of a quantised checkpoint", () => {
  // 29568 / 2 = 14784 is no multiple of 128: seen with vLLM 0.33.0's classes for each of these.
  for (const way of ["awq", "w4a16", "w8a16", "fp8-block"]) {
    it(`stay whole: Qwen2.5-72B ${way} runs on one rank, and on two is refused as vLLM refuses it`, () => {
      assert.deepEqual(refusals(`Qwen/Qwen2.5-72B-Instruct ${way}`, 1), []);
      const [violation] = refusals(`Qwen/Qwen2.5-72B-Instruct ${way}`, 2);
      assert.equal(violation?.check, "quantization-groups");
      assert.match(violation?.value ?? "", /^14784 (inputs|outputs) of mlp\..* on each of 2 ranks/);
      assert.match(violation?.change ?? "", /set strategy\.tensorParallel to 1,/);
    });
  }

  it("are no rule where a scale is of a channel or a tensor", () => {
    for (const way of ["w8a8", "fp8-dynamic", "fp8-static"]) {
      assert.deepEqual(refusals(`Qwen/Qwen2.5-72B-Instruct ${way}`, 8), [], way);
    }
  });

  it("of compressed-tensors' experts stay whole, unless the experts do", () => {
    const name = "Qwen/Qwen3-30B-A3B w4a16";
    assert.deepEqual(refusals(name, 2), []);
    assert.equal(refusals(name, 4)[0]?.check, "quantization-groups");
    assert.deepEqual(refusals(name, 4, { expertParallel: 4 }), []);
  });

  it("of AWQ's and GPTQ's experts are halved by vLLM until they fit, down to 32", () => {
    assert.deepEqual(refusals("Qwen/Qwen3-30B-A3B awq", 8), []);
    assert.deepEqual(refusals("Qwen/Qwen3-30B-A3B gptq-int4", 8), []);
    assert.equal(refusals("Qwen/Qwen3-30B-A3B awq", 16)[0]?.check, "quantization-groups");
  });

  // vLLM 0.33.0 builds such a layer, but rank 3 of 4 reads blocks 6 and 7 of the 6 that 4 heads of 192 have (MiMo-V2-Flash).
  it("of FP8 keys stay whole: 4 heads of 192 go to two ranks and not to four", () => {
    const changed = { head_dim: 192, num_key_value_heads: 4 };
    assert.deepEqual(refusals("Qwen/Qwen3-30B-A3B-FP8", 2, { changed }), []);
    const [violation] = refusals("Qwen/Qwen3-30B-A3B-FP8", 4, { changed });
    assert.match(violation?.value ?? "", /^192 outputs of self_attn\.k_proj on each of 4 ranks/);
    assert.match(violation?.change ?? "", /set strategy\.tensorParallel to 2,/);
  });

  it("of FP8 experts are cut to fit since a version", () => {
    assert.deepEqual(refusals("Qwen/Qwen3-30B-A3B-FP8", 8), []);
    const [violation] = refusals("Qwen/Qwen3-30B-A3B-FP8", 8, { vllmVersion: "0.25.0" });
    assert.match(violation?.value ?? "", /96 outputs of mlp\.experts.*vLLM 0\.32 cuts the blocks to fit/);
    assert.match(violation?.change ?? "", /set strategy\.tensorParallel to 2,.*strategy\.expertParallel/);
  });
});

describe("a checkpoint whose method vLLM does not find", () => {
  it("is not deployed as if it were read", () => {
    const llama = checkpoints.find(({ name }) => name === "meta-llama/Llama-3.1-8B-Instruct");
    const modelConfig = { ...llama?.config, hf_quant_config: { quantization: { quant_algo: "FP8" } } };
    const situation = readSituation(aDeployment({ model: { name: "own/8b-fp8" } }), { modelConfig });
    const strategy = {
      tensorParallel: 1,
      pipelineParallel: 1,
      dataParallel: 1,
      expertParallel: 1,
      sequenceParallel: 1,
      gpus: 1,
    };
    const [violation] = violationsOf(checkpointRequirements(situation, strategy));
    assert.equal(violation?.check, "checkpoint-method");
    assert.match(violation?.change ?? "", /add "quant_method": "modelopt"/);
  });
});
