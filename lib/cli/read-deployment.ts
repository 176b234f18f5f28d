import { basename, resolve } from "node:path";
import {
  type Deployment,
  inBackticks,
  parseDeployment,
  readStackFile,
  stackFile,
  stackNames,
  UserError,
} from "../config";
import type { Io } from "./io";
import type { OptionValues } from "./options";
import { packageFolder } from "./package-folder";
import { strategyOverrides } from "./parse-strategy";

const DEFAULT_STACK = "prod";

/** A deployment and the name that the user knows it by. */
export interface NamedDeployment {
  readonly name: string;
  readonly deployment: Deployment;
}

/** The stack's name: that of a stack file without what stands around it, that of another file as it is. */
export const stackOf = ({ name }: NamedDeployment): string => name.replace(/^Pulumi\.(.+)\.ya?ml$/, "$1");

/** The deployment that `--stack` or `--file` and `--set` name. Throws `UserError` for what cannot be read. */
export function readDeployment(options: OptionValues, io: Io): NamedDeployment {
  const { file, model, stack } = options;
  if (stack.length + (file === undefined ? 0 : 1) + (model === undefined ? 0 : 1) > 1) {
    throw new UserError({
      code: "several-stacks",
      where: model === undefined ? "--stack" : "--model",
      message: "this command takes one stack, file or model",
      hint: `${inBackticks("compare")} takes several`,
    });
  }
  if (options.strategy.length > 1) {
    throw new UserError({
      code: "several-strategies",
      where: "--strategy",
      message: "this command takes one strategy",
      hint: `${inBackticks("compare")} takes several`,
    });
  }
  return readNamed(options, strategyOverrides(options.set, options.strategy), io);
}

/** The stack that is named; without a name prod, or the only stack of the folder. */
export function stackName({ stack: [named] }: OptionValues, io: Io): string {
  if (named !== undefined) return named;
  const [only, ...others] = stackNames(io.folder);
  if (only === undefined || only === DEFAULT_STACK || others.length > 0) return DEFAULT_STACK;
  io.talk(`taking the stack ${only}, the only one in this folder`);
  return only;
}

/** The stack or file of the options with the given overrides instead of those of the options. */
export function readNamed(options: OptionValues, overrides: readonly string[], io: Io): NamedDeployment {
  const { file, model } = options;
  if (model !== undefined) return { name: model, deployment: ofModel(model, fromHere(overrides, io)) };
  if (file === undefined) return readStack(stackName(options, io), overrides, io);
  return { name: basename(file), deployment: readStackFile(file, fromHere(overrides, io)) };
}

/** A model with the defaults of every key that the overrides do not set. */
const ofModel = (name: string, overrides: readonly string[]): Deployment =>
  parseDeployment({ model: { name } }, overrides, "--model");

/** The deployment of one stack by name, with overrides. */
export function readStack(name: string, overrides: readonly string[], io: Io): NamedDeployment {
  const path = stackPath(name, io);
  return { name, deployment: readStackFile(path, fromHere(overrides, io)) };
}

const PATH_KEYS = ["model.configPath=", "serving.speculative.configPath="];

/** A path that is typed is meant from the folder it is typed in; one in a stack file from that file's folder. */
function fromHere(overrides: readonly string[], { folder }: Io): string[] {
  return overrides.map((text) => {
    const key = PATH_KEYS.find((each) => text.startsWith(each) && text.length > each.length);
    return key === undefined ? text : `${key}${resolve(folder, text.slice(key.length))}`;
  });
}

/** Where a stack's file lies: here; in a folder without any stack, among the stacks that come with shardplan. */
export function stackPath(name: string, io: Io): string {
  const own = packageFolder();
  const here = stackNames(io.folder);
  if (here.length > 0 || !stackNames(own).includes(name)) return stackFile(name, io.folder);
  io.talk(`no stack files in this folder: using the ${name} stack that comes with shardplan`);
  return stackFile(name, own);
}
