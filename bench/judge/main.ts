import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderText } from "../table";
import { DRIVEN_VERSION } from "../vllm/scenarios";
import { type Answer, askEngine } from "./ask";
import { corpus, ownCheckpoints } from "./corpus";
import { type JudgedPlan, makePlan, type RefusedDeployment } from "./make-plans";
import { planQuestions } from "./plan-questions";
import { outcomeTable, refusalTable, weightTable } from "./tables";
import { buildVerdict, isWithin, planVerdict, type Verdict } from "./verdicts";
import { type Build, weightBuilds } from "./weight-builds";

/** What the unit tests hold our count of weights against. */
const RECORD = join(__dirname, "..", "..", "test", "unit", "catalog", "data", "vllm-builds.json");
/** Plans between two words about how far it is. */
const EVERY = 25;

const progress = (line: string) => void process.stderr.write(`${line}\n`);

function makePlans(questions: ReturnType<typeof planQuestions>) {
  const plans: JudgedPlan[] = [];
  const unplanned: RefusedDeployment[] = [];
  for (const [i, question] of questions.entries()) {
    if (i % EVERY === 0) progress(`planning: ${i} of ${questions.length}`);
    const made = makePlan(question);
    if ("reason" in made) unplanned.push(made);
    else plans.push(made);
  }
  return { plans, unplanned };
}

/** Bytes by build, for the checkpoints whose files are in the repository. */
function record(builds: readonly Build[], answers: readonly Answer[]): void {
  const own = new Set(weightBuilds(ownCheckpoints()).map(({ question }) => question.name));
  const bytes = builds.flatMap(({ question, refusedBy }, i) => {
    const [weighed] = answers[i]?.bytes ?? [];
    return own.has(question.name) && !refusedBy && weighed !== undefined ? [[question.name, weighed]] : [];
  });
  const content = {
    source: `vllm ${DRIVEN_VERSION}'s own model classes on PyTorch's meta device, parameters of the first rank; npm run bench:judge -- --update`,
    builds: Object.fromEntries(bytes),
  };
  writeFileSync(RECORD, `${JSON.stringify(content, null, 1)}\n`);
  progress(`wrote ${RECORD}`);
}

function byMethod(builds: readonly Build[], verdicts: readonly Verdict[]): Map<string, Verdict[]> {
  const groups = new Map<string, Verdict[]>();
  for (const [i, verdict] of verdicts.entries()) {
    const method = builds[i]?.method ?? "";
    groups.set(method, [...(groups.get(method) ?? []), verdict]);
  }
  return groups;
}

/** Words of the command line that are no options: only what has one of them in its name is asked. */
const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const isAsked = (name: string) => words.length === 0 || words.some((word) => name.includes(word));

/** Puts plans and ranks to vLLM and prints what it says; exit code 1 when it refuses a valid one or weighs another weight. */
async function main(): Promise<void> {
  const checkpoints = corpus();
  const builds = weightBuilds(checkpoints).filter(({ question }) => isAsked(question.name));
  const asked = planQuestions(checkpoints).filter(({ name }) => isAsked(name));
  const { plans, unplanned } = makePlans(asked);
  const questions = [...plans, ...builds].map(({ question }) => question);
  progress(`asking vLLM about ${plans.length} plans and ${builds.length} builds`);
  let answered = 0;
  const answers = await askEngine(questions, checkpoints, () => {
    if (++answered % (4 * EVERY) === 0) progress(`vLLM: ${answered} of ${questions.length}`);
  });
  const planVerdicts = plans.map((plan, i) => planVerdict(plan, answers[i] as Answer));
  const buildAnswers = answers.slice(plans.length);
  const buildVerdicts = builds.map((build, i) => buildVerdict(build, buildAnswers[i] as Answer));
  const weights = byMethod(builds, buildVerdicts).set("ranks of the plans", planVerdicts);
  console.log(renderText(outcomeTable(planVerdicts, buildVerdicts)));
  console.log(renderText(refusalTable([...planVerdicts, ...buildVerdicts], unplanned)));
  console.log(renderText(weightTable(weights)));
  const wrong = [...planVerdicts, ...buildVerdicts].filter(
    (verdict) => verdict.outcome === "refused though valid" || !isWithin(verdict),
  );
  for (const { name, reason, differences } of wrong) {
    console.log(
      `${name}: ${reason ?? differences.map((share) => `${(100 * share).toFixed(2)} %`).join(", ")}`,
    );
  }
  if (process.argv.includes("--update")) record(builds, buildAnswers);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

void main();
