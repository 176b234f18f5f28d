import { compareVersions } from "./compare-versions";

/** A security advisory of vLLM. */
export interface Advisory {
  readonly id: string;
  /** First version without the hole. */
  readonly fixedIn: string;
  readonly what: string;
}

/** Read on 2026-11-22 (advisories.gitlab.com/pkg/pypi/vllm, github.com/vllm-project/vllm/security), the latest fix first. */
const ADVISORIES: readonly Advisory[] = [
  { id: "GHSA-5r3c-5x4v-8gjh", fixedIn: "0.33.0", what: "not described in what was read" },
  { id: "CVE-2026-114053", fixedIn: "0.31.0", what: "code runs through /tokenize with trust_remote_code" },
  { id: "CVE-2026-105757", fixedIn: "0.30.0", what: "a structured-output request ends the engine" },
  { id: "CVE-2026-105760", fixedIn: "0.30.0", what: "not described in what was read" },
  { id: "GHSA-fpch-3xrf-7q96", fixedIn: "0.28.0", what: "not described in what was read" },
  { id: "PYSEC-2026-2303", fixedIn: "0.24.0", what: "a request crashes the server" },
  // Its first version without the hole follows from the date of the change (vllm-project/vllm#43426).
  { id: "CVE-2026-48746", fixedIn: "0.22.0", what: "a crafted Host header gets past the API key" },
  { id: "CVE-2026-41523", fixedIn: "0.22.0", what: "not described in what was read" },
  { id: "CVE-2026-47155", fixedIn: "0.22.0", what: "gets past the pinned revision of a model" },
  { id: "GHSA-v97p-wpxp-px84", fixedIn: "0.21.0", what: "tokens of other requests leak with pipelines" },
  { id: "CVE-2026-27893", fixedIn: "0.18.0", what: "gets past trust_remote_code being off" },
  { id: "GHSA-4r2x-xpjr-7cvv", fixedIn: "0.14.1", what: "not described in what was read" },
  { id: "CVE-2026-22807", fixedIn: "0.14.0", what: "code runs through auto_map of a model" },
];

/** Known holes of a version of vLLM, the one that was closed last first. */
export const advisoriesOf = (version: string): readonly Advisory[] =>
  ADVISORIES.filter(({ fixedIn }) => compareVersions(version, fixedIn) < 0);
