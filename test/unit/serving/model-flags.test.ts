import assert from "node:assert/strict";
import { parseDeployment } from "../../../lib/config";
import { lacksChatTemplate, modelFlags, runsRemoteCode } from "../../../lib/serving/model-flags";
import type { Plan } from "../../../lib/strategy";

/** As much of a plan as the flags depend on. */
function served(name: string, serving = {}): Plan {
  const deployment = parseDeployment({ model: { name }, serving });
  return { deployment, model: { name } } as unknown as Plan;
}

describe("flags that a model needs", () => {
  it("are its parsers", () => {
    const flags = (name: string) => modelFlags(served(name)).join(" ");
    assert.equal(
      flags("openai/gpt-oss-120b"),
      "--reasoning-parser openai_gptoss --enable-auto-tool-choice --tool-call-parser openai",
    );
    assert.equal(
      flags("Qwen/Qwen3-Coder-480B-A35B-Instruct"),
      "--enable-auto-tool-choice --tool-call-parser qwen3_coder",
    );
    assert.equal(flags("meta-llama/Meta-Llama-3-70B-Instruct"), "");
    assert.match(flags("zai-org/GLM-5-FP8"), /glm45 .* glm47/);
    assert.match(flags("Qwen/Qwen3-VL-32B-Thinking"), /--reasoning-parser qwen3 .* hermes/);
    assert.match(flags("mistralai/Mistral-Small-3.2-24B-Instruct-2506"), /parser mistral/);
    assert.equal(flags("mistralai/Mixtral-8x7B-Instruct-v0.1"), "");
    assert.match(flags("meta-llama/Llama-4-Scout-17B-16E-Instruct"), /llama4_pythonic/);
    assert.match(flags("meta-llama/Llama-3.2-3B-Instruct"), /llama3_json/);
  });

  it("name the trust in a repository's code", () => {
    assert.ok(
      runsRemoteCode(served("moonshotai/Kimi-K2-Instruct")),
      'not so: runsRemoteCode(served("moonshotai/Kimi-K2-Instruct"))',
    );
    assert.ok(
      modelFlags(served("moonshotai/Kimi-K2-Instruct")).includes("--trust-remote-code"),
      'not so: modelFlags(served("moonshotai/Kimi-K2-Instruct")).includes("--trust-remote-code")',
    );
    assert.ok(
      runsRemoteCode(served("XiaomiMiMo/MiMo-7B-Base")),
      "neither Transformers 5.19 nor vLLM 0.33 has a class for model_type mimo",
    );
    assert.ok(
      !runsRemoteCode(served("openai/gpt-oss-120b")),
      'not so: !runsRemoteCode(served("openai/gpt-oss-120b"))',
    );
  });

  it("say that a base model has no chat template, until it is given one", () => {
    const own = { extraArgs: ["--chat-template", "/srv/chatml.jinja"] };
    assert.ok(lacksChatTemplate(served("XiaomiMiMo/MiMo-7B-Base")), "a base model");
    assert.ok(!lacksChatTemplate(served("XiaomiMiMo/MiMo-7B-Base", own)), "with a template");
    assert.ok(!lacksChatTemplate(served("Qwen/Qwen3-8B")), "a chat model");
  });

  it("leave to the user what the user says, and older versions alone", () => {
    const own = { extraArgs: ["--tool-call-parser", "hermes", "--enable-auto-tool-choice"] };
    assert.deepEqual(modelFlags(served("openai/gpt-oss-20b", own)), ["--reasoning-parser", "openai_gptoss"]);
    assert.deepEqual(modelFlags(served("openai/gpt-oss-20b", { vllmVersion: "0.28.0" })), []);
  });
});
