import assert from "node:assert/strict";
import { deploymentSchema } from "../../../lib/config";
import { argumentChecks } from "../../../lib/config/argument-checks";
import { flagValues, PARSED_FLAGS, SHORT_FLAGS } from "../../../lib/config/vllm-flag-values";
import { flagStanding, KNOWN_FLAGS, PLANNED_KEYS } from "../../../lib/config/vllm-flags";
import { firstVersionWith } from "../../../lib/performance/engine/version-changes";

const problems = (serving: { extraArgs?: string[]; unprovenArgs?: string[]; vllmVersion?: string }) =>
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

  it("have the values that vLLM's parser takes", () => {
    const wrong: readonly (readonly [string[], string | RegExp])[] = [
      [["--seed"], "0: --seed needs a value; write --seed=VALUE"],
      [["--seed=abc"], "0: --seed must be a whole number; given abc"],
      [["--seed", "abc"], "1: --seed must be a whole number; given abc"],
      [["--seed="], '0: --seed must be a whole number; given ""'],
      [["--seed=1\n2"], '0: --seed must be a whole number; given "1\\n2"'],
      [[""], '0: "" is no flag: arguments start with one, such as --seed'],
      [
        [`--${"x".repeat(300)}`],
        `0: --${"x".repeat(35)}... is no flag that vLLM 0.33 is known to have; remove it`,
      ],
      [["--kv-cache-metrics-sample", "-0.5"], "1: write --kv-cache-metrics-sample=-0.5"],
      [["--uvicorn-log-level=INFO"], /must be one of/],
      [["--logging-config", "3"], '1: --logging-config must be JSON such as {"key": 1}; given 3'],
      [["--seed", "4", "5"], "2: --seed takes one value; remove 5"],
      [["--seed=4", "5"], "1: --seed takes one value; remove 5"],
      [["--chat-template"], "0: --chat-template needs a value; write --chat-template=VALUE"],
      [
        ["--chat-template", "--tool-call-parser", "hermes"],
        "0: --chat-template needs a value; write --chat-template=VALUE",
      ],
      [["--disable-log-requests=5"], "0: --disable-log-requests takes no value; remove 5"],
      [["--trust-remote-code", "true"], "1: --trust-remote-code takes no value; remove true"],
      [["--uvicorn-log-level=loud"], /^0: --uvicorn-log-level must be one of critical, .*; given loud$/],
      [["--kv-cache-metrics-sample", "much"], "1: --kv-cache-metrics-sample must be a number; given much"],
      [["--allowed-origins=*"], "0: --allowed-origins must be JSON; given *"],
      [["--chat-template.a=1"], /^0: --chat-template\.a sets a key of --chat-template, which has none; /],
      [["--seed 5"], '0: "--seed 5" is one argument with a space in it; write --seed=5, or two arguments'],
      [
        ["--reasoning-p=x"],
        "0: --reasoning-p is short for --reasoning-parser and --reasoning-parser-plugin; write the one that is meant",
      ],
    ];
    for (const [args, text] of wrong) {
      const found = problems({ extraArgs: args });
      assert.equal(found.length, 1, `${args.join(" ")}: ${found.join(" | ")}`);
      const [line = ""] = found;
      const what = line.replace("serving.extraArgs.", "");
      if (typeof text === "string") assert.equal(what, text);
      else assert.match(what, text);
    }
    for (const args of [
      ["--seed", "1_000"],
      ["--lora-modules", "a=/a", "b=/b"],
      ["--safetensors-prefetch-block-size=16M"],
      ["--override-generation-config", '{"temperature": 0.5}'],
      ["--override-generation-config.temperature", "0.5"],
      ["--allowed-origins", '["*"]'],
      ["--tool-strict-level=None"],
      ["--otlp-traces-endpoint", ""],
    ])
      assert.deepEqual(problems({ extraArgs: args }), [], args.join(" "));
  });

  it("have choices that were recorded of 0.33, where the version is that", () => {
    const unprovenArgs = ["--moe-backend=new"];
    assert.match(problems({ unprovenArgs })[0] ?? "nothing", /must be one of aiter, /);
    assert.deepEqual(problems({ unprovenArgs, vllmVersion: "0.34.0" }), []);
    // As vLLM lowers them.
    assert.deepEqual(problems({ unprovenArgs: ["--moe-backend=Deep-GEMM"] }), []);
  });

  it("are judged alike in every spelling of a nested option", () => {
    const spellings = [
      ["--compilation-config.pass_config.enable_sp=true"],
      ["--compilation-config.pass_config.enable_sp", "true"],
      ["--compilation_config.pass-config.enable-sp=true"],
      ["--compilation-config.pass_config", '{"enable_sp": true}'],
      ["--compilation-config", '{"pass_config": {"enable_sp": true}, "mode": 3}'],
      ['--compilation-config={"pass_config": {"enable_sp": true}}'],
      ["--compilation.pass_config.enable_sp=true"],
      ["-cc.pass_config.enable_sp=true"],
      ["-cc", '{"pass_config": {"enable_sp": true}}'],
    ];
    for (const list of ["extraArgs", "unprovenArgs"])
      for (const args of spellings) {
        const [found = "nothing"] = problems({ [list]: args });
        assert.match(
          found,
          / comes from the plan; set strategy\.sequenceParallel with a vLLM before 0\.32, or remove it/,
          args.join(" "),
        );
      }
    assert.match(PLANNED_KEYS["compilation-config.pass_config.enable_sp"] ?? "", /before 0\.32/);
    assert.equal(firstVersionWith("noSequenceParallelism"), "vLLM 0.32", "the advice names another version");
    for (const args of [
      ["--compilation-config.cudagraph_capture_sizes=[1]"],
      ["-cc.max_cudagraph_capture_size=8"],
    ])
      assert.match(problems({ unprovenArgs: args })[0] ?? "nothing", /set serving\.maxCudaGraphTokens/);
    assert.deepEqual(problems({ unprovenArgs: ["-cc.mode=3"] }), []);
  });

  it("know the optimization level in each form that vLLM takes", () => {
    for (const args of [
      ["-O3"],
      ["-O=3"],
      ["-O", "3"],
      ["--optimization-level=3"],
      ["--optimization_level", "3"],
    ]) {
      assert.deepEqual(problems({ unprovenArgs: args }), [], args.join(" "));
      assert.match(problems({ extraArgs: args })[0] ?? "nothing", /serving\.unprovenArgs/, args.join(" "));
    }
    for (const args of [["-O"], ["-O9"], ["-O", "fast"], ["-O=3", "4"]])
      assert.match(
        problems({ unprovenArgs: args })[0] ?? "nothing",
        /needs a value|must be one of 0, 1, 2, 3; given|takes one value/,
        args.join(" "),
      );
  });

  it("are judged one and all: every flag of vLLM's parser has a standing, and every standing a flag", () => {
    for (const flag of PARSED_FLAGS) assert.notEqual(flagStanding(`--${flag}`).kind, "unknown", flag);
    for (const flag of KNOWN_FLAGS) assert.ok(flagValues(flag), `${flag} is none of vLLM's`);
    for (const flag of Object.values(SHORT_FLAGS)) assert.ok(flagValues(flag), `${flag} is none of vLLM's`);
  });
});
