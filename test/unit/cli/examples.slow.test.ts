import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cliPage } from "../../../lib/cli/cli-page";
import { COMMANDS } from "../../../lib/cli/commands";
import { glossaryPage } from "../../../lib/report";
import { ROOT } from "./run-cli";

describe("the examples of the command line", function () {
  this.timeout(600_000);
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "shardplan-examples-"));
    for (const stack of ["prod", "dev"])
      copyFileSync(join(ROOT, `Pulumi.${stack}.yaml`), join(folder, `Pulumi.${stack}.yaml`));
    writeFileSync(
      join(folder, "cases.csv"),
      "id,engine,model,precision,gpu,tp,isl,osl,arrivals,concurrency,num_requests\n" +
        "a,vLLM,Llama-3.3-70B-Instruct,fp8,H100-SXM-80GB,4,512,64,closed,4,12\n",
    );
    const command = join(folder, "shardplan");
    writeFileSync(
      command,
      `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "scripts/start.mjs")}" "$@"\n`,
    );
    chmodSync(command, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("stand in docs/cli.md", () => {
    const current = readFileSync(join(ROOT, "docs/cli.md"), "utf8") === cliPage(COMMANDS);
    const glossary = readFileSync(join(ROOT, "docs/glossary.md"), "utf8") === glossaryPage();
    assert.ok(glossary, "docs/glossary.md is stale: run `npm run docs`");
    assert.ok(current, "docs/cli.md is stale: run `npm run docs`");
  });

  for (const { examples } of COMMANDS) {
    for (const [line] of examples) {
      // Neither shell need be here; zsh's script is bash's with two lines before it, fish's has a test of its own.
      if (/zsh|fish/.test(line)) continue;
      // Their tests start one, there and on a host.
      if (/--prometheus|--ssh/.test(line)) continue;
      it(`run as they stand: ${line}`, () => {
        const { status, stderr } = spawnSync("bash", ["-c", `set -o pipefail\n${line}`], {
          cwd: folder,
          env: { ...process.env, NODE_OPTIONS: "", PATH: `${folder}${delimiter}${process.env.PATH}` },
          encoding: "utf8",
        });
        // 2: a what-if may miss a requirement.
        assert.ok(
          status === 0 || (status === 2 && /^shardplan (plan --|check|compare)/.test(line)),
          `${status}: ${stderr}`,
        );
      });
    }
  }
});
