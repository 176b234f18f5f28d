/**
 * Writes the lock of a version of vLLM with a version of Ray: each package that hosts install, with its hashes.
 * `npm run lock -- 0.33.0 2.60.0`; needs python3 with venv, and the package index.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Lock, UV_VERSION } from "../lib/serving";

const ROOT = join(__dirname, "..");
const TABLE = join(ROOT, "lib/serving/locks.json");

/** Oldest Python that vLLM 0.33 and the supported distributions have; the lock holds for newer ones, too. */
const PYTHON = "3.11";

/** vLLM 0.33.0 takes any CUDA compiler, and 13.5 refuses the headers of 13.0 that come with PyTorch (vllm-project/vllm#44305). */
const CONSTRAINTS = ["nvidia-cuda-nvcc<13.1", "nvidia-cuda-crt<13.1", "nvidia-nvvm<13.1"];

function resolve(requirements: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "shardplan-lock-"));
  try {
    const file = (name: string, lines: readonly string[]) => {
      writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
      return join(folder, name);
    };
    execFileSync("python3", ["-m", "venv", join(folder, "venv")]);
    execFileSync(join(folder, "venv/bin/pip"), ["install", "--quiet", `uv==${UV_VERSION}`]);
    const options = [
      "--universal",
      "--generate-hashes",
      "--only-binary",
      ":all:",
      "--no-header",
      "--no-annotate",
    ];
    return execFileSync(
      join(folder, "venv/bin/uv"),
      [
        ...["pip", "compile", "--quiet", ...options, "--python-version", PYTHON],
        ...["--constraint", file("constraints.txt", CONSTRAINTS), file("requirements.in", requirements)],
      ],
      { encoding: "utf8", maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "inherit"] },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main([vllm, ray]: readonly string[]): void {
  if (vllm === undefined || ray === undefined) throw new Error("npm run lock -- VLLM_VERSION RAY_VERSION");
  // pandas: vLLM's load test reads its requests with it. uv installs all of it.
  const packages = resolve([`vllm==${vllm}`, `ray[default,cgraph]==${ray}`, "pandas", `uv==${UV_VERSION}`]);
  const text = `# vLLM ${vllm} with Ray ${ray}. Written by: npm run lock -- ${vllm} ${ray}\n${packages}`;
  const name = `vllm-${vllm}-ray-${ray}.txt`;
  writeFileSync(join(ROOT, "infra/locks", name), text);
  const lock: Lock = { vllm, ray, sha256: createHash("sha256").update(text).digest("hex") };
  const others = (JSON.parse(readFileSync(TABLE, "utf8")) as Lock[]).filter(
    (other) => other.vllm !== vllm || other.ray !== ray,
  );
  writeFileSync(TABLE, `${JSON.stringify([...others, lock], undefined, 2)}\n`);
  process.stdout.write(`infra/locks/${name}\n`);
}

main(process.argv.slice(2));
