import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = join(__dirname, "../../../infra/programs/watchdog.sh");

/** One round of the watchdog's loop: what vLLM answers, and its count of steps each time it is read (the last one stays). */
interface Round {
  readonly status: string;
  readonly steps: readonly number[];
  readonly up?: boolean;
  /** Unit beside it that a signal holds. */
  readonly held?: string;
}

const WELL: Round = { status: "200", steps: [10, 11] };
const STUCK: Round = { status: "000", steps: [11, 11] };
const BUSY: Round = { status: "000", steps: [11, 12] };
const AWAY: Round = { status: "000", steps: [0, 0], up: false };

/** Runs rounds with vLLM and systemd stood in for; says what was logged, killed, slept, and whether it is ready after each. */
function watch(rounds: readonly Round[]) {
  const folder = mkdtempSync(join(tmpdir(), "shardplan-watchdog-"));
  // In a folder that somebody has removed.
  const ready = join(folder, "run", "ready");
  const cases = (field: (round: Round) => string) =>
    rounds.map((round, at) => `${at}) echo '${field(round)}' ;;`).join("\n");
  const code = `. ${PROGRAM} library
    ask() { case $round in ${cases(({ status }) => status)} esac; }
    steps() { echo >>${folder}/reads; set -- $(case $round in ${cases(({ steps }) => steps.join(" "))} esac); at=$(wc -l <${folder}/reads); [ $at -le $# ] || at=$#; echo "\${!at}"; }
    is_up() { [ "$(case $round in ${cases(({ up = true }) => `${up}`)} esac)" = true ]; }
    unset SECONDS; SECONDS=0 # a plain variable now: the time that passes is what is slept
    sleep() { echo "$1" >>${folder}/slept; SECONDS=$((SECONDS + $1)); }
    systemctl() { echo "$@" >>${folder}/killed; }
    is_held() { [ "$(case $round in ${cases(({ held = "" }) => held)} esac)" = "$1" ]; }
    rest() { sleep "$1"; }
    for round in $(seq 0 ${rounds.length - 1}); do rm -f ${folder}/reads; let_go; look; [ -e "$READY" ] && echo "round $round ready" || echo "round $round unready"; done`;
  const env = {
    ...process.env,
    READY: ready,
    KILL_UNITS: "vllm ray",
    VLLM_UNIT: "vllm",
    BESIDE_UNITS: "ray gateway",
    PORT: "1",
    MODEL: '"m"',
    KEY_FILE: "/dev/null",
  };
  const { stdout, stderr } = spawnSync("bash", ["-c", code], { encoding: "utf8", env });
  const lines = (name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8").trim().split("\n") : [];
  const seen = { said: stdout + stderr, killed: lines("killed"), slept: lines("slept") };
  rmSync(folder, { recursive: true });
  const states = [...seen.said.matchAll(/^round \d+ (\w+)$/gm)].map(([, state]) => state);
  return { ...seen, states };
}

describe("the watchdog", () => {
  it("lets requests through once vLLM has answered, and no earlier", () => {
    assert.deepEqual(watch([AWAY, AWAY, WELL, WELL]).states, ["unready", "unready", "ready", "ready"]);
  });

  it("has requests refused at the first unanswered question, and kills at the second, with the reason", () => {
    const { states, killed, said, slept } = watch([WELL, STUCK, STUCK]);
    assert.deepEqual(states, ["ready", "unready", "unready"]);
    assert.deepEqual(killed, ["kill --signal=KILL --kill-whom=all vllm ray"]);
    assert.match(said, /vLLM is wedged: it failed two completions of one token and took no step/);
    assert.deepEqual(
      slept.filter((seconds) => seconds !== "1"),
      ["0"],
    );
    assert.equal(slept.length - 1, 2 * 25, "each question is waited for");
  });

  it("leaves an engine alone that turns requests away at once and steps a second later", () => {
    const full: Round = { status: "503", steps: [11, 11, 11, 12] };
    const { states, killed } = watch([WELL, full, full, full]);
    assert.deepEqual(killed, []);
    assert.deepEqual(states, ["ready", "ready", "ready", "ready"]);
  });

  it("leaves an engine alone that is only overloaded: it takes steps", () => {
    const { states, killed } = watch([WELL, BUSY, BUSY, BUSY, STUCK, BUSY, STUCK]);
    assert.deepEqual(killed, []);
    assert.deepEqual(states.slice(0, 4), ["ready", "ready", "ready", "ready"]);
  });

  it("leaves a server alone that loads, or refuses its key", () => {
    assert.deepEqual(watch([AWAY, AWAY, AWAY]).killed, []);
    const { killed, said } = watch([
      { ...STUCK, status: "401" },
      { ...STUCK, status: "401" },
    ]);
    assert.deepEqual(killed, []);
    assert.match(said, /refuses the watchdog's question with status 401/);
  });

  it("continues what a signal holds beside it for two looks, and says so", () => {
    const stopped: Round = { ...WELL, held: "gateway" };
    assert.deepEqual(watch([WELL, stopped, { ...WELL, held: "ray" }, WELL]).killed, []);
    const { killed, said } = watch([stopped, stopped, WELL]);
    assert.deepEqual(killed, ["kill --signal=CONT --kill-whom=all gateway"]);
    assert.match(said, /a signal holds gateway: continuing it/);
  });

  it("waits longer before each restart that follows one without an answer, and forgets that after one", () => {
    const twice = [STUCK, STUCK, AWAY];
    const { slept } = watch([...twice, ...twice, ...twice, WELL, ...twice]);
    assert.deepEqual(
      slept.filter((seconds) => seconds !== "1"),
      ["0", "60", "120", "0"],
    );
  });
});
