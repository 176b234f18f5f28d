import { configsOf } from "../catalog";
import { type Plan, plan } from "../strategy";
import type { Io } from "./io";
import type { NamedDeployment } from "./read-deployment";

/** The plan of a deployment, while the terminal says what is being done. Throws `UserError` for unknown names. */
export function planDeployment({ name, deployment }: NamedDeployment, io: Io): Plan {
  io.progress(`planning ${name} ...`);
  const result = plan(deployment, configsOf(deployment));
  io.progress("");
  return result;
}
