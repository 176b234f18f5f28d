import assert from "node:assert/strict";
import { deploymentSchema } from "../../../lib/config";
import { argumentChecks } from "../../../lib/config/argument-checks";

const problems = (serving: { extraArgs?: string[]; unprovenArgs?: string[] }) =>
  argumentChecks(deploymentSchema.parse({ serving })).map(({ keys, text }) => `${keys.join()}: ${text}`);

describe("arguments added to vllm serve", () => {
  it("do not overrule the plan in any spelling that vLLM takes", () => {
    const overruling = [
      ["--host", "0.0.0.0"],
      ["--hos=0.0.0.0"],
      ["--port=80"],
      ["--tensor_parallel_size=4"],
      ["--tensor-parallel=4"],
      ["-tp", "4"],
      ["-tp4"],
      ["-t", "4"],
      ["--quantization=awq"],
      ["-qawq"],
      ["--no-enable-prefix-caching"],
      ["--disable-prefix-caching"],
      ["--no-enable-chunked-prefill"],
      ["--kv-cache-memory-bytes=1G"],
      ["--enforce-eager"],
      ["--model", "another"],
      ["--config", "other.yaml"],
      ["--served_model_name=x"],
      ["--max-cudagraph-capture-size=8"],
    ];
    for (const args of overruling) {
      for (const list of ["extraArgs", "unprovenArgs"]) {
        const [found = "nothing"] = problems({ [list]: args });
        assert.match(
          found,
          /comes from the plan; set |^[^;]* cannot be given: vLLM |cannot be given: the /,
          `${list} ${args.join(" ")}: ${found}`,
        );
      }
    }
  });

  it("pass where they change nothing that was proved", () => {
    for (const args of [
      ["--reasoning-parser", "deepseek_r1"],
      ["--enable-auto-tool-choice", "--tool-call-parser=hermes"],
      ["--chat_template", "/etc/template.jinja"],
      ["--seed", "-1"],
      ["--trust-remote-code"],
      ["--no-enable-log-requests"],
    ])
      assert.deepEqual(problems({ extraArgs: args }), [], args.join(" "));
  });

  it("need an explicit word where they may change it", () => {
    for (const args of [
      ["--prefill-context-parallel-size", "2"],
      ["--kv-offloading-size", "9"],
      ["--no-async-scheduling"],
      // Random weights, and files left out.
      ["--load-format=dummy"],
      ["--ignore-patterns", "*.safetensors"],
    ]) {
      assert.match(problems({ extraArgs: args })[0] ?? "nothing", /serving\.unprovenArgs/, args.join(" "));
      assert.deepEqual(problems({ unprovenArgs: args }), [], args.join(" "));
    }
  });

  it("get the nearest flag when they are misspelt, and start with one", () => {
    assert.match(
      problems({ extraArgs: ["--reasonning-parser=x"] })[0] ?? "",
      /did you mean --reasoning-parser\?/,
    );
    assert.match(problems({ extraArgs: ["other/model"] })[0] ?? "", /is no flag: arguments start with one/);
  });
});
