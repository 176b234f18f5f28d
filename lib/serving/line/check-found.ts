import { deploymentSchema, UserError } from "../../config";
import { checkLine, type LineCheck } from "./check-line";
import type { FoundCommand } from "./find-commands";
import { degreesOf } from "./line-deployment";
import { type Machines, readMachines } from "./machines";
import { readServeLine } from "./serve-line";

/** What a command does not say. */
export interface CommandQuestion {
  /** Instance type or GPUs, as in p5.48xlarge or 4xH100; needed where a manifest does not say it. */
  readonly on?: string;
  /** Number of such machines. */
  readonly nodes?: number;
  /** Version of vLLM, before that of an image's tag. */
  readonly vllm?: string;
  /** Configuration keys such as workload.requestRate=8. */
  readonly set?: readonly string[];
  /** Servers that start the same and share the load. */
  readonly servers?: number;
}

/** Checks a command that starts vLLM. Throws a `UserError` where nothing says on which GPUs it runs. */
export function checkFound(command: FoundCommand, question: CommandQuestion): LineCheck {
  const { where, args, gpus } = command;
  const version = question.vllm ?? command.version ?? deploymentSchema.parse({}).serving.vllmVersion;
  const line = readServeLine(args, version);
  const on = question.on ?? command.instanceType;
  if (on === undefined) {
    throw new UserError({
      code: "no-machine",
      where,
      message: `nothing says on which GPUs it runs${gpus === undefined ? "" : `, only that there are ${gpus}`}`,
      hint: "add --on, as in --on p5.48xlarge or --on 4xH100",
    });
  }
  const { nodes = 1, set = [], servers = 1 } = question;
  const whole = readMachines(on, { nodes, wanted: gpus ?? degreesOf(line.flags).gpus });
  const machines = gpus !== undefined && gpus < whole.gpusPerNode ? shareOf(whole, gpus) : whole;
  const alike = servers > 1 ? { alike: { servers, hosts: whole } } : {};
  return checkLine({ line, version, machines, set: [...set], ...alike });
}

/** The GPUs of a machine that a container gets: the others are not its own. */
const shareOf = ({ name, gpu, nodes }: Machines, gpus: number): Machines => ({
  name: `${gpus} GPU${gpus === 1 ? "" : "s"} of ${name}`,
  gpu,
  gpusPerNode: gpus,
  nodes,
});
