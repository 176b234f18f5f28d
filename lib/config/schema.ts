import { z } from "zod";
import { aws } from "./schema/aws";
import { bastion } from "./schema/bastion";
import { cost } from "./schema/cost";
import { envelope } from "./schema/envelope";
import { firewall } from "./schema/firewall";
import { gateway } from "./schema/gateway";
import { hardware } from "./schema/hardware";
import { type host, hosts } from "./schema/hosts";
import { model } from "./schema/model";
import { monitoring } from "./schema/monitoring";
import { proof } from "./schema/proof";
import { serving } from "./schema/serving";
import { slo } from "./schema/slo";
import { strategy } from "./schema/strategy";
import { type lengths, workload } from "./schema/workload";

/**
 * The schema of a deployment: the one home of every key's type, unit, default and description.
 * `docs/configuration.md`, the JSON Schema for editors and the error messages are made from it.
 *
 * Units stand in the key names (`p99Ms`, `rootVolumeGb`) or, where they do not, in the key's `unit`.
 */
export const deploymentSchema = z.strictObject({
  model,
  hardware,
  strategy,
  workload,
  slo,
  envelope,
  serving,
  gateway,
  firewall,
  hosts,
  bastion,
  aws,
  monitoring,
  proof,
  cost,
});

/** A complete, validated deployment: every default is filled in. */
export type Deployment = z.infer<typeof deploymentSchema>;
/** A deployment as a user writes it: every key optional. */
export type DeploymentInput = z.input<typeof deploymentSchema>;
/** Distribution of prompt or output lengths in tokens. */
export type LengthDistribution = z.infer<typeof lengths>;
/** One existing machine, reached over SSH. */
export type HostConfig = z.infer<typeof host>;
