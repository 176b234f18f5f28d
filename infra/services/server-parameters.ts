import { type EngineServer, instance, listenAddress, serverPorts, serverUnits } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import type { Node } from "./node";

/** Parameters of infra/steps/server.sh. The first host of a server is where its vLLM runs, and can be put back. */
export function serverParameters(plan: Plan, server: EngineServer, node: Node, isFirst: boolean) {
  const { rayHead, vllm } = serverUnits(server);
  const units = plan.serving.executor === "ray" ? [rayHead, vllm] : [vllm];
  return {
    INSTANCE: instance(server),
    SERVER_UNITS: isFirst ? units.join(" ") : "",
    HOSTS: server.nodes.length,
    ADDRESS: node.address.apply((address) => listenAddress(plan, server, address)),
    PORT: serverPorts(server).vllm,
    RAY_PORT: plan.serving.executor === "ray" ? serverPorts(server).rayHead : "",
    READY_SECONDS: Math.round(plan.deployment.serving.readyTimeoutMinutes * 60),
  };
}
