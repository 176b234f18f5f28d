import assert from "node:assert/strict";
import { PhaseClock } from "../../../rehearsal/phase-clock";

describe("the clock of phases", () => {
  it("keeps what each phase was and adds the times up", async () => {
    const said: string[] = [];
    const clock = new PhaseClock((line) => said.push(line), new AbortController().signal);
    assert.equal(await clock.run("up", "the program", async () => 7), 7);
    await clock.run("destroy", "nothing left", async () => {});
    assert.deepEqual(said, ["up: the program", "destroy: nothing left"]);
    // Both end at once: 0.0 s, in columns as wide as the longest name.
    assert.deepEqual(clock.table(), [
      "up           0.0 s  the program",
      "destroy      0.0 s  nothing left",
      "total        0.0 s",
    ]);
  });

  it("starts no phase after an interrupt", async () => {
    const controller = new AbortController();
    const clock = new PhaseClock(() => {}, controller.signal);
    controller.abort(new Error("interrupted"));
    await assert.rejects(
      clock.run("up", "", async () => assert.fail("it ran")),
      /interrupted/,
    );
  });
});
