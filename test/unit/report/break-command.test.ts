import assert from "node:assert/strict";
import fc from "fast-check";
import { breakCommand } from "../../../lib/report/break-command";

describe("breakCommand", () => {
  it("loses nothing: a shell that joins the lines sees the same words", () => {
    const word = fc.stringMatching(/^-{0,2}[a-z=/0-9]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 20, max: 120 }),
        (words, width) => {
          const joined = breakCommand(words.join(" "), width)
            .join("\n")
            .replaceAll(/ \\\n +/g, " ");
          return joined === words.join(" ");
        },
      ),
    );
  });

  it("breaks a JSON body between its members, so that it is still the same JSON", () => {
    const body = {
      model: "meta-llama/Meta-Llama-3-70B-Instruct",
      prompt: "Hello, how are you?",
      max_tokens: 100,
    };
    const lines = breakCommand(`curl --fail https://host/v1/completions -d '${JSON.stringify(body)}'`, 70);
    assert.ok(
      lines.every((line) => line.length <= 70),
      `lines: ${JSON.stringify(lines)}`,
    );
    const sent = /-d '([\s\S]*)'$/.exec(lines.join("\n"))?.[1] ?? "";
    assert.deepEqual(JSON.parse(sent), body);
  });

  it("breaks between the values of an option that has many", () => {
    const sizes = Array.from({ length: 60 }, (_, i) => String(8 * i)).join(" ");
    const lines = breakCommand(`vllm serve model --cudagraph-capture-sizes ${sizes} --dtype bfloat16`, 80);
    assert.ok(
      lines.every((line) => line.length <= 80),
      lines.join("\n"),
    );
    assert.equal(
      lines.join("\n").replaceAll(/ \\\n +/g, " "),
      `vllm serve model --cudagraph-capture-sizes ${sizes} --dtype bfloat16`,
    );
  });

  it("breaks before options, never between an option and its value", () => {
    const lines = breakCommand("vllm serve model --tensor-parallel-size 8 --dtype bfloat16", 40);
    assert.deepEqual(lines, ["vllm serve model \\", "  --tensor-parallel-size 8 \\", "  --dtype bfloat16"]);
  });
});
