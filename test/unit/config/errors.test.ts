import assert from "node:assert/strict";
import { ConfigError, parseDeployment } from "../../../lib/config";
import { problemLines } from "./problem-lines";

/** Lines for a configuration, without the "configuration: " in front. */
const lines = (values: unknown) =>
  problemLines(() => parseDeployment(values)).map((line) => line.replace(/^configuration: /, ""));

describe("errors of a configuration", () => {
  it("name the key, what is allowed and what was given", () => {
    const cases: [unknown, string][] = [
      [
        { slo: { decode: { p99Ms: "fast" } } },
        'slo.decode.p99Ms: must be a number from 0.01 to 86400000; given "fast"',
      ],
      [
        { slo: { decode: { p99Ms: -1 } } },
        "slo.decode.p99Ms: must be a number from 0.01 to 86400000; given -1",
      ],
      [{ hardware: { nodes: 0 } }, "hardware.nodes: must be a whole number from 1 to 256; given 0"],
      [{ hardware: { nodes: 1.5 } }, "hardware.nodes: must be a whole number from 1 to 256; given 1.5"],
      [
        { hardware: { nodes: 1_000_000 } },
        "hardware.nodes: must be a whole number from 1 to 256; given 1000000",
      ],
      [
        { strategy: { tensorParallel: "eight" } },
        'strategy.tensorParallel: must be `auto` or a whole number from 1 to 2048; given "eight"',
      ],
      [
        { strategy: { objective: "speed" } },
        'strategy.objective: must be one of `goodput`, `latency`, `throughput`, `cost`; given "speed"',
      ],
      [{ aws: { allowReplace: "yes" } }, 'aws.allowReplace: must be `true` or `false`; given "yes"'],
      [{ gateway: { port: 70000 } }, "gateway.port: must be a whole number from 1 to 65535; given 70000"],
      [
        { gateway: { allowedCidrs: ["10.0.0.0"] } },
        'gateway.allowedCidrs.0: must be an IPv4 range such as 10.0.0.0/16; given "10.0.0.0"',
      ],
      [
        { hosts: [{ address: "h" }] },
        "hosts.0.hostKey: is missing; must be a public host key such as `ssh-ed25519 AAAA...`",
      ],
      [{ slo: 3 }, "slo: must be a group with the keys prefill, firstToken, decode; given 3"],
      [
        { workload: { promptTokens: { kind: "normal" } } },
        'workload.promptTokens.kind: must be one of `fixed`, `uniform`, `lognormal`, `empirical`; given "normal"',
      ],
      [
        { workload: { promptTokens: { kind: "fixed" } } },
        "workload.promptTokens.tokens: is missing; must be a whole number from 1 to 16777216",
      ],
      [
        { serving: { environment: { lower: "x" } } },
        'serving.environment.lower: "lower" is not allowed as a name; use capitals, digits and _',
      ],
    ];
    for (const [values, expected] of cases) assert.deepEqual(lines(values), [expected]);
  });

  it("refuse an unknown key with the nearest known one", () => {
    const cases: [unknown, string][] = [
      [
        { strategy: { tensorParalel: 8 } },
        "strategy.tensorParalel: unknown key; did you mean strategy.tensorParallel?",
      ],
      [{ slo: { prefill: { p50: 1 } } }, "slo.prefill.p50: unknown key; did you mean slo.prefill.p50Ms?"],
      // The same name in another section.
      [{ tensorParallel: 8 }, "tensorParallel: unknown key; did you mean strategy.tensorParallel?"],
      [
        { workload: { maxNumSeqs: 8 } },
        "workload.maxNumSeqs: unknown key; did you mean envelope.maxNumSeqs?",
      ],
      // The beginning of a name.
      [
        { serving: { gpuMemory: 1 } },
        "serving.gpuMemory: unknown key; did you mean serving.gpuMemoryUtilization?",
      ],
      // Nothing near: what there is.
      [{ slo: { zzzzzz: 1 } }, "slo.zzzzzz: unknown key; known here: prefill, firstToken, decode"],
    ];
    for (const [values, expected] of cases) assert.deepEqual(lines(values), [expected]);
  });

  it("come all at once, rules between keys included", () => {
    assert.deepEqual(
      lines({
        slo: { decode: { p50Ms: 0, p99: 3 } },
        hardware: { instanceType: "custom" },
        workload: { requestRate: "x" },
      }),
      [
        'workload.requestRate: must be a number from 0.0001 to 100000; given "x"',
        "slo.decode.p50Ms: must be a number from 0.01 to 86400000; given 0",
        "slo.decode.p99: unknown key; did you mean slo.decode.p99Ms?",
        "hardware.gpu: is needed with hardware.instanceType custom: a GPU that `npx shardplan hardware` lists, or hardware.custom with its figures",
        "hardware.gpusPerNode: is needed with hardware.instanceType custom: the number of GPUs in each host",
      ],
    );
  });

  it("do not report a rule between keys when one of its keys is wrong already", () => {
    assert.deepEqual(lines({ hardware: { instanceType: "custom", gpu: 0.5, gpusPerNode: 8 } }), [
      "hardware.gpu: must be text that is not empty; given 0.5 (put it in quotes)",
    ]);
  });

  it("hold each problem as data", () => {
    assert.throws(
      () => parseDeployment({ slo: { x1: 1 } }, [], "Pulumi.a.yaml"),
      (error) =>
        error instanceof ConfigError &&
        error.code === "config" &&
        error.problems.length === 1 &&
        error.problems[0]?.where === "Pulumi.a.yaml" &&
        error.problems[0].key === "slo.x1",
    );
  });

  it("shorten what was given", () => {
    const [line] = lines({ serving: { executor: "x".repeat(500) } });
    assert.ok((line ?? "").length < 140, line);
  });
});
