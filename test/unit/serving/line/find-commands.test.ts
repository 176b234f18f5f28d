import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../../../lib/config";
import { findCommands } from "../../../../lib/serving";

const found = (file: string) => findCommands(readFileSync(join(__dirname, "files", file), "utf8"), file);

describe("commands of vLLM's server in files", () => {
  it("are found in a systemd unit, over its lines", () => {
    const [unit, ...others] = found("vllm.service");
    assert.deepEqual(others, []);
    assert.deepEqual(unit?.args, [
      ...["meta-llama/Llama-3.3-70B-Instruct", "--tensor-parallel-size", "8", "--max-model-len", "32768"],
    ]);
  });
  it("are found in a compose file, with the version of the image and the number of GPUs", () => {
    assert.deepEqual(found("compose.yaml"), [
      {
        where: "service vllm",
        args: ["--model", "Qwen/Qwen3-32B", "--tensor-parallel-size", "2", "--max-model-len", "32768"],
        ...{ version: "0.10.2", gpus: 2, gpuIds: [0, 1] },
      },
    ]);
  });
  it("are found in a manifest of several objects, behind a shell, with the instance type that it asks for", () => {
    assert.deepEqual(found("deploy.yaml"), [
      {
        where: "Deployment llama",
        args: ["meta-llama/Llama-3.1-8B-Instruct", "--tensor-parallel-size", "1", "--enable-chunked-prefill"],
        ...{ version: "0.15.1", instanceType: "g6e.12xlarge", gpus: 1 },
      },
    ]);
  });
  it("are found in a script, also of `docker run`, up to where the command ends", () => {
    const script = `#!/bin/bash
      # vllm serve commented/out
      export HF_HOME=/data
      CUDA_VISIBLE_DEVICES=0,1 vllm serve 'Qwen/Qwen3-8B' \\
        --served-model-name "my model" -tp 2 > log 2>&1 &
      echo started`;
    assert.deepEqual(findCommands(script, "run.sh"), [
      { where: "run.sh", args: ["Qwen/Qwen3-8B", "--served-model-name", "my model", "-tp", "2"] },
    ]);
    const docker = "docker run --gpus all vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B\necho done";
    assert.deepEqual(findCommands(docker, "run.sh"), [
      { where: "run.sh", args: ["--model", "Qwen/Qwen3-8B"], version: "0.11.0" },
    ]);
  });
  it("are missed with one clear line", () => {
    const line = (text: string, file: string) => {
      try {
        findCommands(text, file);
      } catch (error) {
        assert.ok(error instanceof UserError, `${error}`);
        return error.line;
      }
      return "found";
    };
    assert.match(
      line("services: {web: {image: nginx}}", "compose.yaml"),
      /^compose.yaml: nothing in it starts/,
    );
    assert.match(line("a: [", "compose.yaml"), /^compose.yaml:1: is not valid YAML/);
  });
});
