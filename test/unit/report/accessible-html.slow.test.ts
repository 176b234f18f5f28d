import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { renderReport } from "../../../lib/report";
import type { Plan } from "../../../lib/strategy";
import { failingPlan, fullOptions, stackPlan } from "./stack-plan";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = process.env.CHROMIUM_PATH ?? BROWSERS.find((path) => existsSync(path));

interface View {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Desk and phone, light and dark, and what lies between. The rules, which are slow, run on two of them. */
const ALL_VIEWS = [
  [1280, "light"],
  [1280, "dark"],
  [375, "light"],
  [375, "dark"],
  [660, "dark"],
  [768, "dark"],
] as const;

const RULES = ["1280 light", "375 dark"];

/** Runs where a Chromium is installed; axe-core's rules, contrast included, in both themes and at two widths. */
describe("the HTML report in a browser", function () {
  this.timeout(600_000);
  let browser: Browser;
  let folder: string;

  before(async function () {
    if (executablePath === undefined) return this.skip();
    folder = mkdtempSync(join(tmpdir(), "shardplan-report-"));
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  after(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const plans: readonly (readonly [string, () => Plan])[] = [
    ["prod", () => stackPlan("prod")],
    ["dev", () => stackPlan("dev")],
    ["failing", failingPlan],
  ];
  for (const [name, plan] of plans) {
    it(`is accessible and keeps within the screen for ${name}`, async () => {
      const file = join(folder, `${name}.html`);
      const options = name === "prod" ? fullOptions("prod") : { color: false, width: 100 };
      writeFileSync(file, renderReport(plan(), "html", options));
      for (const [width, colorScheme] of ALL_VIEWS) {
        await check(browser, file, { width, colorScheme });
      }
    });
  }

  it("copies each block of commands at a click, as it is typed and nothing beside it", async () => {
    const file = join(folder, "copy.html");
    writeFileSync(file, renderReport(stackPlan("prod"), "html", { color: false, width: 100 }));
    const page = await browser.newPage();
    await page.addInitScript(
      "window.copied = []; Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { window.copied.push(text); } } });",
    );
    await page.goto(`file://${file}`);
    const commands = await page.locator("pre code").allTextContents();
    assert.ok(commands.length >= 3, `${commands.length} blocks of commands`);
    for (const button of await page.locator("pre button").all()) {
      await button.click();
      await page.waitForFunction("document.activeElement.textContent === 'Copied'");
    }
    assert.deepEqual(await copied(page), commands);
    await page.close();
  });

  it("reads the same without its script, buttons apart, and has its answer within eight screens of a desk", async () => {
    const file = join(folder, "plain.html");
    writeFileSync(file, renderReport(stackPlan("prod"), "html", fullOptions("prod")));
    const view = { viewport: { width: 1280, height: 800 } };
    const plain = await browser.newContext({ ...view, javaScriptEnabled: false });
    const page = await plain.newPage();
    await page.goto(`file://${file}`);
    assert.equal(await page.locator("button").count(), 0);
    assert.equal(await page.getByText("vllm serve").first().isVisible(), true);
    const fold = await page.locator("#details").boundingBox();
    assert.ok(fold !== null && fold.y <= 8 * 800, `the details begin at ${fold?.y} px`);
    await plain.close();
  });
});

/** Reads what was copied: the page's clipboard is a list here, since a file's own needs a right and a focus. */
async function copied(page: Page): Promise<readonly string[]> {
  return (await page.evaluate("window.copied")) as readonly string[];
}

async function check(browser: Browser, file: string, view: View) {
  const page = await browser.newPage({
    viewport: { width: view.width, height: 900 },
    colorScheme: view.colorScheme,
  });
  await page.goto(`file://${file}`);
  await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.ok(Number(overflow) <= 0, `${overflow} px wider than the screen at ${view.width} px`);
  if (RULES.includes(`${view.width} ${view.colorScheme}`)) await checkRules(page, view);
  await page.close();
}

async function checkRules(page: Page, view: View) {
  await page.evaluate(readFileSync(require.resolve("axe-core"), "utf8"));
  const result = (await page.evaluate("axe.run()")) as AxeResult;
  const found = result.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  assert.deepEqual(found, [], `at ${view.width} px, ${view.colorScheme}`);
}
