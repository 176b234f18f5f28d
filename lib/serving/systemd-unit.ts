/** A service as systemd knows it. */
export interface SystemdService {
  readonly description: string;
  /** Units after which this one starts. */
  readonly after: readonly string[];
  /** Units that are started, to their end where they have one, before each start of this one; it starts whatever becomes of them. */
  readonly wants?: readonly string[];
  /** Units without which this one does not run, and with which it restarts. */
  readonly requires?: readonly string[];
  readonly user: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Files with `NAME=value` lines that only root reads. */
  readonly environmentFiles?: readonly string[];
  /** Commands before each start, as systemd's ExecStartPre takes them. */
  readonly before?: readonly string[];
  /** What must be there; without it the service does not start, and is not tried again, for the given reason. */
  readonly needs?: { readonly file: string; readonly reason: string } | undefined;
  readonly command: readonly string[];
  /** Command that has the service read its files again, as systemd's ExecReload takes it. */
  readonly reload?: string;
  /** Seconds before systemd starts the service again after it ended, however it ended. */
  readonly restartSeconds: number;
  /** Seconds that the service has for an orderly stop. */
  readonly stopSeconds: number;
  /** Further lines of the [Service] section. */
  readonly options?: readonly string[];
}

/**
 * What every service does without, CUDA, NCCL and Ray included: none of it touches devices, shared memory or the network.
 * ProtectClock and PrivateDevices are not among it, because they take the GPUs away.
 */
export const CONFINED = [
  "NoNewPrivileges=yes",
  "ProtectSystem=full",
  "ProtectKernelTunables=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelLogs=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
];

/**
 * Text of a unit file. Every service restarts whenever it ends and without limit: vLLM exits with status 0 when its
 * engine dies (vllm-project/vllm #48966), so `on-failure` would leave it dead.
 */
export function systemdUnit(service: SystemdService): string {
  const requires = service.requires ?? [];
  const wants = service.wants ?? [];
  return `${[
    "[Unit]",
    `Description=${service.description}`,
    `Wants=${["network-online.target", ...wants].join(" ")}`,
    `After=${["network-online.target", ...wants, ...service.after].join(" ")}`,
    ...requires.flatMap((unit) => [`Requires=${unit}`, `PartOf=${unit}`]),
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    `User=${service.user}`,
    ...Object.entries(service.environment ?? {}).map(([name, value]) => environmentLine(name, value)),
    ...(service.environmentFiles ?? []).map((file) => `EnvironmentFile=${file}`),
    ...(service.needs === undefined
      ? []
      : [`ExecCondition=${condition(service.needs).map(commandWord).join(" ")}`]),
    ...(service.before ?? []).map((command) => `ExecStartPre=${command}`),
    `ExecStart=${service.command.map(commandWord).join(" ")}`,
    ...(service.reload === undefined ? [] : [`ExecReload=${service.reload}`]),
    "Restart=always",
    `RestartSec=${service.restartSeconds}`,
    "TimeoutStartSec=infinity",
    `TimeoutStopSec=${service.stopSeconds}`,
    "KillMode=mixed",
    "LimitNOFILE=1048576",
    "TasksMax=infinity",
    "UMask=0077",
    ...CONFINED,
    ...(service.options ?? []),
    "",
    "[Install]",
    // A unit that stops with another one is not started with it again unless that one wants it.
    `WantedBy=${["multi-user.target", ...requires].join(" ")}`,
  ].join("\n")}\n`;
}

/** Disks and shares may be mounted a while after the service's turn in the boot. */
const MOUNT_SECONDS = 120;

/** A failed ExecCondition skips the start, where a failed ExecStartPre would be tried again for ever. */
const condition = ({ file, reason }: { file: string; reason: string }): string[] => [
  ...["/bin/sh", "-c"],
  `for second in $(seq ${MOUNT_SECONDS}); do [ -e "$0" ] && exit 0; sleep 1; done; echo "$1" >&2; exit 1`,
  ...[file, reason],
];

/** systemd expands % in every setting and unquotes like C. */
const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");

const environmentLine = (name: string, value: string) => `Environment="${escaped(`${name}=${value}`)}"`;

/** In ExecStart $ expands too. */
function commandWord(word: string): string {
  const text = escaped(word).replaceAll("$", "$$$$");
  return /[\s"';\\]/.test(word) ? `"${text}"` : text;
}
