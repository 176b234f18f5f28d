import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { renderReport } from "../../../lib/report";
import { strategyLabel } from "../../../lib/strategy";
import { fixturePlan } from "./fixture-plan";
import { failingPlan, fullOptions, stackPlan } from "./stack-plan";

const options = { color: false, width: 100 };

/** A document as the tests walk it. */
interface Element {
  readonly id: string;
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}
const parse = (html: string): Element => (parseHTML(html) as unknown as { document: Element }).document;

describe("the HTML report", function () {
  this.timeout(120_000);

  it("needs nothing but itself: its one script copies commands, and links alone lead elsewhere", () => {
    const html = renderReport(stackPlan("prod"), "html", fullOptions("prod"));
    assert.doesNotMatch(html, /<script[^>]|<link|<iframe|@import|url\(/i);
    assert.equal(html.split("<script>").length, 2);
    const page = parse(html);
    const targets = [...page.querySelectorAll("[href],[src]")].map(
      (element) => element.getAttribute("href") ?? "",
    );
    assert.deepEqual(
      targets.filter(
        (target) =>
          !target.startsWith("#") && !/^https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/(blob|tree)\//.test(target),
      ),
      [],
    );
    assert.ok(Buffer.byteLength(html) < 400_000, `${Buffer.byteLength(html)} bytes`);
  });

  it("leads each citation and each section link to an element, and no id is there twice", () => {
    const page = parse(renderReport(stackPlan("prod"), "html", fullOptions("prod")));
    const ids = [...page.querySelectorAll("[id]")].map(({ id }) => id);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );
    const links = [...page.querySelectorAll('a[href^="#"]')].map((link) =>
      (link.getAttribute("href") ?? "").slice(1),
    );
    assert.ok(links.length > 40, `links.length: ${links.length}`);
    assert.deepEqual(
      [...new Set(links)].filter((target) => !ids.includes(target)),
      [],
    );
  });

  it("has six plots, each with a title for those who cannot see it and the same data as a table", () => {
    const page = parse(renderReport(stackPlan("prod"), "html", fullOptions("prod")));
    const figures = [...page.querySelectorAll("figure[id]")];
    assert.deepEqual(figures.map(({ id }) => id).sort(), [
      "busy-minute",
      "decode-by-rate",
      "first-token-by-rate",
      "memory-by-strategy",
      "pareto",
      "step-time",
    ]);
    for (const figure of figures) {
      const drawings = [...figure.querySelectorAll("svg[role=img]")];
      assert.ok(drawings.length >= 2, figure.id); // one for the desk, one for the phone
      for (const drawing of drawings)
        assert.ok(
          (drawing.getAttribute("aria-label") ?? "").length > 20,
          'not so: (drawing.getAttribute("aria-label") ?? "").length > 20',
        );
      assert.ok(figure.querySelector("details table tbody tr"), figure.id);
    }
  });

  it("names each cell of a table that a phone shows as cards", () => {
    const page = parse(renderReport(stackPlan("prod"), "html", options));
    const cells = [...page.querySelectorAll("table.stack td[data-title]")];
    assert.ok(cells.length > 100, `cells.length: ${cells.length}`);
    assert.deepEqual(
      cells
        .filter((one) => (one.getAttribute("data-title") ?? "") === "")
        .map(({ textContent }) => textContent),
      [],
    );
  });

  it("prints in light colours with the drawings' own, and no heading without what stands below it", () => {
    const html = renderReport(stackPlan("prod"), "html", options);
    assert.match(html, /@media screen and \(prefers-color-scheme: dark\)/);
    assert.match(html, /print-color-adjust: exact/);
    assert.match(html, /section:has\(> details:not\(\.fold-away, \[open\]\)\) \{ display: none; \}/);
  });

  it("leads the first use of a word of the glossary in a section to the list of words, and no other use", () => {
    const page = parse(renderReport(stackPlan("prod"), "html", options));
    const memory = [...page.querySelectorAll('section[aria-labelledby="memory"] a.word')];
    const targets = memory.map((link) => link.getAttribute("href") ?? "");
    assert.ok(targets.includes("#word-demand") && targets.includes("#word-kv-cache"), targets.join());
    assert.deepEqual(targets, [...new Set(targets)]);
    assert.match(page.querySelector("#word-demand")?.textContent ?? "", /really needs/);
    const untouched = [...page.querySelectorAll(":is(h2, h3, code, a, summary, svg) a.word")];
    assert.deepEqual(
      untouched.map(({ textContent }) => textContent),
      [],
    );
  });

  it("has in Markdown a list of the words that it uses, to which their first uses lead", () => {
    const markdown = renderReport(stackPlan("prod"), "md", options);
    const list = markdown.slice(markdown.indexOf("## What the words mean"));
    assert.match(list, /^\| demand \| Memory that the workload really needs/m);
    assert.doesNotMatch(list, /^\| (way in|MFU) \|/m);
    assert.match(markdown, /Tensor parallelism \(\[TP\]\(#what-the-words-mean\)\)/);
    assert.doesNotMatch(markdown, /^\|.*\]\(#what-the-words-mean\).*\n\| ?-/m);
  });

  it("sets what stands between backticks as code", () => {
    const page = parse(renderReport(stackPlan("prod"), "html", options));
    assert.ok(
      [...page.querySelectorAll("td code")].some(({ textContent }) => textContent === "pulumi up"),
      'not so: [...page.querySelectorAll("td code")].some(({ textContent }) => textContent === "pulumi...',
    );
    assert.doesNotMatch(page.querySelector("main")?.textContent ?? "", /`/);
  });

  it("shows the memory of every strategy that can run", () => {
    const page = parse(renderReport(stackPlan("prod"), "html", options));
    const shown = [...page.querySelectorAll("#memory-by-strategy tbody th")].map(
      ({ textContent }) => textContent,
    );
    for (const { feasible, strategy } of stackPlan("prod").candidates) {
      if (feasible) assert.ok(shown.includes(strategyLabel(strategy)), strategyLabel(strategy));
    }
  });

  it("shows text as text, whatever a name holds", () => {
    const plan = fixturePlan();
    const evil = { ...plan.model, name: '<img src=x onerror="alert(1)">' };
    const html = renderReport({ ...plan, model: evil }, "html", options);
    assert.equal(parse(html).querySelector("img"), null);
    assert.match(html, /&lt;img src=x/);
  });

  it("is the same to the byte when made twice", () => {
    const make = () => renderReport(stackPlan("prod"), "html", fullOptions("prod"));
    assert.equal(make(), make());
  });

  it("has the answer before the details, marks the figures that miss, and links sources", () => {
    const titles = (of: Element) => [...of.querySelectorAll("h2")].map(({ id }) => id);
    const held = renderReport(stackPlan("prod"), "html", fullOptions("prod"));
    const order = titles(parse(held));
    assert.equal(order[0], "strategy");
    const ids = ["alternatives", "details", "verification", "hardware"];
    const inOrder = [...ids].sort((a, b) => held.indexOf(`id="${a}"`) - held.indexOf(`id="${b}"`));
    assert.deepEqual(inOrder, ids);
    assert.doesNotMatch(held, /class="fails"/);
    assert.match(held, /<a href="https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/blob\/[0-9a-f]{7,40}\//);
    const failing = renderReport(
      stackPlan("dev", ["slo.firstToken.p99Ms=200", "workload.simulatedRequests=100"]),
      "html",
      {
        color: false,
        width: 100,
      },
    );
    assert.equal(titles(parse(failing))[0], "verification");
    assert.match(failing, /class="fails"><dt>First token p99<\/dt><dd>✗ /);
  });

  it("says first of a failing plan what fails, and draws no plot of what cannot run", () => {
    const page = parse(renderReport(failingPlan(), "html", options));
    assert.match(
      page.querySelector(".verdict.bad")?.textContent ?? "",
      /cannot run\. Each GPU would have to hold 131\.42\u00a0GiB of weights/,
    );
    assert.equal(page.querySelector("#busy-minute"), null);
    assert.ok(page.querySelector("#memory-by-strategy"), "the plot is on the page");
  });
});
