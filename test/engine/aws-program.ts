import { LocalWorkspace, type OpMap, type Stack } from "@pulumi/pulumi/automation";
import { shardplan } from "../../infra";
import type { DeploymentInput } from "../../lib/config";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { type FakeHost, newKeyPair, openFakeHost } from "./fake-host";

/** The reference deployment on stand-ins for AWS, whose machines are one fake host. */
export interface AwsProgram {
  readonly engine: Engine;
  readonly host: FakeHost;
  readonly stack: Stack;
  /** Sets whole sections of the configuration. */
  configure(sections: DeploymentInput): Promise<void>;
  close(): Promise<void>;
}

/** Opens the engine, the host behind every AWS address, and the stack `prod` with its SSH key. */
export async function openAwsProgram(): Promise<AwsProgram> {
  const key = newKeyPair();
  const host = await openFakeHost(key.publicKey);
  const engine = await openEngine({ standIns: ["command", "aws"] });
  const envVars = {
    ...engine.environment,
    STAND_IN_INSTANCE_ADDRESSES: "127.0.0.1",
    STAND_IN_SSH_PORT: `${host.port}`,
    STAND_IN_HOST_KEY: host.hostKey,
  };
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "prod", projectName: "shardplan", program: shardplan },
    { ...engine.workspace, envVars },
  );
  await stack.setConfig("shardplan:sshPrivateKey", { value: key.privateKey, secret: true });
  return {
    engine,
    host,
    stack,
    configure: async (sections) => {
      for (const [section, values] of Object.entries(sections)) {
        await stack.setConfig(`shardplan:${section}`, { value: JSON.stringify(values) });
      }
    },
    close: async () => {
      await host.close();
      await engine.close();
    },
  };
}

/** What an operation did: counts of resources by kind of change, those without a change left out. */
export function changesOf(summary: OpMap | undefined): OpMap {
  const { same: _, ...changes } = summary ?? {};
  return changes;
}
