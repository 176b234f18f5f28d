import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../../../lib/strategy";
import type { Bastion } from "../../hosts/bastion";

/** What the checks of an account look at. */
export interface Asked {
  readonly plan: Plan;
  /** Availability zone of the machines. */
  readonly zone: string;
  /** Machines that the account does not have yet. */
  readonly missing: number;
  /** The way to machines that this machine does not reach. */
  readonly bastion?: Bastion;
  /** The account, in the stack's region. */
  readonly account: pulumi.InvokeOptions;
  /** The account where AWS answers questions for prices. */
  readonly prices: pulumi.InvokeOptions;
}
