import { strategyLabel } from "../figures/strategy-label";
import type { Remedy, Setting } from "../types";

/** As arguments of `shardplan`: `--set hardware.nodes=2`. */
export const asSetArguments = ({ settings }: Remedy): string =>
  settings.map(({ key, value }) => `--set ${key}=${value}`).join(" ");

/** As commands that change the stack's config, one a setting. */
export function asPulumiCommands({ settings }: Remedy): string[] {
  return settings.map(({ key, value }: Setting) => {
    const [section, ...path] = key.split(".");
    return `pulumi config set --path 'shardplan:${section}.${path.join(".")}' ${value}`;
  });
}

/** What a remedy changes and costs, in one line: `2 nodes ...`. */
export function remedyText(remedy: Remedy): string {
  const price = remedy.usdPerHour === undefined ? "" : `, $${remedy.usdPerHour.toFixed(2)}/h`;
  const changes = remedy.settings.map(({ key, value }) => `${key} ${value}`).join(", ");
  return `${changes} (${strategyLabel(remedy.strategy)}${price})`;
}
