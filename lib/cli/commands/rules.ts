import { rulesFile } from "../../serving";
import type { CommandSpec } from "../command-spec";
import { emit } from "../emit";
import { EXIT } from "../exit-codes";
import { planDeployment } from "../plan-deployment";
import { readDeployment, stackOf } from "../read-deployment";

export const rulesCommand: CommandSpec = {
  name: "rules",
  summary: "recording and alert rules for Prometheus, with the plan's thresholds",
  arguments: [],
  options: ["stack", "file", "set", "strategy", "out"],
  notes: [
    "Prometheus loads the file by `rule_files`. The rules look only at targets with the label `stack` and the stack's name. The job that scrapes vLLM's /metrics must be called `vllm`, the gateway's `gateway`; the node and DCGM exporters may have any name. DCGM's exporter needs DCGM_FI_PROF_NVLINK_TX_BYTES, DCGM_FI_PROF_NVLINK_RX_BYTES and DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL in its counter file for the rules on NVLink.",
  ],
  examples: [
    ["shardplan rules --stack prod --out shardplan-rules.yml", "the rules of the prod stack as a file"],
  ],
  run({ options }, io) {
    const named = readDeployment(options, io);
    emit(rulesFile(planDeployment(named, io), stackOf(named)), options, io);
    return EXIT.met;
  },
};
