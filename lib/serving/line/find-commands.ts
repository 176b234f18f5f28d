import { parseAllDocuments } from "yaml";
import { UserError } from "../../config";
import { serverArguments } from "./serve-line";
import { commandFrom, shellWords } from "./shell-words";

/** A command of vLLM's server that a file starts. */
export interface FoundCommand {
  /** The unit, service or container that starts it. */
  readonly where: string;
  /** What stands behind `vllm serve`. */
  readonly args: readonly string[];
  /** Of the image's tag. */
  readonly version?: string;
  /** Instance type that a manifest asks its node to be. */
  readonly instanceType?: string;
  /** GPUs that the container gets. */
  readonly gpus?: number;
  /** Which GPUs of the machine these are, where a compose file says it. */
  readonly gpuIds?: readonly number[] | "all";
  /** Servers of this command that a manifest asks for; one where it says nothing. */
  readonly replicas?: number;
}

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const node = (value: unknown): Node => (isNode(value) ? value : {});

/**
 * The commands of vLLM's server in a systemd unit, a docker compose file, a Kubernetes manifest or a shell script, told apart
 * by what they hold. Throws a UserError for YAML that cannot be read, and where nothing starts vLLM.
 */
export function findCommands(text: string, file: string): readonly FoundCommand[] {
  const found = /\.ya?ml$/i.test(file)
    ? inYaml(text, file)
    : [...inUnit(text, file), ...inScript(text, file)].slice(0, 1);
  if (found.length > 0) return found;
  throw new UserError({
    code: "no-serve-command",
    where: file,
    message: "nothing in it starts vLLM's server",
    hint: "give a systemd unit, a compose file, a Kubernetes manifest or a script with `vllm serve`, or the command itself behind --",
  });
}

function inUnit(text: string, where: string): FoundCommand[] {
  const joined = text.replace(/\\\r?\n\s*/g, " ");
  return [...joined.matchAll(/^\s*ExecStart\s*=\s*[-@:+!]*(.*)$/gm)].flatMap(([, command = ""]) =>
    ofWords(shellWords(command), where),
  );
}

function inScript(text: string, where: string): FoundCommand[] {
  return ofWords(shellWords(text.replace(/\r/g, "")), where);
}

/** The server of a command, also of one that a shell or `docker run` starts. */
function ofWords(words: readonly string[], where: string): FoundCommand[] {
  const args = serverArguments(words);
  if (args !== undefined) return [{ where, args }];
  const script = words.find((word) => /\s/.test(word) && serverArguments(shellWords(word)) !== undefined);
  if (script !== undefined) return [{ where, args: serverArguments(shellWords(script)) ?? [] }];
  const image = words.findIndex((word) => IMAGE.test(word));
  if (image < 0) return [];
  return [{ where, args: commandFrom(words, image + 1), ...versionOf(words[image]) }];
}

/** The image whose entry point is vLLM's server. */
const IMAGE = /(^|\/)vllm-openai(-\w+)?(:|@|$)/;

function versionOf(image: unknown): { readonly version?: string } {
  const version = typeof image === "string" ? /:v?(\d+\.\d+(?:\.\d+)?)/.exec(image)?.[1] : undefined;
  return version === undefined ? {} : { version };
}

function inYaml(text: string, file: string): FoundCommand[] {
  return parseAllDocuments(text, { merge: true, logLevel: "error" }).flatMap((document) => {
    const [error] = document.errors ?? [];
    if (error) {
      throw new UserError({
        code: "not-yaml",
        where: `${file}:${error.linePos?.[0].line ?? 1}`,
        message: `is not valid YAML (${error.message.split("\n")[0]?.replace(/ at line.*$/, "")})`,
        hint: "give a compose file or a manifest as the tool itself reads it",
      });
    }
    const content: unknown = document.toJS();
    const services = Object.entries(node(node(content).services));
    return services.length > 0
      ? services.flatMap(([name, service]) => ofService(name, node(service)))
      : ofManifest(content, file);
  });
}

/** Words of a command that is written as text or as a list. */
function wordsOf(command: unknown): string[] {
  if (typeof command === "string") return shellWords(command);
  return Array.isArray(command) ? command.map(String) : [];
}

/** A container: what its command says, or its arguments behind the entry point of vLLM's image. */
function ofContainer(
  where: string,
  entry: readonly string[],
  args: readonly string[],
  image: unknown,
): FoundCommand[] {
  const version = versionOf(image);
  const own = ofWords([...entry, ...args], where).map((found) => ({ ...version, ...found }));
  if (own.length > 0) return own;
  const isServer = typeof image === "string" && IMAGE.test(image) && entry.length === 0 && args.length > 0;
  return isServer ? [{ where, args: commandFrom(args, 0), ...version }] : [];
}

function ofService(name: string, service: Node): FoundCommand[] {
  const devices: unknown = node(node(node(service.deploy).resources).reservations).devices;
  const [given = {}] = Array.isArray(devices) ? devices.map((device) => gpusOf(node(device))) : [];
  return ofContainer(
    `service ${name}`,
    wordsOf(service.entrypoint),
    wordsOf(service.command),
    service.image,
  ).map((found) => ({ ...found, ...given }));
}

/** The GPUs of a reservation. Of a count Docker gives the first ones, whoever else has them (moby, daemon/nvidia_linux.go). */
function gpusOf({ count, device_ids: ids }: Node): Pick<FoundCommand, "gpus" | "gpuIds"> {
  if (Array.isArray(ids)) {
    const numbers = ids.map(Number);
    return { gpus: ids.length, ...(numbers.every(Number.isInteger) ? { gpuIds: numbers } : {}) };
  }
  if (typeof count === "number") return { gpus: count, gpuIds: Array.from({ length: count }, (_, at) => at) };
  return count === "all" ? { gpuIds: "all" } : {};
}

/** Containers anywhere in a manifest: of pods, deployments, sets and what other operators make of them. */
function ofManifest(content: unknown, where: string, around: Node = {}): FoundCommand[] {
  if (Array.isArray(content)) return content.flatMap((item) => ofManifest(item, where, around));
  if (!isNode(content)) return [];
  const { replicas, ...rest } = content;
  if (typeof replicas === "number" && replicas > 1)
    return ofManifest(rest, where, around).map((found) => ({ ...found, replicas }));
  const name = node(content.metadata).name;
  const place = typeof name === "string" ? `${String(content.kind ?? "pod")} ${name}` : where;
  const { containers, nodeSelector } = content;
  const pod = isNode(nodeSelector) ? nodeSelector : around;
  const own = Array.isArray(containers)
    ? containers.flatMap((each) => {
        const container = node(each);
        const found = ofContainer(
          place,
          wordsOf(container.command),
          wordsOf(container.args),
          container.image,
        );
        return found.map((command) => ({
          ...command,
          ...nodeOf(pod, node(node(container.resources).limits)),
        }));
      })
    : [];
  const below = Object.entries(content)
    .filter(([key]) => key !== "containers")
    .flatMap(([, value]) => ofManifest(value, place, pod));
  return [...own, ...below];
}

function nodeOf(selector: Node, limits: Node): Pick<FoundCommand, "instanceType" | "gpus"> {
  const type = selector["node.kubernetes.io/instance-type"] ?? selector["beta.kubernetes.io/instance-type"];
  const gpus = Number(limits["nvidia.com/gpu"]);
  return { ...(typeof type === "string" ? { instanceType: type } : {}), ...(gpus > 0 ? { gpus } : {}) };
}
