import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  checkLine,
  degreesOf,
  type LineCheck,
  readMachines,
  readServeLine,
  serverArguments,
} from "../../../../lib/serving";
import { shellWords } from "../../../../lib/serving/line/shell-words";
import { REPORTED_LINES, type ReportedLine } from "./reported-lines";

const GIB = 2 ** 30;
/** Goal of the memory bench: inside the band, or this close. */
const CLOSE = 0.1;

describe("lines of public reports", function () {
  this.timeout(60_000);
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-lines-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function check({ line: typed, version, on, config }: ReportedLine): LineCheck {
    const line = readServeLine(serverArguments(shellWords(typed)) ?? [], version);
    const path = join(folder, "config.json");
    if (config) writeFileSync(path, JSON.stringify(config));
    return checkLine({
      line,
      version,
      machines: readMachines(on, { nodes: 1, wanted: degreesOf(line.flags).gpus }),
      set: config ? ["model.name=somebody/model", `model.configPath=${path}`] : [],
    });
  }

  it("are at least twenty", () => assert.ok(REPORTED_LINES.length >= 20, `${REPORTED_LINES.length}`));

  for (const reported of REPORTED_LINES) {
    const { source, line, on, outcome, kvTokens, kvGib, weightsGib } = reported;
    it(`${source}: ${line.replace(/\s+/g, " ").slice(0, 80)} on ${on}`, () => {
      const { starts, refusals, fit } = check(reported);
      const said = refusals.map(({ message = "", reason }) => `${message} (${reason})`).join("; ");
      if (outcome === "starts") assert.ok(starts, said);
      else assert.match(said, outcome);
      if (kvTokens !== undefined) {
        const { low = 0, high = 0, tokens } = fit?.loggedTokens ?? {};
        assert.ok(
          kvTokens >= low && kvTokens <= high,
          `${kvTokens} logged, ${tokens} counted (${low} to ${high})`,
        );
      }
      if (kvGib !== undefined) {
        const own = (fit?.memory.kvCacheBytes ?? Number.NaN) / GIB;
        const { tokens = 1, low = 0, high = 0 } = fit?.loggedTokens ?? {};
        const isInside = tokens > 0 && kvGib >= (own * low) / tokens && kvGib <= (own * high) / tokens;
        const isClose = Math.abs(own - kvGib) <= Math.max(0.6, CLOSE * Math.abs(kvGib));
        assert.ok(isInside || isClose, `${kvGib} GiB logged, ${own} counted`);
      }
      if (weightsGib !== undefined) {
        const own = (fit?.memory.weightsBytes ?? Number.NaN) / GIB;
        assert.ok(Math.abs(own / weightsGib - 1) < 0.05, `${weightsGib} GiB logged, ${own} counted`);
      }
    });
  }
});
