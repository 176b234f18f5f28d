import type { CrossProblem } from "./cross-problem";
import type { Deployment } from "./schema";

const KEY = "serving.speculative";

function problem(fails: boolean, text: string, ...keys: string[]): CrossProblem[] {
  return fails ? [{ keys: keys.map((key) => `${KEY}.${key}`), text }] : [];
}

/** What speculative decoding needs to be told, and what it does not. */
export function speculativeChecks({ serving }: Deployment): CrossProblem[] {
  const { method, model, configPath, location, draftTokens, acceptance, acceptanceLength } =
    serving.speculative;
  const isOff = method === "off";
  const hasOwn = method === "eagle3" || method === "draft_model";
  const most = draftTokens + 1;
  return [
    ...problem(
      hasOwn && model === undefined,
      `is needed with ${KEY}.method ${method}: the repository of the ${method === "eagle3" ? "head" : "draft model"}`,
      "model",
      "method",
    ),
    ...problem(
      !hasOwn && model !== undefined,
      `only goes with ${KEY}.method eagle3 or draft_model; with ${method} remove it`,
      "model",
      "method",
    ),
    ...problem(
      configPath !== undefined && model === undefined,
      `needs ${KEY}.model: the repository that the config.json is of`,
      "configPath",
      "model",
    ),
    ...problem(
      location !== undefined && model === undefined,
      `needs ${KEY}.model: the repository that the weights are of`,
      "location",
      "model",
    ),
    ...problem(
      !isOff && acceptance === undefined && acceptanceLength === undefined,
      `is needed with ${KEY}.method ${method}, or ${KEY}.acceptanceLength: how many drafts are accepted depends on model, drafter and text`,
      "acceptance",
      "method",
    ),
    ...problem(
      acceptance !== undefined && acceptanceLength !== undefined,
      `says the same as ${KEY}.acceptanceLength (${acceptanceLength}): remove one of them`,
      "acceptance",
      "acceptanceLength",
    ),
    ...problem(
      acceptanceLength !== undefined && acceptanceLength > most,
      `must be at most ${most}: a step brings the ${draftTokens} drafted tokens and one more; given ${acceptanceLength}`,
      "acceptanceLength",
      "draftTokens",
    ),
  ];
}
