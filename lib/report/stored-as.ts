import type { Plan } from "../strategy";

const name = (format: string): string => format.replace("_", " ").toUpperCase();

/** What the weights are stored in: of a quantised checkpoint its formats and method, whatever precision was asked for. */
export function storedAs({ model: { checkpoint }, deployment }: Plan): string {
  if (!checkpoint) return name(deployment.model.precision);
  const formats = [...new Set(Object.values(checkpoint.formats))].map(name);
  return `${formats.join(" and ")} (${checkpoint.method})`;
}
