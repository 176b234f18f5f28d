import { LocalWorkspace, type OpMap, type Stack } from "@pulumi/pulumi/automation";
import { shardplan } from "../../infra";
import type { DeploymentInput } from "../../lib/config";
import { type Engine, openEngine } from "../../rehearsal/engine";
import { AwsAccount } from "../../rehearsal/providers/aws-account";
import { type AccountFacts, setFacts } from "../../rehearsal/providers/aws-facts";
import { AWS } from "../../rehearsal/providers/aws-types";
import { attachStandIns } from "./attached-stand-ins";
import { type FakeHost, newKeyPair, openFakeHost } from "./fake-host";
import { type Hub, openHub, setVariables } from "./fake-hub";

/** The reference deployment on stand-ins for AWS, whose machines are fake hosts. */
export interface AwsProgram {
  readonly engine: Engine;
  /** What the stand-in for AWS has. */
  readonly account: AwsAccount;
  readonly host: FakeHost;
  readonly stack: Stack;
  /** Sets whole sections of the configuration. */
  configure(sections: DeploymentInput): Promise<void>;
  /** Sets the stack's SSH key to a new one, which the machines know. */
  newSshKey(): Promise<void>;
  /** From now on these things are so in the account, and all others as usual. */
  facts(facts: Partial<AccountFacts>): void;
  /** The hub of models. */
  readonly hub: Hub;
  close(): Promise<void>;
}

/** Public addresses of the first and of the second machine. */
const ADDRESSES = ["127.0.0.1", "127.0.0.2"];

/** Opens the engine, the hosts behind the AWS addresses, and the stack `prod` with its secrets. */
export async function openAwsProgram(): Promise<AwsProgram> {
  const engine = await openEngine({ standIns: ["command", "aws"] });
  const home = engine.environment.PULUMI_HOME ?? "";
  const account = new AwsAccount(home);
  const host = await openFakeHost(newKeyPair().publicKey, {
    addresses: ADDRESSES,
    hostKeyOf: (address) => hostKeyBehind(account, address),
  });
  const variables = {
    ...engine.environment,
    STAND_IN_PUBLIC_ADDRESSES: ADDRESSES.join(","),
    STAND_IN_SSH_PORT: `${host.port}`,
  };
  // They start once, and AWS goes on when whoever has asked it is killed.
  const standIns = await attachStandIns(["aws", "command"], variables);
  const envVars = { ...variables, ...standIns.environment };
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "prod", projectName: "shardplan", program: shardplan },
    { ...engine.workspace, envVars },
  );
  const hub = await openHub();
  // The program runs in this process: it finds credentials and the hub here.
  const restore = setVariables({ AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", HF_ENDPOINT: hub.address });
  const newSshKey = async () => {
    const key = newKeyPair();
    host.authorize(key.publicKey);
    await stack.setConfig("shardplan:sshPrivateKey", { value: key.privateKey, secret: true });
  };
  await newSshKey();
  await stack.setConfig("shardplan:huggingFaceToken", { value: "hf_example", secret: true });
  return {
    engine,
    account,
    host,
    stack,
    newSshKey,
    facts: (changed) => setFacts(home, changed),
    hub,
    configure: async (sections) => {
      for (const [section, values] of Object.entries(sections)) {
        await stack.setConfig(`shardplan:${section}`, { value: JSON.stringify(values) });
      }
    },
    close: async () => {
      restore();
      hub.close();
      standIns.close();
      await host.close();
      await engine.close();
    },
  };
}

/**
 * Private host key of the machine that has an elastic address now. Where no machine has one, whoever leads to the machines
 * leads to the first of them by the first address.
 */
function hostKeyBehind(account: AwsAccount, address: string): string | undefined {
  if (account.list(AWS.eip).length === 0) {
    const machine = account.list(AWS.instance)[ADDRESSES.indexOf(address)];
    return machine && account.hostKey(machine.id)?.private;
  }
  const eip = account.list(AWS.eip).find(({ properties }) => properties.publicIp === address);
  const { instance, networkInterface } = eip?.properties ?? {};
  const machine = account
    .list(AWS.instance)
    .find(
      ({ id, properties }) => id === instance || properties.primaryNetworkInterfaceId === networkInterface,
    );
  return machine && account.hostKey(machine.id)?.private;
}

/** What an operation did: counts of resources by kind of change, those without a change left out. */
export function changesOf(summary: OpMap | undefined): OpMap {
  const { same: _, ...changes } = summary ?? {};
  return changes;
}
