import type { Stack } from "@pulumi/pulumi/automation";
import { type DeployedStep, deployedSteps } from "../../infra/doctor/deployed-steps";
import { examine } from "../../infra/doctor/examine";
import { type Ended, runOnTarget } from "../../infra/hosts/ssh-session";
import { randomStream } from "../../lib/performance/simulation/random-stream";
import { PUT_BUCKET } from "../bucket";
import type { LocalHost, LocalHosts } from "../hosts/local-hosts";
import { leftOnHosts } from "../left-on-host";
import type { Progress } from "../progress";
import { destroyStack, upStack } from "../run-stack";
import { differences, endState } from "./end-state";
import { type Blow, type Course, chooseBlow } from "./moments";
import { type TorturedHost, tortureHost } from "./tortured-host";

export interface TortureOptions {
  /** At least so many kills. */
  readonly runs: number;
  readonly seed: number;
  readonly progress: Progress;
}

/** One step that was killed and then run again to its end. */
export interface Kill {
  /** `step.action`, with the server's number where a host has several. */
  readonly key: string;
  readonly where: string;
  /** How long the run to the end took. */
  readonly againSeconds: number;
}

export interface Tortured {
  readonly kills: readonly Kill[];
  /** What was not as after an undisturbed run, one line each. */
  readonly faults: readonly string[];
}

type Action = "apply" | "remove";

interface Setting extends TortureOptions {
  readonly hosts: LocalHosts;
  readonly host: LocalHost;
  readonly tortured: TorturedHost;
  readonly steps: readonly DeployedStep[];
}

interface Scene extends Setting {
  /** What an undisturbed `up` leaves. */
  readonly wanted: readonly string[];
  /** Uniform numbers in [0, 1). */
  readonly next: () => number;
  /** Course of each step in an undisturbed run that has everything to do, and in one that has nothing to do. */
  readonly courses: Map<string, Course>;
  readonly kills: Kill[];
  readonly faults: string[];
}

/** A step may wait for what an earlier run of it left behind. */
const LIMIT_SECONDS = 1200;

/**
 * Deploys a stack to a host that it had not seen, undisturbed, and tortures its steps. At the end all is removed.
 */
export async function torture(stack: Stack, hosts: LocalHosts, options: TortureOptions): Promise<Tortured> {
  const [host] = hosts.hosts;
  if (host === undefined) throw new Error("no host");
  const tortured = await tortureHost(hosts, host);
  await tortured.run(PUT_BUCKET);
  options.progress("up, undisturbed");
  await upStack(stack, { progress: () => {} });
  const steps = deployedSteps((await stack.exportStack()).deployment);
  const outcome = await tortureSteps({ ...options, hosts, host, tortured, steps });
  options.progress("destroy");
  await destroyStack(stack, { progress: () => {} });
  const left = await leftOnHosts(hosts);
  return { ...outcome, faults: [...outcome.faults, ...left.map((line) => `left by destroy: ${line}`)] };
}

/**
 * Removes and sets up again and again what the steps have just set up, undisturbed, on a bare host: every step killed at
 * some moment and run again to its end. Holds what comes of it against the undisturbed one. At the end all is removed.
 */
export async function tortureSteps(given: Setting): Promise<Tortured> {
  const { hosts, host, steps, runs, seed, progress } = given;
  const stream = randomStream(seed, "torture");
  const scene: Scene = {
    ...{ ...given, wanted: await endState(hosts, host), kills: [], faults: [], courses: new Map() },
    next: () => stream.next(),
  };
  await noteCourses(scene, "apply", steps);
  progress("remove, undisturbed");
  for (const step of removable(steps)) await toTheEnd(scene, step, "remove");
  await noteCourses(scene, "remove", removable(steps));
  await expectNothingLeft(scene);
  for (let life = 1; life === 1 || scene.kills.length + removable(steps).length < runs; life++)
    await liveOnce(scene, life);
  await removeAll(scene);
  return scene;
}

/** The steps that can be taken back, in the order in which that is done. */
const removable = (steps: readonly DeployedStep[]) => steps.filter(({ remove }) => remove).reverse();

const keyOf = ({ step, stdin }: DeployedStep, action: Action) =>
  `${step}${/^INSTANCE='?([^'\n]*)/m.exec(stdin)?.[1] ?? ""}.${action}`;

async function noteCourses(
  { tortured, courses }: Scene,
  action: Action,
  steps: readonly DeployedStep[],
  kind = "",
) {
  for (const step of steps)
    courses.set(keyOf(step, action) + kind, await tortured.course(keyOf(step, action)));
}

/** Lives in which the slow steps are killed, too, and everything is removed: each loads vLLM once or twice. */
const isWhole = (life: number) => life <= 2 || life % 6 === 0;

/** A step that takes a larger share of an `up` is slow. */
const SLOW_SHARE = 0.1;

/** Steps that would take most of the time: vLLM, and Ray, without which it dies. */
function slowSteps({ steps, courses }: Scene): Set<DeployedStep> {
  const seconds = (step: DeployedStep) => courses.get(keyOf(step, "apply"))?.seconds ?? 0;
  const all = steps.reduce((sum, step) => sum + seconds(step), 0);
  return new Set(steps.filter((step) => seconds(step) > SLOW_SHARE * all));
}

/** Up and down once. A whole life begins on a bare host; any other is of the quick steps, around a vLLM that runs. */
async function liveOnce(scene: Scene, life: number): Promise<void> {
  const { tortured, steps } = scene;
  if (!isWhole(life)) {
    const slow = slowSteps(scene);
    await expectNoHarm(scene);
    for (const step of removable(steps)) if (!slow.has(step)) await strike(scene, step, "remove");
    for (const step of steps) await strike(scene, step, "apply", slow.has(step) ? IDLE : "");
    return expectWanted(scene);
  }
  scene.progress("everything anew");
  if (life > 1) await removeAll(scene);
  // As on a machine whose disks are empty.
  await tortured.run("rm -rf /var/lib/shardplan/models/*");
  await abandon(scene);
  for (const step of steps) await strike(scene, step, "apply");
  await expectWanted(scene);
}

async function removeAll(scene: Scene): Promise<void> {
  for (const step of removable(scene.steps)) await strike(scene, step, "remove");
  await expectNothingLeft(scene);
}

/** Marks moments of a run that has nothing to do. */
const IDLE = ".idle";

/** A step that has nothing to do and is killed harms nothing that runs. */
async function expectNoHarm(scene: Scene): Promise<void> {
  const { tortured, steps, courses } = scene;
  scene.progress("nothing to do");
  const [first] = steps;
  if (first !== undefined && !courses.has(keyOf(first, "apply") + IDLE)) {
    for (const step of steps) await toTheEnd(scene, step, "apply");
    await noteCourses(scene, "apply", steps, IDLE);
  }
  const before = await tortured.run(PROCESSES);
  for (const step of steps) await strike(scene, step, "apply", IDLE);
  await expectWanted(scene);
  const after = await tortured.run(PROCESSES);
  if (before !== after) fault(scene, `services were restarted: ${before} became ${after}`);
}

const PROCESSES =
  "systemctl show 'shardplan-*.service' --property=Id,MainPID,ExecMainStartTimestamp --no-pager | xargs";

/**
 * A step that is killed while it makes something for the first time is not in the stack's state: a destroy that follows
 * removes all but that one. On a bare host, with the quick steps up to one that is left so; the first has nothing before
 * it. Those behind a slow step wait for what that one starts.
 */
async function abandon(scene: Scene): Promise<void> {
  const { steps, next, progress } = scene;
  const slow = slowSteps(scene);
  const quick = steps.filter((step) => !slow.has(step));
  const given = quick[1 + Math.floor(next() * (quick.length - 1))];
  if (given === undefined) return;
  const earlier = stepsThatNeedNo(slow, steps.slice(0, steps.indexOf(given)));
  for (const step of earlier) await toTheEnd(scene, step, "apply");
  const blow = blowFor(scene, keyOf(given, "apply"));
  await kill(scene, given, "apply", blow);
  progress(`  ${keyOf(given, "apply")}: killed ${inWords(blow)}, and left so; the others are removed`);
  for (const step of removable(earlier)) await strike(scene, step, "remove");
  await expectNothingLeft(scene);
}

/** The steps before the first slow one. */
export function stepsThatNeedNo<Step>(slow: ReadonlySet<Step>, steps: readonly Step[]): readonly Step[] {
  const first = steps.findIndex((step) => slow.has(step));
  return first === -1 ? steps : steps.slice(0, first);
}

function blowFor({ courses, next }: Scene, key: string): Blow {
  const course = courses.get(key);
  if (course === undefined) throw new Error(`${key} has not run undisturbed`);
  return chooseBlow(course, next);
}

const inWords = ({ moment, afterSeconds }: Blow) =>
  `${afterSeconds === 0 ? "before" : `${afterSeconds.toFixed(2)} s into`} \`${moment.command.slice(0, 80)}\``;

/** Kills a step and runs it again to its end. */
async function strike(scene: Scene, step: DeployedStep, action: Action, kind = ""): Promise<void> {
  const key = keyOf(step, action);
  const blow = blowFor(scene, key + kind);
  const where = inWords(blow);
  const { struck, ended } = await kill(scene, step, action, blow);
  if (!struck && ended.code !== 0) fault(scene, `${key}, not killed: ${lastWords(ended)}`);
  const started = Date.now();
  await toTheEnd(scene, step, action, struck ? `killed ${where}, and run again` : "");
  const againSeconds = (Date.now() - started) / 1000;
  if (struck) scene.kills.push({ key, where, againSeconds });
  const count = `${scene.kills.length}/${scene.runs}`;
  const fate = struck ? `killed ${where}` : `not killed ${where}: it never came there`;
  scene.progress(`  ${count} ${key}: ${fate}; run again in ${againSeconds.toFixed(1)} s`);
}

/** `struck`: it was killed, and not at its end before. */
async function kill({ tortured }: Scene, step: DeployedStep, action: Action, blow: Blow) {
  const key = keyOf(step, action);
  await tortured.arm(key, blow);
  const ended = await runStep(step, action);
  return { struck: await tortured.disarm(key), ended };
}

async function toTheEnd(scene: Scene, step: DeployedStep, action: Action, when = ""): Promise<void> {
  const ended = await runStep(step, action);
  if (ended.code !== 0) fault(scene, `${keyOf(step, action)}${when ? `, ${when}` : ""}: ${lastWords(ended)}`);
}

const runStep = ({ target, create, remove = "", stdin }: DeployedStep, action: Action): Promise<Ended> =>
  runOnTarget(target, {
    command: action === "apply" ? create : remove,
    stdin,
    limitSeconds: LIMIT_SECONDS,
  });

/** A step that fails shows a service's last lines before it says what is wrong. */
const lastWords = ({ code, stderr }: Ended) =>
  `ended with ${code}: ${stderr.trim().split("\n").slice(-12).join("\n    ")}`;

async function expectWanted(scene: Scene): Promise<void> {
  const { hosts, host, wanted, steps } = scene;
  for (const { step, text } of await examine(steps)) fault(scene, `${step}: ${text}`);
  for (const line of differences(wanted, await endState(hosts, host)))
    fault(scene, `not as after an undisturbed up: ${line}`);
}

async function expectNothingLeft(scene: Scene): Promise<void> {
  for (const line of await leftOnHosts(scene.hosts)) fault(scene, `left behind: ${line}`);
}

function fault({ faults, progress }: Scene, text: string): void {
  faults.push(text);
  progress(`  FAULT: ${text}`);
}

/** Kills by step, as lines of a table. */
export function table(kills: readonly Kill[]): string[] {
  const keys = [...new Set(kills.map(({ key }) => key))].sort();
  const rows = keys.map((key) => {
    const own = kills.filter((one) => one.key === key);
    const longest = Math.max(...own.map(({ againSeconds }) => againSeconds));
    return `${key.padEnd(28)} ${`${own.length}`.padStart(5)} ${longest.toFixed(1).padStart(14)}`;
  });
  return [`${"step".padEnd(28)} kills  longest again`, ...rows];
}
