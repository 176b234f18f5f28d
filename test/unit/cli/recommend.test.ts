import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { recommend } from "../../../lib/library";
import type { Recommendation } from "../../../lib/strategy";
import { QUICK, runCli } from "./run-cli";

/** Arguments of a command that starts with the program's name, by npx or not, as a shell reads them. */
const argumentsOf = (command: string): string[] =>
  spawnSync("bash", ["-c", `printf '%s\\0' ${command.replace(/^(npx )?shardplan /, "")}`], {
    encoding: "utf8",
  })
    .stdout.split("\0")
    .slice(0, -1);
/** Lengths that a shell would take for several words. */
const LENGTHS = [
  ...["--set", "workload.promptTokens={kind: fixed, tokens: 500}"],
  ...["--set", "workload.outputTokens={kind: fixed, tokens: 100}"],
];

describe("shardplan recommend", function () {
  this.timeout(240_000);

  it("names the cheapest machines, by trials in threads as by one after the other, and a plan confirms them", async () => {
    const args = ["recommend", "Qwen/Qwen3-8B", "--rate", "2", ...QUICK];
    const { status, stdout, stderr } = runCli([...args, "--json"]);
    assert.equal(status, 0, stderr);
    const { recommendations } = JSON.parse(stdout);
    const alone = await recommend({
      model: { name: "Qwen/Qwen3-8B" },
      workload: { requestRate: 2, simulatedRequests: 100 },
    });
    const machines = ({ instanceType, nodes, highestRequestRate, latency }: Recommendation) => ({
      instanceType,
      nodes,
      highestRequestRate,
      latency,
    });
    assert.deepEqual(
      recommendations.map(machines),
      JSON.parse(JSON.stringify(alone.recommendations.map(machines))),
    );
    const prices = recommendations.map(({ usdPerHour }: { usdPerHour: number }) => usdPerHour);
    assert.deepEqual(
      prices,
      [...prices].sort((a, b) => a - b),
    );
    const plan = argumentsOf(recommendations[0].confirm);
    const confirmed = runCli(plan);
    assert.equal(confirmed.status, 0, confirmed.stdout);
    assert.match(confirmed.stdout, new RegExp(recommendations[0].instanceType));
  });
  it("looks for machines of ten and a hundred times the load after those of the load itself", () => {
    const { status, stdout, stderr } = runCli([
      "recommend",
      "Qwen/Qwen3-8B",
      "--rate",
      "0.2",
      "--full",
      ...QUICK,
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^At 2 requests\/s: .* an hour\.$/m);
    assert.match(stdout, /^At 20 requests\/s: .* an hour\.$/m);
  });
  it("says in one line what is wrong with its options", () => {
    const said = (...options: string[]) => runCli(["recommend", "Qwen/Qwen3-8B", ...options]).stderr;
    assert.match(said("--users", "4"), /the load is --rate, or --users with --tokens-per-second/);
    assert.match(said("--max-rate"), /which machines are meant is not said; add --on/);
    assert.match(said("--slo", "ttft=800"), /is not a latency target; as in --slo ttft.p99=800/);
    assert.match(said("--slo", "ttft.p99=800ms"), /--slo ttft.p99=800ms: .*; as in --slo ttft.p99=20$/m);
    assert.match(said("--rate", "5/s"), /--rate 5\/s: must be a number above 0/);
    assert.match(said("--max-rate", "--smallest-gpu"), /are questions of their own/);
    assert.match(
      said("--price", "p5.48xlarge=free"),
      /--price p5.48xlarge=free: must be a number above 0; as in --price p5.48xlarge=20/,
    );
  });
  it("answers the inverse questions with what a plan confirms, and with no more than that", () => {
    const slow = ["--rate", "0.2", "--slo", "tpot.p50=90", "--slo", "tpot.p99=300", "--slo", "ttft.p99=3000"];
    for (const [question, key, set] of [
      [["--longest-context", "--on", "1xL4", ...slow], "longestContextTokens", "envelope.maxModelLen"],
      [
        ["--max-rate", "--on", "g6e.xlarge", "--slo", "ttft.p99=400", ...LENGTHS],
        "requestRate",
        "workload.requestRate",
      ],
    ] as const) {
      const { status, stdout, stderr } = runCli([
        ...["recommend", "meta-llama/Llama-3.1-8B-Instruct", ...question, ...QUICK, "--json"],
      ]);
      assert.equal(status, 0, stderr);
      const answer = JSON.parse(stdout);
      const plan = argumentsOf(answer.confirm);
      assert.ok(plan.includes(`${set}=${answer[key]}`), answer.confirm);
      assert.equal(runCli(plan).status, 0, answer.confirm);
      const more = runCli([...plan, "--set", `${set}=${Math.ceil(1.3 * answer[key])}`]);
      assert.equal(more.status, 2, `${answer.confirm} has room: ${more.stdout}`);
    }
  });
  it("says whose latencies stand beside the longest context", () => {
    const targets = [
      "--rate",
      "0.1",
      "--slo",
      "tpot.p50=2000",
      "--slo",
      "tpot.p99=2000",
      "--slo",
      "ttft.p99=20000",
    ];
    const asked = ["recommend", "Qwen/Qwen3-8B", "--longest-context", "--on", "1xL4", ...targets, ...QUICK];
    const text = runCli(asked).stdout.replaceAll("\n", " ");
    assert.match(text, /for prompts of 1,155 and answers of 156 tokens/);
    assert.match(text, /are those of the load's requests, not of a prompt that fills the context/);
  });
  it("names the smallest GPU, and exits with 2 where no value passes", () => {
    const smallest = runCli(["recommend", "Qwen/Qwen3-8B", "--smallest-gpu", "--rate", "1", ...QUICK]);
    assert.match(smallest.stdout, /✓ The smallest that passes is 1 x .* GiB each/);
    const none = runCli(["recommend", "Qwen/Qwen3-32B", "--max-rate", "--on", "1xL4", ...QUICK]);
    assert.equal(none.status, 2, none.stderr);
    assert.match(none.stdout, /✗ No rate meets the targets/);
  });
  it("shows a price that is given beside the list price", () => {
    const args = ["recommend", "Qwen/Qwen3-8B", "--rate", "1", "--price", "g6e.xlarge=spot:0.9", ...QUICK];
    assert.match(runCli(args).stdout, /g6e\.xlarge: \$0\.90 an hour \(spot\); the list price is \$1\.86\./);
  });
});
