import type { Deployment } from "../config";
import { draftConfigOf } from "./draft/resolve-draft";
import { modelConfigOf } from "./resolve-model";

/**
 * What is to be known beside a deployment to plan it: the config.json of its model, and of what drafts for it, where the
 * catalogue does not have them. Throws a `UserError` when a file or the hub does not answer.
 */
export const configsOf = (deployment: Pick<Deployment, "model" | "serving">) => ({
  modelConfig: modelConfigOf(deployment),
  draftConfig: draftConfigOf(deployment),
});
