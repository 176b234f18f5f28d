import { strategyLabel } from "../figures/strategy-label";
import type { Remedy, Setting } from "../types";

/** As arguments of `shardplan`: `--set hardware.nodes=2 --strategy tp8dp2`; a strategy takes the place of one that was typed. */
export function asArguments({ settings, strategy }: Remedy): string {
  const rest = settings.filter(({ key }) => !key.startsWith("strategy."));
  const sets = rest.map(({ key, value }) => `--set ${key}=${value}`);
  return [
    ...sets,
    ...(rest.length < settings.length ? [`--strategy ${strategyArgument(strategy)}`] : []),
  ].join(" ");
}

/** A strategy as `--strategy` takes it: `tp4pp2dp2`. */
function strategyArgument({
  tensorParallel: tp,
  pipelineParallel: pp,
  dataParallel: dp,
  expertParallel: ep,
  sequenceParallel: sp,
}: Remedy["strategy"]): string {
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

/** What a remedy changes and costs, in one line: `2 nodes ...`. */
export function remedyText(remedy: Remedy): string {
  const price = remedy.usdPerHour === undefined ? "" : `, $${remedy.usdPerHour.toFixed(2)}/h`;
  const changes = remedy.settings.map(({ key, value }) => `${key} ${value}`).join(", ");
  return `${changes} (${strategyLabel(remedy.strategy)}${price})`;
}
