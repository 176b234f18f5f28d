import assert from "node:assert/strict";
import { checkLine, type LineCheck, readMachines, readServeLine } from "../../../../lib/serving";
import { sizeOf } from "../../../../lib/serving/line/line-deployment";
import { shellWords } from "../../../../lib/serving/line/shell-words";

const read = (line: string, version = "0.33.0") => readServeLine(shellWords(line), version);
const flag = (line: string, name: string) => read(line).flags.get(name);

function check(args: string, on = "4xH100", set: readonly string[] = []): LineCheck {
  return checkLine({
    line: read(args),
    version: "0.33.0",
    machines: readMachines(on, { nodes: 1, wanted: 1 }),
    set,
  });
}

describe("a line of vllm serve", function () {
  this.timeout(60_000);

  it("is read in every spelling that vLLM takes", () => {
    for (const spelling of [
      "--tensor-parallel-size 4",
      "--tensor_parallel_size=4",
      "--tensor-parallel=4",
      "-tp 4",
      "-tp=4",
    ])
      assert.deepEqual(flag(`m ${spelling}`, "tensor-parallel-size"), ["4"], spelling);
    assert.deepEqual(flag("m --no-enable-prefix-caching", "enable-prefix-caching"), ["false"]);
    assert.equal(read("--trust-remote-code -tp 2 /models/m").model, "/models/m");
    assert.equal(read("--model org/m").model, "org/m");
  });
  it("has sizes with decimal and binary units", () => {
    assert.deepEqual(["32k", "32K", "1.5m", "4096"].map(sizeOf), [32_000, 32_768, 1_500_000, 4096]);
  });
  it("is refused as vLLM's parser does, with the nearest flag", () => {
    const said = (line: string) => read(line).refused.join();
    assert.match(
      said("m --tensr-parallel-size 2"),
      /unrecognized arguments: --tensr-parallel-size 2; did you mean --tensor-/,
    );
    assert.match(said("m --max-model-len big"), /argument --max-model-len: invalid value: 'big'/);
    assert.match(said("m --max-num 4"), /ambiguous option: --max-num could match/);
    assert.match(said("m other"), /unrecognized arguments: other/);
    assert.match(said("m --max-num-seqs"), /expected one argument/);
    assert.deepEqual(read("m --disable-log-requests --swap-space 4", "0.10.2").refused, []);
  });
  it("says which flags fight each other, do nothing or are not counted", () => {
    const { remarks } = check(
      "Qwen/Qwen3-8B --enforce-eager --max-cudagraph-capture-size 64 --enable-chunked-prefill -tp 1 -tp 2 --cpu-offload-gb 4",
    );
    for (const said of [
      /sizes to capture do nothing/,
      /chunked-prefill does nothing/,
      /given twice/,
      /2 of the 4 GPUs stay idle/,
      /cpu-offload-gb may move/,
    ])
      assert.match(remarks.join("\n"), said);
    assert.deepEqual(check("Qwen/Qwen3-8B -tp 4").remarks, []);
  });
  it("that does not start is given changes that do", () => {
    const { starts, changes } = check(
      "meta-llama/Llama-3.3-70B-Instruct -tp 2 --gpu-memory-utilization 0.9",
      "4xH100",
    );
    assert.ok(!starts, "it starts");
    assert.ok(changes.length > 0, "no change starts");
    for (const { flags } of changes) {
      const changed = check(
        `meta-llama/Llama-3.3-70B-Instruct -tp 2 --gpu-memory-utilization 0.9 ${flags.join(" ")}`,
      );
      assert.ok(changed.starts, flags.join(" "));
    }
  });
  it("asks for no more GPUs than there are", () => {
    const { refusals } = check("Qwen/Qwen3-8B -tp 8");
    assert.match(
      refusals[0]?.message ?? "",
      /World size \(8\) is larger than the number of available GPUs \(4\)/,
    );
  });
  it("has the method of its checkpoint, or is refused", () => {
    const { starts, refusals } = check("Qwen/Qwen3-32B-FP8 --quantization awq");
    assert.ok(!starts, "it starts");
    assert.match(refusals[0]?.message ?? "", /does not match the quantization method/);
  });
  it("with a load is as fast as the same plan, and a plan of its machines is no worse", () => {
    const { served } = check("Qwen/Qwen3-8B -tp 1 --max-model-len 8192", "2xH100", [
      "workload.requestRate=4",
      "workload.simulatedRequests=100",
    ]);
    assert.ok(served, "no figures");
    const { line, planned } = served;
    assert.ok(line.chosen.feasible && Number.isFinite(line.latency.decode.p99Ms), "no latency");
    assert.equal(line.serving.maxNumBatchedTokens, 8192);
    assert.ok(
      planned.throughput.sustainableRequestRate >= line.throughput.sustainableRequestRate,
      "worse than the line",
    );
  });
});
