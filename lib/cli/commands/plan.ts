import { type ReportDetails, type ReportFormat, renderReport } from "../../report";
import { loadCurve, type Plan, sensitivity } from "../../strategy";
import type { CommandSpec } from "../command-spec";
import { emit, reportFormat, reportLook } from "../emit";
import { EXIT } from "../exit-codes";
import type { Io } from "../io";
import { meetsRequirements } from "../meets-requirements";
import { planDeployment } from "../plan-deployment";
import { readDeployment } from "../read-deployment";

export const planCommand: CommandSpec = {
  name: "plan",
  summary: "compute the plan of a stack and hold it against every requirement",
  arguments: [],
  options: ["stack", "file", "set", "strategy", "format", "full", "out", "json"],
  examples: [
    ["shardplan plan", "the strategy report of the prod stack"],
    ["shardplan plan --stack dev --out report.html", "the same for dev, as a page with plots"],
    ["shardplan plan --set workload.requestRate=16", "what if twice as many requests arrive?"],
    ["shardplan plan --strategy tp4dp2", "what would another strategy give?"],
    ["shardplan plan --format json | jq .strategy", "for programs"],
  ],
  run({ options }, io) {
    const result = planDeployment(readDeployment(options, io), io);
    const format = reportFormat(options);
    const details = options.full || NEEDS_DETAILS[format] ? detailsOf(result, io) : {};
    emit(renderReport(result, format, { ...reportLook(options, io), ...details }), options, io);
    return meetsRequirements(result) ? EXIT.met : EXIT.missed;
  },
};

/** Pages are read at leisure and hold the plots; the terminal's answer should not wait for them. */
const NEEDS_DETAILS: Readonly<Record<ReportFormat, boolean>> = {
  terminal: false,
  json: false,
  md: true,
  html: true,
};

/** What costs more simulations: latency against load, and what would change the choice. */
function detailsOf(plan: Plan, io: Io): ReportDetails {
  io.progress("drawing the load curve ...");
  const curve = loadCurve(plan);
  io.progress("trying what would change the choice ...");
  const rows = sensitivity(plan);
  io.progress("");
  return { loadCurve: curve, sensitivity: rows };
}
