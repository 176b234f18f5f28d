import { strategyLabel } from "../figures/strategy-label";
import type { Remedy, Setting, Strategy } from "../types";

/** As arguments of `shardplan`: `--set hardware.nodes=2 --strategy tp8dp2`; a strategy takes the place of one that was typed. */
export function asArguments({ settings, strategy }: Remedy): string {
  const isOfStrategy = ({ key }: Setting) => strategy !== undefined && key.startsWith("strategy.");
  const sets = settings.filter((setting) => !isOfStrategy(setting));
  return [
    ...sets.map(({ key, value }) => `--set ${key}=${value}`),
    ...(strategy !== undefined && settings.some(isOfStrategy)
      ? [`--strategy ${strategyArgument(strategy)}`]
      : []),
  ].join(" ");
}

/** A strategy as `--strategy` takes it: `tp4pp2dp2`. */
function strategyArgument({
  tensorParallel: tp,
  pipelineParallel: pp,
  dataParallel: dp,
  expertParallel: ep,
  sequenceParallel: sp,
}: Strategy): string {
  const further = Object.entries({ pp, dp, ep, sp }).filter(([, degree]) => degree > 1);
  return [`tp${tp}`, ...further.map(([name, degree]) => `${name}${degree}`)].join("");
}

/** As commands that change the stack's config, one a setting. */
export function asPulumiCommands({ settings }: Remedy): string[] {
  return settings.map(({ key, value }: Setting) => {
    const [section, ...path] = key.split(".");
    return `pulumi config set --path 'shardplan:${section}.${path.join(".")}' ${value}`;
  });
}

/** What runs with a remedy and what it costs: `TP8 at $55.04/h`; empty where neither is known. */
export function remedyLabel({ strategy, usdPerHour: usd }: Remedy): string {
  const label = strategy === undefined ? [] : [strategyLabel(strategy)];
  return [...label, ...(usd === undefined ? [] : [`$${usd.toFixed(2)}/h`])].join(" at ");
}

/** What a remedy changes and costs, in one line: `hardware.nodes 2 (TP8 x2 at $110.08/h)`. */
export function remedyText(remedy: Remedy): string {
  const changes = remedy.settings.map(({ key, value }) => `${key} ${value}`).join(", ");
  const label = remedyLabel(remedy);
  return label === "" ? changes : `${changes} (${label})`;
}
