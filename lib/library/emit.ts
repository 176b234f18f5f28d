import { emittedAbout } from "../report";
import { composeFile, kubernetesManifests, runScript } from "../serving";
import type { Plan } from "../strategy";

const FORMS = {
  kubernetes: kubernetesManifests,
  compose: composeFile,
  script: runScript,
};

/** What a plan can be written as: Kubernetes manifests, a compose file, or a bash script. */
export type EmitForm = keyof typeof FORMS;

export const EMIT_FORMS: readonly EmitForm[] = ["kubernetes", "compose", "script"];

/**
 * The text of a file that starts a plan with another tool, with the flags of the plan's own units. Comments at its top say what
 * plan it is and whether that meets its requirements, and `command` where one makes the file again. Throws a `UserError` for a
 * compose file or a script of several machines.
 */
export const emit = (plan: Plan, form: EmitForm, command?: string): string =>
  FORMS[form](plan, emittedAbout(plan, command));
