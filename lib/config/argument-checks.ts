import type { CrossProblem } from "./cross-problem";
import { nearestName } from "./nearest-key";
import type { Deployment } from "./schema";
import { flagStanding, KNOWN_FLAGS } from "./vllm-flags";

const isFlag = (argument: string): boolean => /^-{1,2}[A-Za-z]/.test(argument);

/** What is wrong with one argument; nothing for a value and for what may pass. */
function problemOf(argument: string, mayBeUnproven: boolean): string | undefined {
  if (!isFlag(argument)) return undefined;
  const standing = flagStanding(argument);
  switch (standing.kind) {
    case "planned":
      return `${standing.flag} comes from the plan; set ${standing.setInstead}`;
    case "fixed":
      return `${standing.flag} cannot be given: ${standing.why}`;
    case "unproven":
      return mayBeUnproven
        ? undefined
        : `${standing.flag} may change what the plan proves; if that is meant, put it into serving.unprovenArgs, which the report names`;
    case "unknown": {
      if (mayBeUnproven) return undefined;
      const nearest = nearestName(standing.flag.replace(/^-+/, ""), KNOWN_FLAGS);
      const meant = nearest === undefined ? "" : `; did you mean --${nearest}?`;
      return `${standing.flag} is no flag that vLLM 0.33 is known to have${meant}`;
    }
    case "harmless":
      return undefined;
  }
}

function problems(list: readonly string[], key: string, mayBeUnproven: boolean): CrossProblem[] {
  const [first] = list;
  if (first !== undefined && !isFlag(first)) {
    return [{ keys: [`${key}.0`], text: `${first} is no flag: arguments start with one, such as --seed` }];
  }
  return list.flatMap((argument, index) => {
    const text = problemOf(argument, mayBeUnproven);
    return text === undefined ? [] : [{ keys: [`${key}.${index}`], text }];
  });
}

/** What users add to `vllm serve` does not overrule the plan, in whatever spelling vLLM would take it. */
export function argumentChecks({ serving }: Deployment): CrossProblem[] {
  return [
    ...problems(serving.extraArgs, "serving.extraArgs", false),
    ...problems(serving.unprovenArgs, "serving.unprovenArgs", true),
  ];
}
