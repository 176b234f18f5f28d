/** A service as systemd knows it. */
export interface SystemdService {
  readonly description: string;
  /** Units after which this one starts. */
  readonly after: readonly string[];
  /** Units without which this one does not run, and with which it restarts. */
  readonly requires?: readonly string[];
  readonly user: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Files with `NAME=value` lines that only root reads. */
  readonly environmentFiles?: readonly string[];
  readonly command: readonly string[];
  /** Seconds before systemd starts the service again after it ended, however it ended. */
  readonly restartSeconds: number;
  /** Seconds that the service has for an orderly stop. */
  readonly stopSeconds: number;
  /** Further lines of the [Service] section. */
  readonly options?: readonly string[];
}

/**
 * Text of a unit file. Every service restarts whenever it ends and without limit: vLLM exits with status 0 when its
 * engine dies (vllm-project/vllm #48966), so `on-failure` would leave it dead.
 */
export function systemdUnit(service: SystemdService): string {
  const requires = service.requires ?? [];
  return `${[
    "[Unit]",
    `Description=${service.description}`,
    "Wants=network-online.target",
    `After=${["network-online.target", ...service.after].join(" ")}`,
    ...requires.flatMap((unit) => [`Requires=${unit}`, `PartOf=${unit}`]),
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=exec",
    `User=${service.user}`,
    ...Object.entries(service.environment ?? {}).map(([name, value]) => environmentLine(name, value)),
    ...(service.environmentFiles ?? []).map((file) => `EnvironmentFile=${file}`),
    `ExecStart=${service.command.map(commandWord).join(" ")}`,
    "Restart=always",
    `RestartSec=${service.restartSeconds}`,
    "TimeoutStartSec=infinity",
    `TimeoutStopSec=${service.stopSeconds}`,
    "KillMode=mixed",
    "LimitNOFILE=1048576",
    "TasksMax=infinity",
    "UMask=0077",
    "NoNewPrivileges=yes",
    "ProtectSystem=full",
    ...(service.options ?? []),
    "",
    "[Install]",
    "WantedBy=multi-user.target",
  ].join("\n")}\n`;
}

/** systemd expands % in every setting and unquotes like C. */
const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");

const environmentLine = (name: string, value: string) => `Environment="${escaped(`${name}=${value}`)}"`;

/** In ExecStart $ expands too. */
function commandWord(word: string): string {
  const text = escaped(word).replaceAll("$", "$$$$");
  return /[\s"';\\]/.test(word) ? `"${text}"` : text;
}
