import { dirname, join, relative, resolve } from "node:path";
import { catalogueNames, configsOf, resolveDraft, resolveHardware, resolveModel } from "../../catalog";
import { configurationPage, type Deployment, editorSchema, exampleStack } from "../../config";
import type { CommandInput, CommandSpec } from "../command-spec";
import { emit, toJson, wantsJson } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import type { OptionValues } from "../options";
import { packageFolder } from "../package-folder";
import { type NamedDeployment, readDeployment } from "../read-deployment";

type Action = (named: () => NamedDeployment, json: boolean, schema: () => string) => string;

/** What `config <action>` prints. */
const ACTIONS: Readonly<Record<string, Action>> = {
  check: (read, json) => {
    const { name, deployment } = read();
    checkNames(deployment);
    return json ? toJson({ stack: name, valid: true }) : `${name}: valid`;
  },
  example: (read, _, schema) => exampleStack(read().deployment, schema()),
  show: (read) => toJson(read().deployment),
  reference: () => configurationPage(),
  schema: () => toJson(editorSchema(catalogueNames())),
};

export const configCommand: CommandSpec = {
  name: "config",
  summary: "check a stack, or print it with every key explained",
  arguments: [
    {
      usage: "[action]",
      description:
        "check (default): validate; example: a stack file with every key explained; show: all values as JSON; reference: docs/configuration.md; schema: JSON Schema for editors",
      choices: Object.keys(ACTIONS),
    },
  ],
  options: ["stack", "file", "set", "strategy", "json", "out"],
  examples: [
    ["shardplan config check --stack prod", "every problem of the stack, one a line"],
    ["shardplan config example --stack dev --out Pulumi.mine.yaml", "a documented file to start from"],
    ["shardplan config show --set hardware.nodes=2", "what the planner gets"],
  ],
  run({ args: [action = "check"], options }: CommandInput, io: Io) {
    const print = ACTIONS[action] ?? ACTIONS.check;
    if (print)
      emit(
        print(
          () => readDeployment(options, io),
          wantsJson(options),
          () => schemaFrom(options, io),
        ),
        options,
        io,
      );
    return EXIT.met;
  },
};

/** The schema's file as an editor finds it from the file that is written. */
const schemaFrom = ({ out = "" }: OptionValues, { folder }: Io): string =>
  relative(
    resolve(folder, out === "-" ? "" : dirname(out)),
    join(packageFolder(), "schema/deployment.schema.json"),
  );

/** Names that only the catalogue knows, and the model's own file. Throws their `UserError`. */
function checkNames(deployment: Deployment): void {
  resolveHardware(deployment.hardware);
  const { modelConfig, draftConfig } = configsOf(deployment);
  resolveDraft(deployment, resolveModel(deployment.model, modelConfig), draftConfig);
}
