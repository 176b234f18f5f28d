import { type Deployment, readModelConfigFile, UserError } from "../../config";
import { hubModel, hubSource } from "../hub-config";
import { HUB_SOURCE, readModelConfig } from "../read-model-config";
import { findRepository, isKnownModel } from "../resolve-model";
import type { ModelArchitecture } from "../types";
import type { Draft } from "./draft";
import { eagleHead } from "./eagle-head";
import { mtpModule } from "./mtp-module";

const WHERE = "serving.speculative.model";
const BY_HAND = "give the path of its config.json in serving.speculative.configPath";

/**
 * Parsed config.json of what drafts, where the catalogue does not have it: of `serving.speculative.configPath`, or of the
 * hub. Throws a `UserError` when the file or the hub does not answer.
 */
export function draftConfigOf({ serving }: Pick<Deployment, "serving">): unknown {
  const { method, model: name, configPath } = serving.speculative;
  if (name === undefined || method === "off" || method === "mtp") return undefined;
  if (configPath !== undefined) return readModelConfigFile({ configPath }, "serving.speculative.configPath");
  if (isKnownModel(name)) {
    if (method === "draft_model") return undefined;
    throw new UserError({
      code: "eagle-head",
      where: WHERE,
      message: `${name} is a whole model, not an EAGLE-3 head`,
      hint: "name the repository of a head that was trained for the model, or set serving.speculative.method to draft_model",
    });
  }
  const asked = { name, revision: "main" };
  try {
    const found = hubModel(asked);
    return { ...found.config, [HUB_SOURCE]: hubSource(asked, found) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError({ code: "hub", where: WHERE, message: error.message, hint: BY_HAND, cause: error });
  }
}

function unread(name: string): UserError {
  return new UserError({
    code: "draft-config-unread",
    where: WHERE,
    message: `the config.json of ${name} was not given to the planner`,
    hint: BY_HAND,
  });
}

/** What drafts tokens for a deployment's model; undefined without speculative decoding. Throws a UserError where it cannot. */
export function resolveDraft(
  { serving }: Pick<Deployment, "serving">,
  target: ModelArchitecture,
  config?: unknown,
): Draft | undefined {
  const { method, model: name = "" } = serving.speculative;
  if (method === "off") return undefined;
  if (method === "mtp") {
    const found = mtpModule(target);
    if (found) return found;
    throw new UserError({
      code: "no-prediction-module",
      where: "serving.speculative.method",
      message: `the checkpoint of ${target.name} has no prediction module that vLLM 0.33 drafts with and shardplan prices`,
      hint: "use eagle3 or draft_model, or leave speculative decoding off",
    });
  }
  if (method === "eagle3") {
    if (config === undefined) throw unread(name);
    return eagleHead(name, config, target);
  }
  const model = config === undefined ? findRepository(name, WHERE) : readModelConfig(config, name);
  return {
    method,
    name: model.name,
    model,
    isWhole: true,
    quantizedAsModel: false,
    keptElements: 0,
    needsFirstStage: false,
  };
}
