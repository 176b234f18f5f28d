import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { monitoringParameters } from "../../infra/services/monitoring";
import { modelConfigOf } from "../../lib/catalog";
import { readStackFile } from "../../lib/config";
import { GPU_EXPORTER_PROGRAM, hostPaths } from "../../lib/serving";
import { type Plan, plan as planOf } from "../../lib/strategy";
import { STACK } from "../../rehearsal/rehearsal-stack";
import type { TestHost } from "./local-host";
import { stepOnHost } from "./step-on-host";

/** So many times as fast as on a stack does time run in the rules here: ten minutes are one. */
const PACE = 10;

/** A disk of its own that the test can fill, on the host. */
export const DISK = "/srv/disk";

/** Requests per second that the test's plan sustains: a processor does not come to what the stack's own plan says. */
export const SUSTAINABLE_RATE = 5;

/** Who is told of alerts: somebody on the host itself, who writes down what comes. Webhooks often have a token in their URL. */
const token = `canary${randomBytes(16).toString("hex")}`;
export const TOLD = {
  token,
  webhook: `http://127.0.0.1:18080/${token}`,
  overrides: { "shardplan:monitoring": { alerts: { to: "webhook" } } },
  file: "/run/told",
};

const LISTENER = `import http.server
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        open("${TOLD.file}", "ab").write(body + b"\\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", 18080), Listener).serve_forever()
`;

const durations = /(\[|offset |for: |interval: )((?:\d+h)?(?:\d+m)?(?:\d+s)?)(?=[\]\s),]|$)/gm;
const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1000 } as const;

/** The text with every duration divided by the pace; the extrapolations of `predict_linear`, in seconds, too. */
function faster(text: string): string {
  const milliseconds = (duration: string) =>
    [...duration.matchAll(/(\d+)([hms])/g)].reduce(
      (sum, [, count, unit]) => sum + Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS],
      0,
    );
  return text
    .replaceAll(durations, (all, before: string, duration: string) =>
      duration === "" ? all : `${before}${milliseconds(duration) / PACE}ms`,
    )
    .replaceAll(/ (\d+) \* 3600\)/g, (_, hours: string) => ` ${hours} * ${3600 / PACE})`);
}

/** Longer than anything here takes: a processor that other tests use, too, misses any target at times, and rightly rings. */
const NO_TARGET = ["firstToken", "prefill", "decode"].map((which) => `slo.${which}.p99Ms=600000`);

/**
 * The rehearsal's plan as if its ranks had GPUs on NVLink, of which the stand-in exporter tells. Its figures for a processor
 * have no band that was ever held against one.
 */
export function watchedPlan(): Plan {
  const file = resolve(__dirname, `../../Pulumi.${STACK}.yaml`);
  const deployment = readStackFile(file, ["monitoring.alerts.to=webhook", ...NO_TARGET]);
  const plan = planOf(deployment, { modelConfig: modelConfigOf(deployment) });
  const unbounded = <T extends object>(latency: T) => ({ ...latency, p99HighMs: Number.POSITIVE_INFINITY });
  return {
    ...plan,
    gpu: { ...plan.gpu, kind: "gpu", nvlinkBytesPerSecond: 450e9 },
    throughput: { ...plan.throughput, sustainableRequestRate: SUSTAINABLE_RATE },
    latency: {
      ...plan.latency,
      decode: unbounded(plan.latency.decode),
      firstToken: unbounded(plan.latency.firstToken),
      prefill: unbounded(plan.latency.prefill),
    },
  };
}

/** Has the host's own Prometheus watch it by the rules of that plan, ten times as fast, with an exporter of GPUs. */
export async function watchFast(host: TestHost): Promise<void> {
  const plan = watchedPlan();
  const hosts = [{ name: "node-0", address: host.host.address }];
  const { CONFIG, RULES, ...others } = monitoringParameters(
    plan,
    { stack: STACK, hosts, secret: TOLD.webhook },
    0,
  );
  const program = readFileSync(join(__dirname, "dcgm-exporter.py"), "utf8");
  await host.run(`cat >${GPU_EXPORTER_PROGRAM} <<'PROGRAM'
${program}PROGRAM
chmod 755 ${GPU_EXPORTER_PROGRAM}
cat >/run/listener.py <<'PROGRAM'
${LISTENER}PROGRAM
systemd-run --quiet --unit=listener /usr/bin/python3 /run/listener.py
mkdir -p ${DISK}; mount -t tmpfs -o size=8m disk ${DISK}
systemctl stop shardplan-prometheus; rm -rf /var/lib/private/shardplan-prometheus`);
  await stepOnHost(host.hosts, host.host, "monitoring", {
    ...others,
    CONFIG: faster(`${CONFIG}`),
    // The only disk here that may fill is of memory.
    RULES: faster(`${RULES}`).replaceAll(/fstype!~"[^"]+"/g, `mountpoint="${DISK}"`),
  });
}

/** Takes the exporter and the disk away; the next `up` has the host watched as the stack is. */
export async function stopWatchingFast(host: TestHost): Promise<void> {
  const { gpuCounters } = hostPaths(watchedPlan());
  await host.run(
    `systemctl stop listener; rm -f ${GPU_EXPORTER_PROGRAM} ${gpuCounters}; umount ${DISK} && rmdir ${DISK}`,
  );
}
