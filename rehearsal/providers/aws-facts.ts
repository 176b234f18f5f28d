import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is so in the stand-in's account, and a test may want otherwise. */
export interface AccountFacts {
  /** Zones that offer the instance types. */
  readonly offering: readonly string[];
  /** Zones in which no machine can be had now. */
  readonly dryZones: readonly string[];
  /** vCPUs of every EC2 quota. */
  readonly quota: number;
  /** Factor on the catalogue's prices. */
  readonly priceFactor: number;
  /** GPUs in a machine, instead of the catalogue's. */
  readonly gpus?: number;
  /** AWS's newest image. */
  readonly newestImage: string;
  readonly imageArchitecture: string;
  readonly imageGb: number;
  readonly reservation: {
    readonly state: string;
    readonly zone: string;
    readonly instanceType: string;
    readonly free: number;
  };
  /** Subnets that others have made. */
  readonly subnets: readonly {
    readonly id: string;
    readonly vpcId: string;
    readonly availabilityZone: string;
  }[];
  /** Calls that the caller may not make, by the name of the lookup. */
  readonly denied: readonly string[];
}

/** Zones of the account's region. */
export const ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"];

const USUAL: AccountFacts = {
  offering: ZONES,
  dryZones: [],
  quota: 1152,
  priceFactor: 1,
  newestImage: "ami-0123456789abcdef0",
  imageArchitecture: "x86_64",
  imageGb: 75,
  reservation: { state: "active", zone: "us-east-1a", instanceType: "p5.48xlarge", free: 2 },
  subnets: [
    { id: "subnet-0a", vpcId: "vpc-0e", availabilityZone: "us-east-1a" },
    { id: "subnet-0b", vpcId: "vpc-0e", availabilityZone: "us-east-1b" },
    { id: "subnet-0c", vpcId: "vpc-0f", availabilityZone: "us-east-1c" },
  ],
  denied: [],
};

const fileIn = (home: string): string => join(home, "stand-in-aws-facts.json");

/** The usual facts, and over them those that a test has set for this Pulumi home. */
export function facts(): AccountFacts {
  const file = fileIn(process.env.PULUMI_HOME ?? ".");
  return { ...USUAL, ...(existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}) };
}

/** From now on these things are so in the account of a Pulumi home, and all others as usual. */
export function setFacts(home: string, changed: Partial<AccountFacts>): void {
  writeFileSync(fileIn(home), JSON.stringify(changed));
}
