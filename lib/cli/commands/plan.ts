import { inBackticks, UserError } from "../../config";
import {
  type ReportDetails,
  type ReportFormat,
  renderReport,
  SECTION_IDS,
  type SectionId,
  screenParts,
  verdict,
} from "../../report";
import { findRemedies, loadCurve, type Plan, sensitivity } from "../../strategy";
import type { CommandSpec } from "../command-spec";
import { emit, isToFile, reportFormat, reportLook } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import { meetsRequirements } from "../meets-requirements";
import { planDeployment } from "../plan-deployment";
import { readDeployment } from "../read-deployment";

export const planCommand: CommandSpec = {
  name: "plan",
  summary: "compute the plan of a stack and hold it against every requirement",
  arguments: [
    {
      usage: "[sections...]",
      description: "sections of the report to print instead of the summary",
      choices: SECTION_IDS,
    },
  ],
  options: ["stack", "file", "model", "set", "strategy", "format", "full", "out", "json"],
  examples: [
    ["shardplan plan", "the answer for the prod stack on one screen"],
    ["shardplan plan --full", "the whole report"],
    ["shardplan plan latency alternatives", "two sections of it"],
    ["shardplan plan --stack dev --out report.html", "the whole report of dev as a page with plots"],
    ["shardplan plan --set workload.requestRate=16", "what if twice as many requests arrive?"],
    ["shardplan plan --strategy tp4dp2", "what would another strategy give?"],
    ["shardplan plan --format json | jq .strategy", "for programs"],
  ],
  run({ args, options }, io) {
    const format = reportFormat(options);
    const sections = sectionsOf(args, format);
    const result = planDeployment(readDeployment(options, io), io);
    const toFile = isToFile(options);
    const wanted = { format, sections, whole: options.full || (toFile && format !== "json") };
    if (format === "terminal" && sections === undefined && !wanted.whole) {
      const { answer, readOn } = screenParts(result, reportLook(options, io));
      // The answer stands while changes that pass are looked for.
      emit(answer, options, io);
      emit(readOn(detailsOf(result, wanted, io).remedies), options, io);
    } else {
      const look = {
        ...reportLook(options, io),
        ...detailsOf(result, wanted, io),
        ...(sections === undefined ? {} : { sections }),
      };
      emit(renderReport(result, format, look), options, io);
    }
    if (toFile) io.talk(verdict(result).text);
    return meetsRequirements(result) ? EXIT.met : EXIT.missed;
  },
};

/** The sections that were named; undefined without any. Throws `UserError` where the format has none. */
function sectionsOf(args: readonly string[], format: ReportFormat): readonly SectionId[] | undefined {
  if (args.length === 0) return undefined;
  if (format === "json") {
    throw new UserError({
      code: "sections-of-json",
      where: `plan ${args.join(" ")}`,
      message: "the JSON of a plan is always whole",
      hint: `take a part of it with jq, as in ${inBackticks("plan --json | jq .latency")}`,
    });
  }
  return SECTION_IDS.filter((id) => args.includes(id));
}

interface Wanted {
  readonly format: ReportFormat;
  readonly sections: readonly SectionId[] | undefined;
  readonly whole: boolean;
}

/** What costs more simulations, where it is shown: latency against load, what would change the choice, what would pass. */
function detailsOf(plan: Plan, { format, sections, whole }: Wanted, io: Io): ReportDetails {
  const isPage = format === "md" || format === "html";
  const shows = (id: SectionId) => (sections === undefined ? whole || isPage : sections.includes(id));
  const timed = <T>(text: string, compute: () => T): T => {
    io.progress(text);
    const result = compute();
    io.progress("");
    return result;
  };
  return {
    ...(!meetsRequirements(plan) && (format !== "json" || whole)
      ? { remedies: timed("looking for changes that pass ...", () => findRemedies(plan)) }
      : {}),
    ...(shows("latency") ? { loadCurve: timed("drawing the load curve ...", () => loadCurve(plan)) } : {}),
    ...(shows("sensitivity")
      ? { sensitivity: timed("trying what would change the choice ...", () => sensitivity(plan)) }
      : {}),
  };
}
