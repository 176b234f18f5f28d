import { AsyncResource } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../lib/strategy";
import { adoptCommand } from "./adopt-command";
import { machineIds } from "./machines";
import { attemptText } from "./tried-zones";

/** The node whose machine it is. */
interface Node {
  readonly plan: Plan;
  readonly index: number;
  readonly zone: string;
  readonly isOffline: boolean;
}

/**
 * Looks, just before a node's machine is made, whether the account has one already: where the engine is about to make a
 * machine, the state knows of none. An `up` that was killed while EC2 answered leaves such a machine behind, at full
 * price, and the next one must not make a second.
 */
export function onlyMachineOf(
  name: string,
  { plan, index, zone, isOffline }: Node,
  opts: pulumi.InvokeOptions,
): pulumi.ResourceHook {
  const { region, allowReplace } = plan.deployment.aws;
  const look = async () => {
    const [id] = isOffline ? [] : await machineIds(`node-${index}`, opts);
    if (id === undefined) return sayAttempt(attemptText(plan.instance.name, `node-${index}`, zone));
    const text =
      `${id} of this stack runs as node-${index}, and the state does not know it; take it into the state: ` +
      `${adoptCommand(pulumi.getStack(), { [name]: id })}; or end it: ` +
      `aws ec2 modify-instance-attribute --region ${region} --instance-id ${id} --no-disable-api-termination && ` +
      `aws ec2 terminate-instances --region ${region} --instance-ids ${id}`;
    if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(text);
    // In a preview the machine that a replacement deletes first is still there.
    if (!allowReplace) await pulumi.log.warn(`${text}; pulumi up will refuse`);
  };
  // The engine calls from outside; the program that it belongs to is the one that is running now.
  return new pulumi.ResourceHook(`${name}-only`, AsyncResource.bind(look), { onDryRun: true });
}

async function sayAttempt(attempt: string): Promise<void> {
  if (pulumi.runtime.isDryRun()) return;
  await pulumi.log.info(
    `${attempt}; where the zone has none free, AWS says so after some minutes, and \`npm run up\` takes the next zone`,
  );
}
