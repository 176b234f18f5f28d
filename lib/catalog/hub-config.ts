import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { inBackticks, UserError } from "../config";
import { modelMeant } from "./find";

/** A repository on the hub, at a branch, tag or commit. */
export interface HubRepository {
  readonly name: string;
  readonly revision: string;
  /** A mirror of the hub. */
  readonly hubEndpoint?: string | undefined;
}

/** What the hub says of a model: small files only, no weights. */
export interface HubModel {
  readonly config: Readonly<Record<string, unknown>>;
  /** Commit that the files are of. */
  readonly commit: string;
  /** Bytes of all weights as the index of the checkpoint counts them; absent where the checkpoint is one file. */
  readonly weightBytes?: number;
}

const DAY_MS = 24 * 3600 * 1000;
const TIMEOUT_MS = 10_000;

/**
 * Fetches in a process of its own, so that a plan stays one synchronous step. Addresses and token come through the
 * environment; one JSON object goes out.
 */
const FETCH = `
const { HUB_BASE, HF_TOKEN } = process.env;
const headers = HF_TOKEN ? { authorization: "Bearer " + HF_TOKEN } : {};
const get = async (file) => {
  const signal = AbortSignal.timeout(${TIMEOUT_MS});
  const answer = await fetch(HUB_BASE + file, { headers, signal });
  const commit = answer.headers.get("x-repo-commit") ?? "";
  return { status: answer.status, commit, text: answer.ok ? await answer.text() : "" };
};
Promise.all(["config.json", "hf_quant_config.json", "model.safetensors.index.json"].map(get)).then(
  (answers) => process.stdout.write(JSON.stringify({ answers })),
  (error) => process.stdout.write(JSON.stringify({ error: String(error.cause?.code ?? error.name) })),
);`;

interface Answer {
  readonly status: number;
  readonly commit: string;
  readonly text: string;
}

const endpoint = (mirror?: string) =>
  (mirror ?? process.env.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/, "");

/** Where the hub (or its mirror, or HF_ENDPOINT) has a file of a repository. */
export function hubAddress({ name, revision, hubEndpoint }: HubRepository, file: string): string {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return `${endpoint(hubEndpoint)}/${path}/resolve/${encodeURIComponent(revision)}/${file}`;
}

function failed(name: string, message: string, hint: string): UserError {
  return new UserError({ code: "hub", where: "model.name", message: `${name} ${message}`, hint });
}

/** Of a name that nothing answers to: it may be one of the catalogue, mistyped. */
function unknown(name: string, message: string): UserError {
  const meant = modelMeant(name);
  return failed(
    name,
    message,
    meant === undefined ? OR_BY_HAND : `did you mean ${meant}? If not, ${OR_BY_HAND}`,
  );
}

const OR_BY_HAND = `give its config.json in model.configPath, or use a name that ${inBackticks("models")} lists`;

function parsed(name: string, { text }: Answer, file: string): Readonly<Record<string, unknown>> {
  try {
    // Python writes Infinity, where JSON has none.
    const value: unknown = JSON.parse(text.replace(/(?<=[[,:]\s*)-?Infinity(?=\s*[,\]}])/g, "null"));
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Said below.
  }
  throw failed(name, `has a ${file} on ${endpoint()} that is not JSON`, OR_BY_HAND);
}

function ask({ name, revision }: HubRepository): HubModel {
  const env = { ...process.env, HUB_BASE: hubAddress({ name, revision }, "") };
  const printed = execFileSync(process.execPath, ["-e", FETCH], { env, timeout: 2 * TIMEOUT_MS }).toString();
  const { answers, error } = JSON.parse(printed) as { answers?: Answer[]; error?: string };
  const [config, quantisation, index] = answers ?? [];
  if (!config) {
    const reason = error === undefined ? "" : ` (${error})`;
    throw unknown(name, `is not in the catalogue, and ${endpoint()} cannot be reached${reason}`);
  }
  if (config.status === 401 || config.status === 403) {
    throw failed(
      name,
      `needs access on ${endpoint()}`,
      `set HF_TOKEN to a token that has it, or ${OR_BY_HAND}`,
    );
  }
  if (config.status !== 200) {
    if (config.status === 404)
      throw unknown(name, `is neither in the catalogue nor on ${endpoint()} at revision ${revision}`);
    throw failed(name, `is answered with ${config.status} by ${endpoint()}`, OR_BY_HAND);
  }
  const weights = index?.status === 200 ? parsed(name, index, "model.safetensors.index.json").metadata : {};
  const total = (weights as { total_size?: unknown } | undefined)?.total_size;
  return {
    config: {
      ...parsed(name, config, "config.json"),
      ...(quantisation?.status === 200
        ? { hf_quant_config: parsed(name, quantisation, "hf_quant_config.json") }
        : {}),
    },
    commit: config.commit,
    ...(typeof total === "number" ? { weightBytes: total } : {}),
  };
}

function cacheFile({ name, revision }: HubRepository): string {
  const root = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const host = endpoint().replace(/[^\w.-]+/g, "_");
  const file = `${name.replaceAll("/", "--")}@${revision.replace(/[^\w.-]+/g, "_")}.json`;
  return join(root, "shardplan", "hub", host, file);
}

/** A cached answer; of a branch or tag, which move, only for a day unless `whatever` its age. */
function cached(file: string, isCommit: boolean, whatever: boolean): HubModel | undefined {
  try {
    const isFresh = isCommit || whatever || Date.now() - statSync(file).mtimeMs < DAY_MS;
    return isFresh ? (JSON.parse(readFileSync(file, "utf8")) as HubModel) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * config.json, hf_quant_config.json and the size of the checkpoint of a repository on the hub (or HF_ENDPOINT; HF_TOKEN for
 * gated ones), cached under ~/.cache/shardplan/hub. With HF_HUB_OFFLINE=1, and where the hub cannot be reached, only the cache
 * answers. Throws a `UserError` of one line when nothing does.
 */
export function hubModel(model: HubRepository): HubModel {
  const file = cacheFile(model);
  const isCommit = /^[0-9a-f]{40}$/.test(model.revision);
  const isOffline = /^(1|true|on|yes)$/i.test(process.env.HF_HUB_OFFLINE ?? "");
  const known = cached(file, isCommit, isOffline);
  if (known) return known;
  if (isOffline)
    throw unknown(model.name, "is not in the catalogue, and HF_HUB_OFFLINE forbids asking the hub");
  let found: HubModel;
  try {
    found = ask(model);
  } catch (error) {
    const old = cached(file, isCommit, true);
    if (old && error instanceof UserError && error.message.includes("cannot be reached")) return old;
    throw error;
  }
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(found));
  renameSync(`${file}.new`, file);
  return found;
}

/** Where a model's figures come from, for a reader: repository, commit, and what its index says of its size. */
export function hubSource({ name, revision }: HubRepository, { commit, weightBytes }: HubModel): string {
  const size =
    weightBytes === undefined ? "" : `, whose index counts ${(weightBytes / 1e9).toFixed(1)} GB of weights`;
  return `config.json of ${name} at commit ${commit || "unknown"} (${revision}) on ${endpoint()}${size}`;
}
