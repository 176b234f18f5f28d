import { ConfigError, parseDeployment } from "../../../lib/config";
import { deploymentNode, type SchemaNode } from "../../../lib/config/schema-node";
import { renderReport, renderScreen } from "../../../lib/report";
import { plan } from "../../../lib/strategy";

/** A numeric key at one end of what the schema takes. */
export interface Extreme {
  readonly key: string;
  readonly value: number;
}

const boundsOf = (node: SchemaNode): number[] =>
  [node.minimum, node.maximum].filter((bound) => bound !== undefined);

/** Both ends of every numeric key of the schema, those of lists and variants left out. */
export function extremes(node: SchemaNode = deploymentNode(), prefix = ""): Extreme[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = `${prefix}${name}`;
    const variants = [child, ...(child.anyOf ?? [])];
    const own = variants
      .filter(({ type }) => type === "number" || type === "integer")
      .flatMap(boundsOf)
      .map((value) => ({ key, value }));
    return [...own, ...extremes(child, `${key}.`)];
  });
}

/** A small machine, so that a plan takes a moment. */
const SMALL = {
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  hardware: { instanceType: "p5.4xlarge" },
  workload: { requestRate: 1, simulatedRequests: 100 },
} as const;

const CUSTOM = {
  ...SMALL,
  hardware: {
    instanceType: "custom",
    gpusPerNode: 1,
    custom: { memoryGib: 80, memoryGbPerSecond: 3350, bf16Tflops: 990 },
  },
} as const;

/** What a user reads with keys at their ends: screen and whole report, or the lines that refuse them. */
export function readingAt(chosen: readonly Extreme[]): string {
  const base = chosen.some(({ key }) => /hardware\.(custom|gpusPerNode)/.test(key)) ? CUSTOM : SMALL;
  try {
    const result = plan(
      parseDeployment(
        base,
        chosen.map(({ key, value }) => `${key}=${value}`),
      ),
    );
    const look = { color: false, width: 100 };
    return `${renderScreen(result, look)}\n${renderReport(result, "terminal", look)}`;
  } catch (error) {
    if (error instanceof ConfigError) return "refused";
    throw error;
  }
}

/** Lines of a reading that no reader can take: what is no number, and what is wider than the terminal. */
export const unreadable = (reading: string): string[] =>
  reading.split("\n").filter((line) => /\bNaN\b|Infinity|\de[+-]?\d\d/.test(line) || [...line].length > 100);
