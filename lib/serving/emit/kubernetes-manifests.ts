import type { Plan } from "../../strategy";
import { efaEnvironment, usesEfa } from "../efa";
import { type EngineServer, engineServers, serverPorts } from "../servers";
import { engineEnvironment } from "../service-environment";
import { shellCommand } from "../shell-command";
import { yamlText } from "../yaml-text";
import { askLines, CONTAINER_PORT, gpusOf, headOf, imageOf, serveWords, weightsFolder } from "./container";

/** Seconds between two questions of a probe. */
const PROBE_SECONDS = 10;

/**
 * Manifests of a plan for Kubernetes: a Deployment with a pod for each server that fits on a node, a LeaderWorkerSet
 * (leaderworkerset.sigs.k8s.io/v1) with Ray where a server spans several; and a Service before them. `about` says at
 * the top what they are.
 */
export function kubernetesManifests(plan: Plan, about: readonly string[] = []): string {
  const servers = engineServers(plan);
  const [server] = servers;
  if (server === undefined) throw new Error("a plan has at least one server");
  const name = nameOf(plan);
  const labels = { "app.kubernetes.io/name": name };
  const spans = server.nodes.length > 1;
  const workload = spans
    ? leaderWorkerSet(plan, { server, name, labels, replicas: servers.length })
    : deployment(plan, { server, name, labels, replicas: servers.length });
  const service = {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name, labels } },
    spec: {
      selector: spans ? { ...labels, role: "leader" } : labels,
      ports: [{ name: "http", port: CONTAINER_PORT, targetPort: CONTAINER_PORT }],
    },
  };
  const how = [
    "HF_TOKEN, for a gated model, is from a secret: kubectl create secret generic hugging-face-token --from-literal=token=hf_...",
    `Reach it with: kubectl port-forward service/${name} ${CONTAINER_PORT}`,
    ...askLines(plan, [server]),
    ...(spans
      ? [
          "It needs the LeaderWorkerSet controller, and an image with Ray beside vLLM.",
          ...(usesEfa(plan) ? ["The image needs libfabric and the NCCL plugin for EFA, too."] : []),
        ]
      : []),
  ];
  return headOf(about, how) + [workload, service].map(yamlText).join("---\n");
}

interface Workload {
  readonly server: EngineServer;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
}

/** A DNS label (RFC 1123) of the model's name, as Kubernetes asks for. */
function nameOf({ deployment: { model } }: Plan): string {
  const [, name = model.name] = /([^/]+)$/.exec(model.name) ?? [];
  const label = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `vllm-${label}`.slice(0, 50).replace(/-+$/, "");
}

function deployment(plan: Plan, { server, name, labels, replicas }: Workload) {
  const command = serveWords(plan, server, { host: "0.0.0.0", port: CONTAINER_PORT });
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, labels } },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      // GPUs are taken: a new pod finds none before an old one has gone.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: { metadata: { labels }, spec: podSpec(plan, server, { command, serves: true }) },
    },
  };
}

function leaderWorkerSet(plan: Plan, { server, name, labels, replicas }: Workload) {
  const port = serverPorts(server).rayHead;
  const gpus = gpusOf(plan, server).length;
  const serve = shellCommand(serveWords(plan, server, { host: "0.0.0.0", port: CONTAINER_PORT }));
  const ray = `ray start --num-gpus=${gpus} --disable-usage-stats`;
  const bash = (text: string) => ["bash", "-euc", text];
  const leader = bash(`${ray} --head --port=${port} --include-dashboard=false\nexec ${serve}`);
  const address = `"$LWS_LEADER_ADDRESS:${port}"`;
  // A worker that ended would have the whole group made anew: it waits for a leader that comes later.
  const worker = bash(
    `until ray health-check --address ${address} >/dev/null 2>&1; do sleep 5; done\nexec ${ray} --address=${address} --block`,
  );
  const template = (role: string, command: readonly string[]) => ({
    metadata: { labels: { ...labels, role } },
    spec: podSpec(plan, server, { command, serves: role === "leader" }),
  });
  return {
    ...{ apiVersion: "leaderworkerset.x-k8s.io/v1", kind: "LeaderWorkerSet", metadata: { name, labels } },
    spec: {
      replicas,
      startupPolicy: "LeaderCreated",
      leaderWorkerTemplate: {
        size: server.nodes.length,
        // A rank that is lost ends the whole server.
        restartPolicy: "RecreateGroupOnPodRestart",
        leaderTemplate: template("leader", leader),
        workerTemplate: template("worker", worker),
      },
    },
  };
}

interface Container {
  readonly command: readonly string[];
  /** It answers requests, so it is asked whether it does. */
  readonly serves: boolean;
}

function podSpec(plan: Plan, server: EngineServer, { command, serves }: Container) {
  const weights = weightsFolder(plan);
  const efa = usesEfa(plan) ? { "vpc.amazonaws.com/efa": `${plan.instance.efaInterfaces}` } : {};
  const limits = { "nvidia.com/gpu": `${gpusOf(plan, server).length}`, ...efa };
  const environment = { ...engineEnvironment(plan), ...efaEnvironment(plan) };
  const probe = { httpGet: { path: "/health", port: CONTAINER_PORT }, periodSeconds: PROBE_SECONDS };
  const startSeconds = plan.deployment.serving.readyTimeoutMinutes * 60;
  const probes = {
    startupProbe: { ...probe, failureThreshold: Math.ceil(startSeconds / PROBE_SECONDS) },
    readinessProbe: { ...probe, failureThreshold: 1 },
    livenessProbe: { ...probe, failureThreshold: 6 },
  };
  const { name: type } = plan.instance;
  return {
    terminationGracePeriodSeconds: 120,
    // Variables of the cluster's services are named like vLLM's own where a service is called vllm.
    enableServiceLinks: false,
    ...(type === "custom" ? {} : { nodeSelector: { "node.kubernetes.io/instance-type": type } }),
    containers: [
      {
        ...{ name: "vllm", image: imageOf(plan), command },
        env: [
          ...Object.entries(environment).map(([name, value]) => ({ name, value })),
          {
            name: "HF_TOKEN",
            valueFrom: { secretKeyRef: { name: "hugging-face-token", key: "token", optional: true } },
          },
        ],
        ...(serves ? { ports: [{ name: "http", containerPort: CONTAINER_PORT }], ...probes } : {}),
        resources: { limits, requests: limits },
        volumeMounts: [
          { name: "shared-memory", mountPath: "/dev/shm" },
          { name: "cache", mountPath: "/root/.cache" },
          ...(weights === undefined ? [] : [{ name: "weights", mountPath: weights, readOnly: true }]),
        ],
      },
    ],
    volumes: [
      { name: "shared-memory", emptyDir: { medium: "Memory" } },
      { name: "cache", emptyDir: {} },
      ...(weights === undefined ? [] : [{ name: "weights", hostPath: { path: weights, type: "Directory" } }]),
    ],
  };
}
