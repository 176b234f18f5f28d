import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  gpuCounters,
  gpuExporterUnit,
  nodeExporterUnit,
  prometheusUnit,
  rulesFile,
} from "../../../../lib/serving";
import { planOf } from "../plan-fixture";

const LIBRARY = readFileSync(join(__dirname, "../../../../infra/steps/lib.sh"), "utf8");

describe("the units that watch a stack", () => {
  const unit = prometheusUnit(planOf({ monitoring: { retentionDays: 30, diskGib: 7 } }));

  it("keep metrics as long and as many as the config says", () => {
    assert.match(unit, /^ExecStart=.* --storage\.tsdb\.retention\.time=30d /m);
    assert.match(unit, /^ExecStart=.* --storage\.tsdb\.retention\.size=7GB /m);
  });

  it("listen on loopback, and a further host's exporter where its cluster reaches it", () => {
    assert.match(unit, /--web\.listen-address=127\.0\.0\.1:9090$/m);
    assert.match(nodeExporterUnit(planOf(), 0, "10.0.0.1"), /--web\.listen-address=127\.0\.0\.1:9100 /m);
    assert.match(nodeExporterUnit(planOf(), 1, "10.0.0.2"), /--web\.listen-address=10\.0\.0\.2:9100 /m);
    assert.match(nodeExporterUnit(planOf(), 1, "fd00::2"), /--web\.listen-address=\[fd00::2\]:9100 /m);
  });

  it("run as users of their own without rights, after what serves", () => {
    for (const text of [unit, nodeExporterUnit(planOf(), 0, "10.0.0.1")]) {
      assert.match(text, /^User=shardplan-(prometheus|exporter)$/m);
      for (const line of ["DynamicUser=yes", "CapabilityBoundingSet=", "Nice=10", "OOMScoreAdjust=500"])
        assert.ok(text.split("\n").includes(line), `no ${line} in ${text}`);
    }
  });

  it("keep their metrics where the last step on a host removes them", () => {
    const [, folder = ""] = /^StateDirectory=(.+)$/m.exec(unit) ?? [];
    assert.notEqual(folder, "");
    assert.match(LIBRARY, new RegExp(`\\bMETRICS=/var/lib/private/${folder}$`, "m"));
  });

  it("have NVIDIA's exporter tell every counter that the rules ask for", () => {
    const told = gpuCounters()
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        // Commas part the columns, so none may be in a text.
        assert.match(line, /^DCGM_[A-Z_]+, (gauge|counter), [^,]+$/);
        return line.split(",")[0];
      });
    const asked = rulesFile(planOf(), "prod").match(/DCGM_(?:FI|EXP)(?:_[A-Z]+)+/g) ?? [];
    // Those that stand in a pattern are of one family.
    const named = asked.filter((name) => !/^DCGM_FI_(DEV_FB|PROF_NVLINK)$/.test(name));
    assert.deepEqual(
      [...new Set(named)].filter((name) => !told.includes(name)),
      [],
    );
    for (const way of ["TX", "RX"]) assert.ok(told.includes(`DCGM_FI_PROF_NVLINK_${way}_BYTES`), way);
    for (const part of ["USED", "FREE", "RESERVED"]) assert.ok(told.includes(`DCGM_FI_DEV_FB_${part}`), part);
    const unit = gpuExporterUnit(planOf(), 1, "10.0.0.2");
    assert.match(
      unit,
      /^ExecStart=\/usr\/bin\/dcgm-exporter --collectors \/etc\/shardplan\/gpu-exporter\/counters\.csv --address 10\.0\.0\.2:9400$/m,
    );
  });
});
