import * as pulumi from "@pulumi/pulumi";
import { changeText } from "../lib/report";
import type { Plan } from "../lib/strategy";

/** Has a preview say what those who use the service will notice of a change, before somebody says yes to it. */
export async function announceChange(plan: Plan): Promise<void> {
  if (pulumi.runtime.isDryRun()) await pulumi.log.info(changeText(plan));
}
