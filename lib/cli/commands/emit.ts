import { inBackticks, programName } from "../../config";
import { EMIT_FORMS, emit as emittedFile } from "../../library";
import { shellCommand } from "../../serving";
import type { CommandSpec } from "../command-spec";
import { emit } from "../emit";
import { EXIT } from "../exit-codes";
import { meetsRequirements } from "../meets-requirements";
import type { OptionValues } from "../options";
import { planDeployment } from "../plan-deployment";
import { readDeployment } from "../read-deployment";

export const emitCommand: CommandSpec = {
  name: "emit",
  summary: "the plan as Kubernetes manifests, as a compose file or as a script",
  arguments: [
    {
      usage: "<form>",
      description:
        "kubernetes: a Deployment, or a LeaderWorkerSet with Ray where the model spans nodes; compose, script: one machine",
      choices: EMIT_FORMS,
    },
  ],
  options: ["stack", "file", "model", "set", "strategy", "out"],
  notes: [
    "For those who do not deploy by `pulumi up`. The flags of vLLM are those of the plan's own units; weights are fetched from the hub by name. Gateway, watchdog, monitoring and the proof of the deployment do not come with it. Exit code 2: the plan misses a requirement (it is written all the same).",
  ],
  examples: [
    ["shardplan emit kubernetes --stack prod --out vllm.yaml", "what kubectl apply takes"],
    [
      "shardplan emit compose --model Qwen/Qwen3-8B --set hardware.instanceType=g6e.xlarge --set workload.requestRate=1",
      "a compose.yaml, without a stack",
    ],
    ["shardplan emit script --out run.sh", "the commands alone"],
  ],
  run({ args: [asked], options }, io) {
    const plan = planDeployment(readDeployment(options, io), io);
    if (!meetsRequirements(plan))
      io.talk(`the plan misses a requirement: ${inBackticks("plan")} with the same options says which`);
    const form = EMIT_FORMS.find((each) => each === asked) ?? "script";
    emit(emittedFile(plan, form, commandOf(form, options)), options, io);
    return meetsRequirements(plan) ? EXIT.met : EXIT.missed;
  },
};

/** The command line that makes the file again, to be pasted. */
function commandOf(form: string, { stack, file, model, set, strategy, out }: OptionValues): string {
  const given = (name: string, values: readonly (string | undefined)[]) =>
    values.flatMap((value) => (value === undefined ? [] : [`--${name}`, value]));
  return `${programName()} ${shellCommand([
    ...["emit", form],
    ...given("stack", stack),
    ...given("file", [file]),
    ...given("model", [model]),
    ...given("set", set),
    ...given("strategy", strategy),
    ...given("out", [out]),
  ])}`;
}
