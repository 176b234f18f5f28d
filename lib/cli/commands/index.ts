import type { CommandSpec } from "../command-spec";
import { checkCommand } from "./check";
import { compareCommand } from "./compare";
import { completionCommand } from "./completion";
import { configCommand } from "./config";
import { dashboardCommand } from "./dashboard";
import { emitCommand } from "./emit";
import { explainCommand } from "./explain";
import { glossaryCommand } from "./glossary";
import { hardwareCommand } from "./hardware";
import { modelsCommand } from "./models";
import { planCommand } from "./plan";
import { predictCommand } from "./predict";
import { recommendCommand } from "./recommend";
import { rulesCommand } from "./rules";
import { scrapeCommand } from "./scrape";
import { statusCommand } from "./status";
import { sweepCommand } from "./sweep";

const WORK: readonly CommandSpec[] = [
  planCommand,
  checkCommand,
  recommendCommand,
  compareCommand,
  sweepCommand,
  predictCommand,
  explainCommand,
  emitCommand,
  rulesCommand,
  scrapeCommand,
  dashboardCommand,
  statusCommand,
  modelsCommand,
  hardwareCommand,
  configCommand,
  glossaryCommand,
];

/** All commands, in the order in which help lists them. */
export const COMMANDS: readonly CommandSpec[] = [...WORK, completionCommand(WORK)];
