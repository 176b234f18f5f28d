import assert from "node:assert/strict";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { adopt, pendingOf } from "../../infra/up/pending";
import { randomStream } from "../../lib/performance/simulation/random-stream";
import { AwsHalt, type Halts } from "../../rehearsal/providers/aws-halt";
import { AWS } from "../../rehearsal/providers/aws-types";
import { type AwsProgram, changesOf, openAwsProgram } from "./aws-program";
import { killEngine } from "./kill-engine";

/** A small plan: the plan itself is tested elsewhere. */
const SMALL = {
  model: { name: "meta-llama/Llama-3.1-8B-Instruct" },
  hardware: { instanceType: "g6e.xlarge" },
  strategy: {
    tensorParallel: 1,
    pipelineParallel: 1,
    dataParallel: 1,
    expertParallel: 1,
    sequenceParallel: 1,
  },
  serving: { maxNumSeqs: 32, maxNumBatchedTokens: 1024 },
  workload: { requestRate: 0.2, simulatedRequests: 100 },
  aws: { sshAllowedCidrs: ["203.0.113.7/32"], skipChecks: ["reach" as const] },
};
const LIFTED = { ...SMALL, aws: { ...SMALL.aws, allowReplace: true } };

/** Steps of a host, one of which is under way when its `up` is killed. */
const STEPS = ["base-packages", "driver", "python-environment", "weights", "vllm", "verify"];

/** Kills in one life of a stack: one at each kind of resource in AWS, and one at a step of the host. */
const KILLS_A_LIFE = Object.keys(AWS).length + 1;

/**
 * How many kills, and with which seed: both can be set by hand. By this one EC2 has the machine, the address and the network
 * already, and the state does not.
 */
const KILLS = Number(process.env.SHARDPLAN_KILLS ?? KILLS_A_LIFE);
const SEED = Number(process.env.SHARDPLAN_SEED ?? 5);

/** The same stack, killed again and again: each time somebody does what it says then, and types `up` again. */
describe("an `up` that is killed", function () {
  this.timeout(Math.max(1_800_000, 120_000 * KILLS));
  let program: AwsProgram;
  let halt: AwsHalt;

  before(async () => {
    program = await openAwsProgram();
    halt = new AwsHalt(program.engine.environment.PULUMI_HOME ?? "");
  });
  after(() => program?.close());

  /** Starts `up` and kills it as soon as `reached` says what it is at; nothing when it comes to its end before. */
  async function killUp(reached: () => string | undefined): Promise<string | undefined> {
    let hasEnded = false;
    let failure: string | undefined;
    const up = program.stack
      .up()
      .catch((error: Error) => {
        failure = error.message;
      })
      .finally(() => {
        hasEnded = true;
      });
    while (reached() === undefined && !hasEnded) await sleep(10);
    const at = reached();
    if (at === undefined) {
      assert.equal(failure, undefined);
      return undefined;
    }
    killEngine();
    await up;
    return at;
  }

  /** What the local state says to type where a file of its attributes was being written. */
  function deleteEmptyAttributes(): void {
    const folder = join(program.engine.folder, "state");
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile() && file.endsWith(".attrs") && statSync(file).size === 0) rmSync(file);
    }
  }

  /** The id of what AWS has by a name of the program: no two resources of AWS have the same. */
  const idInAccount = (wanted: string): string | undefined =>
    program.account.all().find(({ name }) => name === wanted)?.id;

  /** Does what the program says after a kill, as `npm run adopt` does it, with the ids that AWS shows. */
  async function recover(): Promise<void> {
    deleteEmptyAttributes();
    await program.stack.cancel();
    const text = JSON.stringify(await program.stack.exportStack());
    const pending = pendingOf(text);
    if (pending === undefined) return;
    const ids = Object.fromEntries(pending.names.map((name) => [name, idInAccount(name) ?? ""]));
    const adopted = adopt(text, ids);
    await program.stack.importStack(JSON.parse(adopted.text));
    if (adopted.urns.length > 0) await program.stack.refresh({ target: [...adopted.urns] });
  }

  /** One life of the stack, in which it is killed so often at most. Says at what. */
  async function live(seed: number, most: number): Promise<string[]> {
    const { next } = randomStream(seed, "kills");
    const halts: Record<string, Halts[string]> = {};
    for (const type of Object.values(AWS)) halts[type] = next() < 0.5 ? "before" : "after";
    const killed: string[] = [];
    let isUp = false;
    await program.configure(SMALL);
    while (Object.keys(halts).length > 0 && killed.length < most) {
      halt.set(halts);
      const type = await killUp(() => halt.halted());
      // What is left was being made when another was, and is there since that kill.
      if (type === undefined) {
        isUp = true;
        break;
      }
      killed.push(`${halts[type]} ${type}`);
      delete halts[type];
      halt.clear();
      await recover();
    }
    halt.clear();
    // In a stack that is up no step runs that could be killed.
    if (!isUp && killed.length < most) {
      const step = STEPS[Math.floor(next() * STEPS.length)] ?? "";
      let reached: string | undefined;
      void program.host.holdNext(step).then(() => {
        reached = step;
      });
      killed.push((await killUp(() => reached)) ?? assert.fail(`no ${step}`));
      await recover();
    }
    await program.stack.up();
    return killed;
  }

  it("goes on where it was after what it says to type, and ends with one machine and nothing twice", async () => {
    for (let [life, done] = [0, 0]; done < KILLS; life++) {
      const started = Date.now();
      const killed = await live(SEED + life, KILLS - done);
      done += killed.length;
      const all = program.account.all().map(({ type, name }) => `${type} ${name}`);
      const twice = all.filter((one, at) => all.indexOf(one) !== at);
      assert.deepEqual(twice, [], killed.join(", "));
      assert.equal(program.account.list(AWS.instance).length, 1);
      const { changeSummary } = await program.stack.preview();
      assert.deepEqual(changesOf(changeSummary), {});
      await program.configure(LIFTED);
      await program.stack.up();
      await program.stack.destroy();
      assert.deepEqual(program.account.all(), []);
      if (KILLS !== KILLS_A_LIFE) {
        console.log(`seed ${SEED + life}: ${done} kills, ${Math.round((Date.now() - started) / 1000)} s`);
      }
    }
  });
});
