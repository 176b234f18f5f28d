import type { InstanceType, Source } from "./types";

const karpenter: Source = {
  source:
    "aws/karpenter-provider-aws@1d92708 website/content/en/preview/reference/instance-types.md and pkg/providers/pricing/zz_generated.pricing_aws.go (us-east-1, on demand)",
  date: "2026-07-20",
};
const unpriced: Source = {
  ...karpenter,
  source: `${karpenter.source}; the type is absent from its us-east-1 price table`,
};

/** Columns of the table below, in order. */
type Row = readonly [
  name: string,
  gpu: string,
  gpus: number,
  vcpus: number,
  memoryGib: number,
  instanceStorageGb: number,
  networkGbps: number,
  efaInterfaces: number,
  priceUsdPerHour?: number,
];

// biome-ignore format: one row a line reads as the table it is
const rows: readonly Row[] = [
  ["p5.48xlarge",      "H100-SXM-80GB",     8, 192, 2048, 30_400, 3200, 32, 55.04],
  ["p5.4xlarge",       "H100-SXM-80GB",     1,  16,  256,  3_800,  100,  1, 6.88],
  ["p5e.48xlarge",     "H200-SXM-141GB",    8, 192, 2048, 30_400, 3200, 32],
  ["p5en.48xlarge",    "H200-SXM-141GB",    8, 192, 2048, 30_400, 3200, 16, 63.296],
  ["p6-b200.48xlarge", "B200-SXM-180GB",    8, 192, 2048, 30_400, 3200,  8, 113.9328],
  ["p6-b300.48xlarge", "B300-SXM-288GB",    8, 192, 4096, 30_400, 6400, 16, 142.416],
  ["p4d.24xlarge",     "A100-SXM-40GB",     8,  96, 1152,  8_000,  400,  4, 21.957642],
  ["p4de.24xlarge",    "A100-SXM-80GB",     8,  96, 1152,  8_000,  400,  4, 27.44705],
  ["g4dn.xlarge",      "T4-16GB",           1,   4,   16,    125,    5,  0, 0.526],
  ["g4dn.2xlarge",     "T4-16GB",           1,   8,   32,    225,   10,  0, 0.752],
  ["g4dn.4xlarge",     "T4-16GB",           1,  16,   64,    225,   20,  0, 1.204],
  ["g4dn.8xlarge",     "T4-16GB",           1,  32,  128,    900,   50,  1, 2.176],
  ["g4dn.12xlarge",    "T4-16GB",           4,  48,  192,    900,   50,  1, 3.912],
  ["g4dn.16xlarge",    "T4-16GB",           1,  64,  256,    900,   50,  1, 4.352],
  ["g4dn.metal",       "T4-16GB",           8,  96,  384,  1_800,  100,  1, 7.824],
  ["g5.xlarge",        "A10G-24GB",         1,   4,   16,    250,  2.5,  0, 1.006],
  ["g5.2xlarge",       "A10G-24GB",         1,   8,   32,    450,    5,  0, 1.212],
  ["g5.4xlarge",       "A10G-24GB",         1,  16,   64,    600,   10,  0, 1.624],
  ["g5.8xlarge",       "A10G-24GB",         1,  32,  128,    900,   25,  1, 2.448],
  ["g5.12xlarge",      "A10G-24GB",         4,  48,  192,  3_800,   40,  1, 5.672],
  ["g5.16xlarge",      "A10G-24GB",         1,  64,  256,  1_900,   25,  1, 4.096],
  ["g5.24xlarge",      "A10G-24GB",         4,  96,  384,  3_800,   50,  1, 8.144],
  ["g5.48xlarge",      "A10G-24GB",         8, 192,  768,  7_600,  100,  1, 16.288],
  ["g6.xlarge",        "L4-24GB",           1,   4,   16,    250,  2.5,  0, 0.8048],
  ["g6.2xlarge",       "L4-24GB",           1,   8,   32,    450,    5,  0, 0.9776],
  ["g6.4xlarge",       "L4-24GB",           1,  16,   64,    600,   10,  0, 1.3232],
  ["g6.8xlarge",       "L4-24GB",           1,  32,  128,    900,   25,  1, 2.0144],
  ["g6.12xlarge",      "L4-24GB",           4,  48,  192,  3_760,   40,  1, 4.6016],
  ["g6.16xlarge",      "L4-24GB",           1,  64,  256,  1_880,   25,  1, 3.3968],
  ["g6.24xlarge",      "L4-24GB",           4,  96,  384,  3_760,   50,  1, 6.6752],
  ["g6.48xlarge",      "L4-24GB",           8, 192,  768,  7_520,  100,  1, 13.3504],
  ["g6e.xlarge",       "L40S-48GB",         1,   4,   32,    250,  2.5,  0, 1.861],
  ["g6e.2xlarge",      "L40S-48GB",         1,   8,   64,    450,    5,  0, 2.24208],
  ["g6e.4xlarge",      "L40S-48GB",         1,  16,  128,    600,   20,  0, 3.00424],
  ["g6e.8xlarge",      "L40S-48GB",         1,  32,  256,    900,   25,  1, 4.52856],
  ["g6e.12xlarge",     "L40S-48GB",         4,  48,  384,  3_800,  100,  1, 10.49264],
  ["g6e.16xlarge",     "L40S-48GB",         1,  64,  512,  1_900,   35,  1, 7.57719],
  ["g6e.24xlarge",     "L40S-48GB",         4,  96,  768,  3_800,  200,  2, 15.06559],
  ["g6e.48xlarge",     "L40S-48GB",         8, 192, 1536,  7_600,  400,  4, 30.13118],
  ["g7e.2xlarge",      "RTX-PRO-6000-96GB", 1,   8,   64,  1_900,   50,  0, 3.36312],
  ["g7e.4xlarge",      "RTX-PRO-6000-96GB", 1,  16,  128,  1_900,   50,  0, 3.99816],
  ["g7e.8xlarge",      "RTX-PRO-6000-96GB", 1,  32,  256,  1_900,  100,  1, 5.26824],
  ["g7e.12xlarge",     "RTX-PRO-6000-96GB", 2,  48,  512,  3_800,  400,  1, 8.28608],
  ["g7e.24xlarge",     "RTX-PRO-6000-96GB", 4,  96, 1024,  7_600,  800,  2, 16.57216],
  ["g7e.48xlarge",     "RTX-PRO-6000-96GB", 8, 192, 2048, 15_200, 1600,  4, 33.14432],
];

/** Every EC2 instance type that a plan can use. */
export const instanceTypes: readonly InstanceType[] = rows.map(
  ([name, gpu, gpus, vcpus, memoryGib, instanceStorageGb, networkGbps, efaInterfaces, priceUsdPerHour]) => ({
    name,
    gpu,
    gpus,
    vcpus,
    memoryGib,
    instanceStorageGb,
    networkGbps,
    efaInterfaces,
    ...(priceUsdPerHour === undefined ? {} : { priceUsdPerHour }),
    provenance: priceUsdPerHour === undefined ? unpriced : karpenter,
  }),
);
