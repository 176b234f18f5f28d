import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDeployment } from "../../../lib/config";
import { documentedSections } from "../../../lib/config/documented-keys";
import { explain } from "../../../lib/report";
import { PORTS, UNITS } from "../../../lib/serving";
import { QUICK, ROOT, runCli } from "../cli/run-cli";
import { stackPlan } from "./stack-plan";

/** Files of the program that print commands of AWS's. */
const NAMED_IN = ["host-key", "only-machine", "checks/quota"].map((name) => `infra/aws/${name}.ts`);
const PAGES = ["numbers.md", "operations.md"] as const;
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
/** A reader's own file. */
const COMPOSE = join(ROOT, "test/unit/serving/line/files/compose.yaml");
const text = (page: string) => read(`docs/${page}`);

/** Lines of the fenced bash blocks, indented blocks included. */
const commands = (page: string): string[] =>
  [...text(page).matchAll(/^ *```bash\n([\s\S]*?)^ *```/gm)]
    .flatMap(([, body]) => (body ?? "").split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "");

const isPlanner = (line: string) => /^npm run (-s )?(plan|shardplan)\b/.test(line);

describe("the written pages", function () {
  this.timeout(600_000);

  const folder = mkdtempSync(join(tmpdir(), "shardplan-docs-"));
  after(() => rmSync(folder, { recursive: true }));

  for (const page of [...PAGES, "../README.md"]) {
    for (const command of commands(page).filter(isPlanner)) {
      it(`shows a command that works: ${command}`, () => {
        const [line = ""] = command.split(/ +# /);
        const here = line
          .replace("npm run -s ", "npm run ")
          .replace("report.html", join(folder, "report.html"))
          .replace("compose.yaml", COMPOSE);
        const [, , script, , ...rest] = here.split(/ +/);
        const args = [...(script === "plan" ? ["plan"] : []), ...rest];
        const { status, stderr } = runCli([...args, ...QUICK]);
        assert.ok(status === 0 || status === 2, `exit ${status}: ${stderr}`);
      });
    }
  }

  it("gives the plan's own figures in docs/numbers.md", () => {
    const quoted = [...text("numbers.md").matchAll(/`([a-zA-Z.]+)` =\s+\*\*([^*]+)\*\*/g)];
    assert.ok(quoted.length >= 2, `quoted.length: ${quoted.length}`);
    for (const [, figure = "", value] of quoted) {
      assert.equal(explain(stackPlan("prod"), figure)[0]?.text, value, figure);
    }
  });

  it("sets only keys that the configuration has", () => {
    const settings = PAGES.flatMap(commands).filter((line) => line.startsWith("pulumi config set --path"));
    assert.ok(settings.length >= 3, `settings.length: ${settings.length}`);
    const overrides = settings.map((line) => {
      const [, key = "", quoted, plain = ""] =
        /shardplan:([a-zA-Z.[\]0-9]+)'? (?:'([^']*)'|(\S+))/.exec(line) ?? [];
      // A key that the page leaves unfinished, and that is none.
      const value = (quoted ?? plain).replace(
        "AAAA...",
        "AAAAC3NzaC1lZDI1NTE5AAAAIHOSTKEYHOSTKEYHOSTKEYHOSTKEYHOSTKEYHOST",
      );
      const path = key.replace(/\[\d+\]$/, "");
      return `${path}=${key === path ? value : JSON.stringify([value])}`;
    });
    assert.doesNotThrow(() => parseDeployment({}, [...new Set(overrides)]));
  });

  it("names the region in every command of AWS's own, which else asks another one and finds nothing", () => {
    const sources = ["docs/operations.md", "README.md", ...NAMED_IN].map(read);
    const asked = sources.flatMap((source) => [...source.matchAll(/aws ec2 [a-z-]+(.*)/g)]);
    assert.ok(asked.length >= 4, `asked.length: ${asked.length}`);
    for (const [command, options] of asked) assert.match(options ?? "", /^ --region /, command);
  });

  it("names services, ports and stack outputs as the program does", () => {
    const page = text("operations.md");
    for (const unit of Object.values(UNITS)) assert.ok(page.includes(unit), unit);
    assert.ok(page.includes(`http://127.0.0.1:${PORTS.vllm}/metrics`), `page: ${page}`);
    const outputs = read("infra/stack-outputs.ts");
    const [, listed = ""] = /## Stack outputs([\s\S]*?)\n## /.exec(page) ?? [];
    const [, returned = ""] = /function stackOutputs[\s\S]*?return \{([\s\S]*?)\n {2}\};/.exec(outputs) ?? [];
    const names = [...returned.matchAll(/^ {4}(\w+)[:,]/gm)].map(([, name = ""]) => name);
    assert.ok(names.length > 8, names.join(" "));
    for (const name of names) assert.match(listed, new RegExp(`^\\| \`${name}\` \\|`, "m"), name);
    for (const [, output] of page.matchAll(/pulumi stack output ([a-z]\w+)/g)) {
      assert.match(outputs, new RegExp(`^ +${output}[:,]`, "m"), output);
    }
  });

  it("leads to pages and sections that exist", () => {
    for (const page of PAGES) {
      for (const [, target = ""] of text(page).matchAll(/\]\(([^)#]*)(?:#[^)]*)?\)/g)) {
        if (target !== "") assert.doesNotThrow(() => text(target), `${page}: ${target}`);
      }
      for (const [, word = ""] of text(page).matchAll(/\]\(glossary\.md#([^)]+)\)/g)) {
        assert.ok(text("glossary.md").includes(`<a id="${word}">`), `${page}: ${word}`);
      }
      for (const [, anchor = ""] of text(page).matchAll(/\]\(#([^)]+)\)/g)) {
        const headings = [...text(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title.toLowerCase());
        assert.ok(
          headings.some((title) => title.replaceAll(/[^a-z ]/g, "").replaceAll(" ", "-") === anchor),
          anchor,
        );
      }
    }
  });

  it("sends those who want to help to files and keys that exist", () => {
    const keys = documentedSections().flatMap((section) => section.keys.map(({ key }) => key));
    for (const page of ["CONTRIBUTING.md", "SECURITY.md"]) {
      const places = [...read(page).matchAll(/`((?:lib|infra|test|bench)\/[\w./-]+)`|\]\(([^)]+)\)/g)];
      assert.ok(places.length > 0, page);
      for (const [, quoted, linked] of places) {
        const place = quoted ?? linked ?? "";
        assert.ok(place.includes("NAME") || existsSync(join(ROOT, place)), `${page}: ${place}`);
      }
      for (const [, key = ""] of read(page).matchAll(/`((?:serving|model|gateway|aws)\.\w+)`/g))
        assert.ok(keys.includes(key), `${page}: ${key}`);
    }
  });
});
