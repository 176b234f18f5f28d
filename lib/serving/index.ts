export {
  CERTIFICATE_TIMER,
  type CertificateKind,
  certificateKind,
  certificateUnit,
  provesName,
} from "./certificate";
export { type DeploymentCommands, deploymentCommands } from "./deployment-commands";
export { LIBFABRIC, NCCL_PLUGIN_FOLDERS, networkInterfaces, serversOverEfa, usesEfa } from "./efa";
export { composeFile } from "./emit/compose-file";
export { kubernetesManifests } from "./emit/kubernetes-manifests";
export { runScript } from "./emit/run-script";
export { FIREWALL_TABLE, firewallRules, firewallUnit, openPorts } from "./firewall";
export { balancedName, checkSeconds, GATEWAY, gatewayConfig, openPaths } from "./gateway-config";
export { answersQuestions, GREEDY_QUESTION } from "./greedy-question";
export { DRAFT_REVISION, type HostPaths, hostPaths } from "./host-paths";
export { basePackages, MINIMUM_DRIVER, UV_VERSION } from "./host-software";
export { type KvCacheProof, proveKvCache } from "./kv-cache-proof";
export { type CommandQuestion, checkFound } from "./line/check-found";
export { checkLine, type LineCheck, type Refusal } from "./line/check-line";
export { type FoundCommand, findCommands } from "./line/find-commands";
export { degreesOf, type LineQuestion } from "./line/line-deployment";
export { hardwareOf, type Machines, readMachines } from "./line/machines";
export { besideEachOther, type CheckedCommand } from "./line/same-gpus";
export { readServeLine, type ServeLine, serverArguments } from "./line/serve-line";
export type { Start } from "./line/what-starts";
export {
  expectedLoad,
  judgeLoad,
  type LoadExpectation,
  type LoadProof,
  type LoadTest,
  loadExpectation,
  loadTest,
  type MeasuredLoad,
  type MeasuredRange,
  measuredLoad,
  type ProofRow,
} from "./load-proof";
export { LOCKS, type Lock, lockFile, lockOf, packagesText } from "./locks";
export { lacksChatTemplate, runsRemoteCode } from "./model-flags";
export {
  ALERTMANAGER_PACKAGE,
  alertmanagerCommand,
  alertmanagerConfig,
  alertmanagerUnit,
  alertSecretFault,
} from "./monitoring/alertmanager";
export {
  type CloudWatchAlarm,
  type CloudWatchMetric,
  cloudWatchAlarms,
  cloudWatchDashboard,
  cloudWatchMetrics,
  cloudWatchPrice,
  isLogged,
  isPublished,
} from "./monitoring/cloud-watch";
export { DASHBOARDS, type DashboardName, dashboard } from "./monitoring/dashboards";
export {
  gpuMemoryShare,
  kvCacheUsage,
  LATENCIES,
  nvlinkShare,
  outputTokensPerGpu,
  p99Seconds,
} from "./monitoring/expressions";
export {
  GPU_EXPORTER_PACKAGE,
  GPU_EXPORTER_PROGRAM,
  gpuCounters,
  gpuExporterUnit,
} from "./monitoring/gpu-counters";
export { keepsTarget } from "./monitoring/latency-buckets";
export {
  MONITORING_PACKAGES,
  nodeExporterUnit,
  nodeExporterUrl,
  prometheusUnit,
} from "./monitoring/monitoring-units";
export { exporterAddress, prometheusConfig, type ScrapedHost } from "./monitoring/prometheus-config";
export {
  AWS_TOOL_PATH,
  LOG_STATE_FOLDER,
  logPublisherJob,
  logPublisherUnit,
  publisherFiles,
  publisherJob,
  publisherTimer,
  publisherUnit,
} from "./monitoring/publisher";
export { rulesFile } from "./monitoring/rules-file";
export { seriesOf } from "./monitoring/series";
export { monitoringThresholds, type Thresholds } from "./monitoring/thresholds";
export { isTold, isWatched } from "./monitoring/watched";
export { CHALLENGE_PORT, PORTS } from "./ports";
export {
  type NodeAddresses,
  PLACEHOLDER_ADDRESSES,
  rayHeadCommand,
  rayWorkerCommand,
} from "./ray-commands";
export {
  type EngineServer,
  engineServers,
  firstServer,
  gatewayHosts,
  instance,
  listenAddress,
  serverPorts,
  serverUnits,
} from "./servers";
export { serviceEnvironment } from "./service-environment";
export { shellCommand, shellWord } from "./shell-command";
export { checkpointBytes, type ReadyPhase, restartPhases, totalSeconds } from "./start-time";
export { stopsByItself, stopTimer, stopUnit } from "./stop";
export { type SystemdService, systemdUnit } from "./systemd-unit";
export {
  gatewayUnit,
  rayHeadUnit,
  rayWorkerUnit,
  readyFile,
  UNITS,
  USERS,
  vllmUnit,
} from "./units";
export { type CompletionRequest, endpointUrl, verificationRequest } from "./verification-request";
export { DRAIN_SECONDS, isQuantizedCheckpoint, servedModelName, vllmArguments } from "./vllm-arguments";
export { watchdogUnit } from "./watchdog";
export {
  fetchedWeights,
  type WeightsKind,
  weightsScript,
  weightsSuffix,
  weightsUnit,
  weightsUnitName,
} from "./weights-unit";
