import assert from "node:assert/strict";
import type { Io } from "../../../lib/cli/io";
import { reportError } from "../../../lib/cli/report-error";
import { parseDeployment, UserError } from "../../../lib/config";
import { problemLines } from "../config/problem-lines";

/** An `Io` that keeps what it is told. */
function listening(): { readonly io: Io; readonly told: string[] } {
  const told: string[] = [];
  const io: Io = {
    out: () => assert.fail("an error is no result"),
    talk: (line) => void told.push(line),
    progress: () => {},
    readStdin: () => "",
    color: false,
    width: 100,
    folder: ".",
  };
  return { io, told };
}

describe("reportError", () => {
  it("prints one line for a mistake of the user and returns 1", () => {
    const { io, told } = listening();
    const error = new UserError({ code: "x", where: "hosts.0", message: "is asleep", hint: "wake it" });
    assert.equal(reportError(error, io), 1);
    assert.deepEqual(told, ["hosts.0: is asleep; wake it"]);
  });

  it("prints a line per problem of a configuration", () => {
    const { io, told } = listening();
    const bad = { slo: { decode: { p50Ms: 0, p99Ms: 0 } } };
    try {
      parseDeployment(bad);
    } catch (error) {
      assert.equal(reportError(error, io), 1);
    }
    assert.deepEqual(
      told.join("\n").split("\n"),
      problemLines(() => parseDeployment(bad)),
    );
    assert.equal(told.join("\n").split("\n").length, 2);
  });

  it("prints the stack of a bug, says that it is one, and returns 70", () => {
    const { io, told } = listening();
    assert.equal(reportError(new TypeError("x is not a function"), io), 70);
    assert.match(told[0] ?? "", /^TypeError: x is not a function\n\s+at /);
    assert.match(told[1] ?? "", /bug in shardplan/);
  });
});
