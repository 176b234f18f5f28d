import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalWorkspaceOptions, PulumiCommand } from "@pulumi/pulumi/automation";
import { UserError } from "../lib/config";
import { cached, exists } from "./cache";
import { makeInlineProgramsSafe } from "./inline-programs";
import type { Progress } from "./progress";
import { installStandIns, type StandInName } from "./providers/stand-ins";
import { hasProgram, runProgram } from "./run-program";

/** The engine's version is that of the SDK, so that both speak the same protocol. */
const VERSION = "3.248.0";
const DOWNLOADS = "https://get.pulumi.com";
/** Folder of the Go module that requires the engine, with the sums of everything it is built from. */
const GO_MODULE = join(__dirname, "engine");

export interface EngineOptions {
  /** Plugins for which stand-ins are put in place, unless the real ones are there. */
  readonly standIns?: readonly StandInName[];
  readonly progress?: Progress;
}

/** A Pulumi engine with a state folder and a home of its own; nothing of the user's Pulumi is read or written. */
export interface Engine {
  readonly command: PulumiCommand;
  /** What the Automation API needs: the engine, and an environment that works without an account or network. */
  readonly workspace: LocalWorkspaceOptions;
  readonly environment: Record<string, string>;
  /** Plugins that are stand-ins here. */
  readonly standIns: readonly StandInName[];
  /** Folder with state, plugins and scratch files. */
  readonly folder: string;
  /** Deletes the folder. */
  close(): Promise<void>;
}

/** Finds or makes the engine and opens a folder for its state; `folder` is made when it is not there. */
export async function openEngine(options: EngineOptions = {}, folder?: string): Promise<Engine> {
  makeInlineProgramsSafe();
  const command = await findEngine(options.progress);
  const own = folder ?? (await mkdtemp(join(tmpdir(), "shardplan-engine-")));
  const home = join(own, "home");
  const state = join(own, "state");
  await Promise.all([home, state].map((path) => mkdir(path, { recursive: true })));
  const standIns = await installStandIns(home, options.standIns ?? ["command", "aws"]);
  const environment = {
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "rehearsal",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(standIns.length > 0 ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
  };
  const workspace = { pulumiCommand: command, pulumiHome: home, envVars: environment };
  const close = () => rm(own, { recursive: true, force: true });
  return { command, workspace, environment, standIns, folder: own, close };
}

/**
 * The engine: on PATH; else where the npm package `pulumi` and the Automation API keep it; else downloaded to there;
 * else built from its Go module into the cache, which takes some minutes once.
 */
export async function findEngine(progress: Progress = () => {}): Promise<PulumiCommand> {
  if (await hasProgram("pulumi")) return PulumiCommand.get();
  const npmRoot = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "versions", VERSION);
  if (await exists(join(npmRoot, "bin", "pulumi"))) return PulumiCommand.get({ root: npmRoot });
  if (await canDownload()) {
    progress(`downloading the Pulumi engine ${VERSION}`);
    return PulumiCommand.install({ root: npmRoot });
  }
  const root = await cached(`engine-${VERSION}`, (temporary) => buildEngine(temporary, progress));
  return PulumiCommand.get({ root });
}

async function canDownload(): Promise<boolean> {
  try {
    const response = await fetch(`${DOWNLOADS}/install.sh`, {
      method: "HEAD",
      signal: AbortSignal.timeout(5000),
    });
    return response.ok;
  } catch {
    return false;
  }
}

async function buildEngine(root: string, progress: Progress): Promise<void> {
  if (!(await hasProgram("go"))) {
    throw new UserError({
      code: "no-engine",
      where: "pulumi",
      message: `no engine on PATH, ${DOWNLOADS} cannot be reached, and there is no Go to build it with`,
      hint: "install Pulumi (https://www.pulumi.com/docs/install/) or Go 1.25 or newer",
    });
  }
  progress(`building the Pulumi engine ${VERSION} from its Go module (some minutes, once)`);
  const started = Date.now();
  const timer = setInterval(() => {
    progress(`  still building the engine (${Math.round((Date.now() - started) / 1000)} s)`);
  }, 30_000);
  const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${VERSION}`;
  const flags = ["-trimpath", "-ldflags", `-s -w ${version}`, "-o", join(root, "bin", "pulumi")];
  try {
    await runProgram("go", ["build", ...flags, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"], {
      cwd: GO_MODULE,
    });
  } finally {
    clearInterval(timer);
  }
}
