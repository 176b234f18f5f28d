import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { chooseBlow, readCourse } from "../../../rehearsal/torture/moments";
import { stepsThatNeedNo } from "../../../rehearsal/torture/torture";

describe("moments of a step", () => {
  const noted = [
    "1.0\t9 11 local step=$1",
    "1.0\t9 11 make x",
    "1.0\t2 9 11 make x",
    "1.1\t3 9 11 mkdir -p /run/x",
    "1.4\t3 9 11 cat /run/x 2> /dev/null",
    "1.5\t4 9 11 sleep 1",
    "2.5\t4 9 11 sleep 1",
    '3.5\t5 9 11 printf \'%s\' "$text" > "$file"',
    "3.6\t6 9 11 echo done",
  ].join("\n");

  it("are the commands that change something, each way to one once, with the time that it took", () => {
    const { moments, seconds } = readCourse(noted);
    assert.deepEqual(
      moments.map(({ command, seconds: long }) => [command, Number(long.toFixed(3))]),
      [
        ["mkdir -p /run/x", 0.3],
        ["sleep 1", 1],
        ['printf \'%s\' "$text" > "$file"', 0.1],
      ],
    );
    assert.equal(Number(seconds.toFixed(3)), 2.6);
  });

  it("are chosen by the numbers that are drawn, before a command or in its midst", () => {
    const course = readCourse(noted);
    const drawn = (...numbers: number[]) => chooseBlow(course, () => numbers.shift() ?? 0);
    assert.deepEqual(
      [drawn(0.5, 0.9), drawn(0.5, 0.1, 0.25)].map(({ moment, afterSeconds }) => [
        moment.command,
        afterSeconds,
      ]),
      [
        ["sleep 1", 0],
        ["sleep 1", 0.25],
      ],
    );
  });

  it("are none in a script that is no step", () => {
    const trap = join(__dirname, "../../../rehearsal/torture/trap.sh");
    const { status, stdout, stderr } = spawnSync("bash", ["-s", "apply"], {
      input: "set -e; f() { echo ran; }; f; false || echo on",
      encoding: "utf8",
      env: { ...process.env, BASH_ENV: trap },
    });
    assert.deepEqual([status, stdout, stderr], [0, "ran\non\n", ""]);
  });
});

describe("steps before one that is killed and left so", () => {
  it("are none that waits for a slow one, which is not run there", () => {
    const slow = new Set(["ray", "vllm"]);
    assert.deepEqual(stepsThatNeedNo(slow, ["gateway", "ray", "vllm", "watchdog"]), ["gateway"]);
    assert.deepEqual(stepsThatNeedNo(slow, ["firewall", "gateway"]), ["firewall", "gateway"]);
  });
});
