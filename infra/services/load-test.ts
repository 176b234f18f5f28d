import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import {
  engineServers,
  expectedLoad,
  hostPaths,
  judgeLoad,
  type LoadProof,
  listenAddress,
  loadTest,
  measuredLoad,
  PORTS,
  servedModelName,
  serverPorts,
} from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { fileOf } from "../files";
import { remoteStep } from "../remote-step";
import { headOf, type Node, nodesOf } from "./node";
import type { VllmService } from "./vllm-service";

const PROGRAM = readFileSync(fileOf("programs", "load_proof.py"), "utf8");

export interface LoadTestArgs {
  readonly plan: Plan;
  readonly nodes: readonly Node[];
  readonly servers: readonly VllmService[];
}

/** Loads the service with the plan's workload and holds what is measured against it; nothing with proof.load off. */
export class LoadTest extends pulumi.ComponentResource {
  readonly proof: pulumi.Output<LoadProof | undefined>;

  constructor(name: string, args: LoadTestArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:LoadTest", name, {}, opts);
    const { load, loadSeconds, onMiss } = args.plan.deployment.proof;
    this.proof = load ? this.run(args, loadSeconds, onMiss) : pulumi.output(undefined);
    this.registerOutputs({ proof: this.proof });
  }

  private run({ plan, nodes, servers }: LoadTestArgs, seconds: number, onMiss: "warn" | "fail") {
    const { host } = headOf(nodes);
    const pages = engineServers(plan).map((server) =>
      headOf(nodesOf(nodes, server)).address.apply(
        (address) => `http://${listenAddress(plan, server, address)}:${serverPorts(server).vllm}/metrics`,
      ),
    );
    const { pythonEnvironment, model, state } = hostPaths(plan);
    const folder = `${state}/proof`;
    const test = loadTest(plan);
    const job = pulumi.all(pages).apply((metrics) =>
      JSON.stringify({
        vllm: `${pythonEnvironment}/bin/vllm`,
        model,
        name: servedModelName(plan),
        base_url: `http://127.0.0.1:${PORTS.gatewayInside}`,
        metrics,
        requests: test.requests,
        request_rate: test.requestRate,
        burstiness: test.burstiness,
        concurrency: test.concurrency,
        seed: test.seed,
        warmups: 4 * metrics.length,
        folder,
      }),
    );
    const step = remoteStep(
      `${host.name}-load`,
      {
        host,
        step: "load",
        result: measuredLoad,
        removable: true,
        parameters: {
          ENVIRONMENT: pythonEnvironment,
          PROGRAM,
          JOB: job,
          FOLDER: folder,
          SECONDS_ALLOWED: Math.round(20 * seconds + 1800),
          SERVED: pulumi
            .all(servers.map(({ start }) => start))
            .apply((all) => createHash("sha256").update(all.join(" ")).digest("hex").slice(0, 16)),
        },
      },
      { parent: this },
    );
    return step.result.apply((measured) => judged(judgeLoad(expectedLoad(plan), measured), onMiss));
  }
}

/** A miss is said while the stack goes up, and fails it where the configuration says so. */
async function judged(proof: LoadProof, onMiss: "warn" | "fail"): Promise<LoadProof> {
  if (proof.verdict === "as planned") {
    await pulumi.log.info(proof.text);
    return proof;
  }
  const misses = proof.verdict === "targets missed" || proof.verdict === "requests failed";
  if (misses && onMiss === "fail" && !pulumi.runtime.isDryRun()) {
    throw new pulumi.RunError(
      `${proof.text}\nthe service runs, and shardplan:proof.onMiss is fail: plan with the workload as it is, or set it to warn`,
    );
  }
  await pulumi.log.warn(proof.text);
  return proof;
}
