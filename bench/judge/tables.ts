import type { Table } from "../table";
import { DRIVEN_VERSION } from "../vllm/scenarios";
import type { RefusedDeployment } from "./make-plans";
import { ALLOWED, isWithin, type Outcome, type Verdict } from "./verdicts";

const OUTCOMES: readonly Outcome[] = [
  "accepted",
  "refused though valid",
  "refused by both",
  "refused by the planner alone",
  "not judged",
];

const countOf = (verdicts: readonly Verdict[], outcome: Outcome) =>
  verdicts.filter((verdict) => verdict.outcome === outcome).length;

/** What became of the plans and builds that were put to vLLM. */
export function outcomeTable(plans: readonly Verdict[], builds: readonly Verdict[]): Table {
  return {
    title: `Plans and ranks before vLLM ${DRIVEN_VERSION}`,
    note: "Plans: their whole command line through vLLM's parser, configuration and placement, and its model class for the first and last stage. Builds: the first rank of one stage. Not judged: the repository brings code of its own, or only FlashInfer has a kernel, which is not here.",
    header: ["outcome", "plans", "builds"],
    rows: [
      ...OUTCOMES.map((outcome) => [outcome, `${countOf(plans, outcome)}`, `${countOf(builds, outcome)}`]),
      ["all", `${plans.length}`, `${builds.length}`],
    ],
  };
}

function tally(texts: readonly string[]): (readonly [text: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** Why plans and builds were refused, by whom. */
export function refusalTable(verdicts: readonly Verdict[], unplanned: readonly RefusedDeployment[]): Table {
  const refused = verdicts.filter(({ outcome }) => outcome !== "accepted");
  return {
    title: "Refusals by reason",
    header: ["reason", "by whom", "times"],
    rows: [
      ...tally(refused.map(({ outcome, reason }) => `${reason}\n${outcome}`)).map(([text, count]) => [
        ...text.split("\n"),
        `${count}`,
      ]),
      ...tally(unplanned.map(({ reason }) => reason.replace(/^.* has \d+ /, "has "))).map(
        ([reason, count]) => [reason.slice(0, 110), "before a plan is made", `${count}`],
      ),
    ],
  };
}

const percent = (share: number) => `${(100 * share).toFixed(3)} %`;

/** How the weights on a rank compare with what vLLM's classes allocate; by how the checkpoint is stored. */
export function weightTable(groups: ReadonlyMap<string, readonly Verdict[]>): Table {
  const rowOf = (name: string, verdicts: readonly Verdict[]): string[] => {
    const weighed = verdicts.filter(({ differences }) => differences.length > 0);
    const sizes = weighed.map(({ name: build, differences }) => ({
      build,
      size: Math.max(...differences.map(Math.abs)),
    }));
    const worst = sizes.reduce((most, one) => (one.size > most.size ? one : most), { build: "-", size: 0 });
    return [
      name,
      `${weighed.length}`,
      `${weighed.filter(isWithin).length}`,
      percent(worst.size),
      worst.build,
    ];
  };
  const all = [...groups.values()].flat();
  return {
    title: "Weights on a rank against vLLM's own model classes",
    header: ["stored as", "weighed", `within ${percent(ALLOWED)}`, "worst", "which"],
    rows: [...[...groups].map(([name, verdicts]) => rowOf(name, verdicts)), rowOf("all", all)],
  };
}
