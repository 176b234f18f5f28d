import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { z } from "zod";
import { parseResult } from "../../../infra/remote-step";

const STEPS = join(__dirname, "../../../infra/steps");
const LIBRARIES = ["lib.sh", "server.sh", "packages.sh"];
const names = readdirSync(STEPS).filter((name) => !LIBRARIES.includes(name));
const library = LIBRARIES.map((name) => readFileSync(join(STEPS, name), "utf8")).join("\n");

/** Runs bash code behind the library; the last line of its standard output is a step's result. */
const runBash = (code: string) =>
  spawnSync("bash", ["-s"], { input: `HOST_NAME=test\n${library}\n${code}`, encoding: "utf8" });

describe("every step", () => {
  for (const name of names) {
    const text = readFileSync(join(STEPS, name), "utf8");

    it(`${name} ends with the line that starts it, so that half a transmission runs nothing`, () => {
      assert.equal(text.trimEnd().split("\n").at(-1), `run_step ${name.replace(".sh", "")} "$@"`);
    });

    it(`${name} says what comes in and what goes out`, () => {
      assert.match(text, /^# in: {2}HOST_NAME/m);
      assert.match(text, /^# out: \{/m);
    });

    it(`${name} has no function beyond 25 lines`, () => {
      for (const [, functionName, body = ""] of text.matchAll(/^(\w+)\(\) \{\n(.*?)^\}/gms)) {
        const lines = body.trimEnd().split("\n").length;
        assert.ok(lines <= 25, `${functionName} has ${lines} lines`);
      }
    });
  }

  it("is free of shellcheck's complaints", function () {
    if (spawnSync("shellcheck", ["--version"]).status !== 0) this.skip();
    execFileSync(
      "shellcheck",
      [...names, ...LIBRARIES].map((name) => join(STEPS, name)),
    );
  });
});

describe("lib.sh", () => {
  it("prints results as JSON whatever the text holds", () => {
    const printable = fc.string({ unit: "grapheme", maxLength: 30 });
    fc.assert(
      fc.property(printable, (text) => {
        const quoted = `'${text.replaceAll("'", `'\\''`)}'`;
        const { stdout } = runBash(`result "text="${quoted} "count:=3"`);
        assert.deepEqual(JSON.parse(stdout), { changes: 0, text, count: 3 });
      }),
      { numRuns: 40 },
    );
  });

  it("writes a file once, and again only when content, mode or owner differ", () => {
    const folder = mkdtempSync(join(tmpdir(), "shardplan-steps-"));
    const path = join(folder, "new", "file");
    const owner = userInfo().username;
    const write = (content: string, mode = "600") =>
      runBash(
        `if write_file '${path}' ${mode} ${owner} $'${content}'; then echo written; else echo same; fi`,
      ).stdout.trim();
    assert.equal(write("one\\n"), "written");
    assert.equal(write("one\\n"), "same");
    // A missing line end is a difference, too.
    assert.equal(write("one"), "written");
    assert.equal(write("one", "644"), "written");
    assert.equal(statSync(path).mode & 0o777, 0o644);
    assert.equal(readFileSync(path, "utf8"), "one");
    assert.deepEqual(readdirSync(join(folder, "new")), ["file"]);
    // What a run left that was killed while it wrote.
    for (const [content, said] of [
      ["two", "written"],
      ["two", "same"],
    ] as const) {
      writeFileSync(join(folder, "new", ".shardplan.file"), "half");
      assert.equal(write(content), said);
      assert.deepEqual(readdirSync(join(folder, "new")), ["file"]);
    }
    rmSync(folder, { recursive: true });
  });

  it("says that root is needed where sudo did not help", () => {
    const { status, stderr } = runBash("id() { echo 1000; }; apply() { echo ran; }; run_step test apply");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: test: the SSH user is not root and sudo did not help; use root, or allow it/,
    );
  });

  it("says on one line what is wrong, on which host, and what to do", () => {
    const { status, stderr } = runBash('fatal "port 443 is in use" "stop that process"');
    assert.equal(status, 1);
    assert.equal(stderr, "error: test: port 443 is in use; stop that process\n");
  });
});

/** Runs `code` behind the library and, without the line that starts it, a step; `commands` stand in for programs. */
function runStepCode(step: string, code: string, commands: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "shardplan-steps-"));
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/bash\ncd ${folder}\n${script}\n`, { mode: 0o755 });
  }
  const body = readFileSync(join(STEPS, `${step}.sh`), "utf8").replace(/^run_step .*$/m, "");
  const input = `HOST_NAME=test\n${library}\n${body}\nLOGS=${folder}\nFOLDER=${folder}\n${code}`;
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync("bash", ["-s"], {
    input,
    encoding: "utf8",
    env,
    timeout: 15_000,
  });
  rmSync(folder, { recursive: true });
  return { status, stdout, stderr };
}

describe("long work", () => {
  /** systemd that goes through the lines of the file `states`, one with each question, and writes down what it starts. */
  const SYSTEMD = {
    systemctl: `case "$*" in
      *ActiveState*) head -n 1 states; [ "$(wc -l <states)" -eq 1 ] || sed -i 1d states ;;
      *Description*) cat description ;;
      is-failed*) grep -q failed states ;;
    esac`,
    "systemd-run": `echo "$@" >>started; printf '%s\\n' "$@" | sed -n 's/^--description=//p' >description`,
    sleep: "",
  };
  const began = (states: string[], description: string) =>
    `cd "$FOLDER"; printf '%s\\n' ${states.join(" ")} >states; echo '${description}' >description; : >started; : >apt.log`;

  it("is over only when its unit has stopped, so that a failure is not taken for success", () => {
    const { stdout } = runStepCode(
      "base-packages",
      `${began(["inactive", "inactive", "active", "deactivating", "failed"], "")}
      if run_long apt 10 -- true; then echo success; else echo failure; fi`,
      SYSTEMD,
    );
    assert.equal(stdout, "failure\n");
  });

  it("waits for other work of an earlier run, and then does its own", () => {
    const { stdout, stderr } = runStepCode(
      "base-packages",
      `${began(["active", "active", "inactive", "inactive", "active", "inactive"], "another")}
      run_long apt 10 -- install this && grep -c 'install this' started`,
      SYSTEMD,
    );
    assert.equal(stdout, "1\n");
    assert.match(stderr, /waiting for what an earlier run began: shardplan-step-apt\.service/);
  });

  it("follows the same work of an earlier run instead of doing it twice", () => {
    const { stdout } = runStepCode(
      "base-packages",
      `${began(["inactive", "inactive", "inactive"], "")}
      run_long apt 10 -- install this
      printf 'active\\nactive\\nactive\\ninactive\\n' >states
      run_long apt 10 -- install this
      grep -c 'install this' started`,
      SYSTEMD,
    );
    assert.equal(stdout, "1\n");
  });
});

describe("base-packages.sh", () => {
  it("fails when apt-get ended well and packages are missing all the same", () => {
    const { status, stderr } = runStepCode(
      "base-packages",
      "PACKAGES=jq; systemctl() { :; }; run_long() { :; }; dpkg-query() { return 1; }; install_packages",
    );
    assert.equal(status, 1);
    assert.match(stderr, /error: test: apt-get ended without installing jq; see /);
  });
});

describe("monitoring.sh", () => {
  const PLACES = `MASKED_BY_MONITORING=$FOLDER/masked PACKAGED_UNITS_MASKED=$FOLDER/masked METRICS=$FOLDER/metrics
    PACKAGES="prometheus" EXPORTER_UNIT=e.service EXPORTER_TEXT=text EXPORTER_PORT=9100 PROMETHEUS_UNIT=p.service
    PROMETHEUS_TEXT=text PROMETHEUS_PORT=9090 CONFIG_FILE=$FOLDER/c/config RULES_FILE=$FOLDER/c/rules CONFIG=c RULES=r
    GPU_EXPORTER_TEXT= GPU_EXPORTER_UNIT=g.service GPU_EXPORTER_PORT=9400 GPU_EXPORTER=$FOLDER/dcgm-exporter
    ALERTMANAGER_TEXT= ALERTMANAGER_UNIT=a.service ALERTMANAGER_PORT=9093 ALERTMANAGER_FILE=$FOLDER/secrets/alerts
    GPU_EXPORTER_PACKAGE=the-exporter GPU_EXPORTER_SETTINGS=$FOLDER/g/settings COUNTERS_FILE=$FOLDER/g/counters COUNTERS=list
    port_owner() { :; }; systemctl() { echo "systemctl $*" >>"$FOLDER/said"; }
    dpkg-query() { return 1; }; remove_unit() { echo "removed $1" >&2; }`;

  it("masks the packages' own units before it installs them, and gives them back when it is removed", () => {
    const { stdout, stderr } = runStepCode(
      "monitoring",
      `${PLACES}; run_long() { echo "run_long $1" >>"$FOLDER/said"; }; (apply) || true; remove; cat "$FOLDER/said"; ls "$FOLDER"`,
    );
    const said = stdout.split("\n");
    const at = (line: string) => said.findIndex((one) => one.includes(line));
    // A machine that has the package already keeps its unit as it is.
    const masked = ["prometheus.service", "prometheus-node-exporter.service"].filter(
      (unit) => !existsSync(`/lib/systemd/system/${unit}`),
    );
    for (const unit of masked) {
      assert.ok(at(`systemctl mask --quiet ${unit}`) >= 0, stdout);
      assert.ok(at(`systemctl mask --quiet ${unit}`) < at("run_long apt"), stdout);
      assert.ok(at(`systemctl unmask --quiet ${unit}`) > at("run_long apt"), stdout);
      assert.ok(at(`systemctl disable --quiet ${unit}`) > at("run_long apt"), stdout);
    }
    assert.match(stderr, /error: test: apt-get ended without installing prometheus; see /);
    assert.match(stderr, /^removed e\.service\nremoved g\.service\nremoved a\.service\nremoved p\.service$/m);
    assert.equal(said.at(-2), "said");
  });

  it("does not take an exporter that listens for one that answers", () => {
    const { status, stderr } = runStepCode(
      "monitoring",
      `${PLACES}; SECRETS=$FOLDER; EXPORTER_URL=http://127.0.0.1:1/metrics; install_packages() { :; }; apply_unit() { :; }
      wait_for_port() { :; }; require_port() { :; }; show_log() { :; }; apply`,
    );
    assert.equal(status, 1);
    assert.match(stderr, /error: test: the node exporter gives no metrics; see its log above/);
  });

  it("leaves a Prometheus of somebody else alone, and says what to do", () => {
    const { status, stderr } = runStepCode(
      "monitoring",
      `${PLACES}; port_owner() { [ "$1" != 9090 ] || echo "prometheus (pid 7)"; }; install_packages() { echo installed >&2; }; apply`,
    );
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: test: port 9090 is in use by prometheus \(pid 7\); stop that process and run pulumi up again, or set shardplan:monitoring\.mode to export/,
    );
  });

  it("takes all away where the stack is not to be watched any more", () => {
    const { stdout, stderr } = runStepCode(
      "monitoring",
      `${PLACES}; EXPORTER_TEXT=; mkdir -p "$FOLDER/c" "$METRICS"; apply; ls "$FOLDER"; drift; notes`,
    );
    assert.match(stderr, /^removed e\.service\nremoved g\.service\nremoved a\.service\nremoved p\.service$/m);
    assert.equal(stdout, '{"changes":0}\n');
  });

  const GPUS = `${PLACES}; GPU_EXPORTER_TEXT=text PACKAGES=prometheus; apply_unit() { echo "apply $*"; }; wait_for_port() { :; }
    write_file() { mkdir -p "$(dirname "$1")"; printf '%s' "$4" >"$1"; }`;
  const INSTALLED = 'touch "$GPU_EXPORTER"; chmod +x "$GPU_EXPORTER"';

  it("takes NVIDIA's exporter where its package is to be had, and else says which one is missing", () => {
    const known = 'apt-cache() { printf \'%s:\n  Candidate: %s\n\' "$2" "$CANDIDATE"; }';
    const wanted = (candidate: string) =>
      runStepCode(
        "monitoring",
        `${GPUS}; ${known}; CANDIDATE='${candidate}'; want_gpu_exporter; echo "$PACKAGES"`,
      ).stdout;
    assert.equal(wanted("4.8.2-1"), "prometheus the-exporter\n");
    assert.equal(wanted("(none)"), "prometheus\n");
    assert.match(
      runStepCode("monitoring", `${GPUS}; unit_notes() { :; }; notes`).stdout,
      /^NVIDIA's dcgm-exporter does not listen on port 9400: .*; install NVIDIA's package the-exporter$/m,
    );
  });

  it("runs NVIDIA's exporter with the plan's counters, and has it ask a DCGM that runs", () => {
    const embedded = runStepCode(
      "monitoring",
      `${GPUS}; ${INSTALLED}; systemctl() { return 1; }; apply_gpu_exporter; cat "$FOLDER/g/counters" "$FOLDER/g/settings"`,
    );
    assert.match(embedded.stdout, /^apply g\.service text .*counters .*settings\nlist$/);
    const beside = runStepCode(
      "monitoring",
      `${GPUS}; ${INSTALLED}; systemctl() { :; }; apply_gpu_exporter; cat "$FOLDER/g/settings"`,
    );
    assert.match(beside.stdout, /\nDCGM_REMOTE_HOSTENGINE_INFO=localhost:5555$/);
  });

  it("reads an exporter of somebody else as it is, and starts none beside it", () => {
    const { stdout, stderr } = runStepCode(
      "monitoring",
      `${GPUS}; ${INSTALLED}; port_owner() { echo "docker-proxy (pid 7)"; }; want_gpu_exporter; apply_gpu_exporter; unit_notes() { :; }; notes; unit_drift() { echo "drift $1"; }
      find_missing() { :; }; drift`,
    );
    assert.equal(stderr, "removed g.service\n");
    assert.equal(stdout, "drift e.service\ndrift p.service\n");
  });
});

describe("host-facts.sh, when it is removed", () => {
  const PLACES = `STATE=$FOLDER/state SECRETS=$FOLDER/etc/secrets JOURNAL_LIMIT=$FOLDER/limit
    remove_user() { echo "user $1 removed"; }; reload_journal() { :; }; rm() { echo "rm $*"; }; find() { :; }
    systemctl() { :; }; MARKS=$FOLDER/marks; mkdir "$MARKS"; touch "$MARKS/vllm"`;

  it("takes nothing away while services are there: it is only replaced", () => {
    const { stdout } = runStepCode(
      "host-facts",
      `${PLACES}; compgen() { [ "$2" = "/etc/systemd/system/shardplan-vllm*.service" ]; }; remove`,
    );
    assert.equal(stdout, '{"changes":0}\n');
  });

  it("takes services away that no step has come to its end with", () => {
    const code = 'command rm "$MARKS/vllm"; compgen() { :; }; remove';
    assert.match(runStepCode("host-facts", `${PLACES}; ${code}`).stdout, /^user shardplan removed$/m);
  });

  it("takes the users and their folders with the last service, weights stay", () => {
    const { stdout } = runStepCode("host-facts", `${PLACES}; compgen() { return 1; }; remove`);
    assert.match(stdout, /^user shardplan removed\nuser shardplan-gateway removed$/m);
    assert.match(stdout, /rm -rf .*\/var\/lib\/shardplan-gateway/);
    assert.ok(!/rm .*models/.test(stdout), `stdout: ${stdout}`);
  });
});

describe("gateway.sh", () => {
  const LOAD = `SECRETS=$FOLDER UNIT=gateway CONFIG_FILE=$FOLDER/config KEYS_FILE=$FOLDER/keys ENGINE_KEY_FILE=$FOLDER/engine
    touch "$CONFIG_FILE" "$KEYS_FILE" "$ENGINE_KEY_FILE"; start_of() { echo now; }; systemctl() { echo "$*"; }
    write_file() { printf '%s' "$4" >"$1"; }`;

  it("loads once what a run that was cut off has not loaded, and nothing that the start in this run has read", () => {
    assert.equal(runStepCode("gateway", `${LOAD}; reload now; reload now`).stdout, "reload gateway\n");
    assert.equal(runStepCode("gateway", `${LOAD}; reload earlier; reload now`).stdout, "");
  });

  /** Two certificates with their keys, by real OpenSSL, the one for llm.example.com as `OWN`. */
  const OWN = `cd "$FOLDER"; SECRETS=$FOLDER OWN_FILE=$FOLDER/own DOMAIN=llm.example.com
    write_file() { printf '%s' "$4" >"$1"; }
    make() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$2" -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -keyout "$1.key" -out "$1.pem" 2>/dev/null; }
    make llm.example.com 90; make other.example.com 90; OWN=$(cat llm.example.com.pem llm.example.com.key)`;

  it("is missed where what is there is none", () => {
    const { stdout } = runStepCode(
      "gateway",
      'CERTIFICATE=$FOLDER/certificate.pem CERTIFICATE_KIND=own; echo edited >"$CERTIFICATE"; certificate_drift',
    );
    assert.equal(stdout, "the gateway's certificate and its key do not belong together\n");
  });

  it("takes a certificate of the stack's own with its key", () => {
    const { stdout, stderr } = runStepCode(
      "gateway",
      `${OWN}; own_certificate; cmp -s <(printf %s "$OWN") own && echo same`,
    );
    assert.equal(stdout, "same\n", stderr);
  });

  it("refuses one that is none, for another name, or has another key, in a line", () => {
    const refused = (own: string) => runStepCode("gateway", `${OWN}; ${own}; own_certificate`).stderr;
    assert.match(refused("OWN=nonsense"), /are no PEM certificate and unencrypted key; set them again/);
    assert.match(refused("DOMAIN=llm.example.org"), /is not for llm\.example\.org; .*gateway\.domain/);
    assert.match(
      refused("OWN=$(cat llm.example.com.pem other.example.com.key)"),
      /shardplan:certificateKey is not the key of shardplan:certificate;/,
    );
  });

  /** A name whose record somebody sets after the given number of looks; the time that passes is what is slept. */
  const record = (
    looks: number,
  ) => `cd "$FOLDER"; DOMAIN=llm.example.com PUBLIC_ADDRESS=203.0.113.7 RECORD_WAIT_MINUTES=2 AUTHORITY=$FOLDER
    getent() { echo >>looks; [ "$(wc -l <looks)" -le ${looks} ] || echo "203.0.113.7     STREAM llm.example.com"; }
    unset SECONDS; SECONDS=0; sleep() { SECONDS=$((SECONDS + $1)); }`;

  it("prints the record of a name and waits until it is set, for as long as is said", () => {
    const waits = runStepCode("gateway", `${record(3)}; wait_for_record; echo "after $SECONDS s"`);
    assert.equal(waits.stdout, "after 45 s\n", waits.stderr);
    assert.match(
      waits.stderr,
      /for the record, set it where the name is kept: llm\.example\.com\. A 203\.0\.113\.7/,
    );
    const never = runStepCode("gateway", `${record(1000)}; wait_for_record`);
    assert.match(
      never.stderr,
      /llm\.example\.com does not point to 203\.0\.113\.7 after 2 minutes; set the record/,
    );
    assert.notEqual(never.status, 0);
  });

  it("waits for no record once there is a public certificate", () => {
    const has = "mkdir -p acme/live/llm.example.com; echo x >acme/live/llm.example.com/fullchain.pem";
    const { stdout } = runStepCode(
      "gateway",
      `${record(1000)}; ${has}; wait_for_record; echo "after $SECONDS s"`,
    );
    assert.equal(stdout, "after 0 s\n");
  });

  it("listens on no address of IPv6 where the kernel has none", () => {
    const bind = "CONFIG=$'frontend clients\\n\\tbind :443\\n\\tbind :::443 v6only\\n'";
    const { stdout } = runStepCode(
      "gateway",
      `${bind}; eval "$(declare -f for_this_kernel | sed s:/proc/net/if_inet6:/nowhere:)"; for_this_kernel; printf %s "$CONFIG"`,
    );
    assert.equal(stdout, "frontend clients\n\tbind :443\n");
  });
});

describe("a secret of Secrets Manager", () => {
  const ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys-AbCdEf";
  /** AWS's command line, which has the secret, or refuses it. */
  const has = (text: string) => ({
    aws: `[ "$*" = "secretsmanager get-secret-value --region eu-west-1 --secret-id ${ARN} --query SecretString --output text" ] && echo '${text}'`,
  });
  const REFUSES = { aws: 'echo "An error occurred (AccessDeniedException): not authorized" >&2; exit 254' };
  const KEYS = `SECRETS=$FOLDER API_KEY= API_KEYS= API_KEYS_SECRET=${ARN}; write_file() { printf '%s' "$4" >"$1"; }
    read_keys "$(aws_secret "$API_KEYS_SECRET" aws.apiKeysSecret)" || exit 1; make_api_key; keys`;

  it("is the clients' key, or several by name", () => {
    assert.equal(runStepCode("gateway", KEYS, has("sk-12345678")).stdout, "sk-12345678 default\n");
    const several = runStepCode(
      "gateway",
      KEYS,
      has('{"default":"sk-12345678","bob":"sk-bbbbbbbb","alice":"sk-aaaaaaaa"}'),
    );
    assert.equal(several.stdout, "sk-12345678 default\nsk-aaaaaaaa alice\nsk-bbbbbbbb bob\n", several.stderr);
  });

  it("is refused in a line where it cannot be read, or holds no key", () => {
    const denied = runStepCode("gateway", KEYS, REFUSES);
    assert.match(
      denied.stderr,
      /the secret of aws\.apiKeysSecret cannot be read: .*AccessDenied.*; let the machine's role read it/,
    );
    assert.notEqual(denied.status, 0);
    assert.match(
      runStepCode("gateway", KEYS, has('{"bob":"a b"}')).stderr,
      /has a name or a key that a bearer token cannot have/,
    );
  });

  it("is taken over when it has changed, and not missed when it cannot be read just now", () => {
    const drift = `SECRETS=$FOLDER API_KEY= API_KEYS= API_KEYS_SECRET=${ARN} KEYS_FILE=$FOLDER/keys
      echo sk-12345678 >"$FOLDER/api-key"; echo "sk-12345678 default" >"$KEYS_FILE"; secret_drift`;
    assert.equal(runStepCode("gateway", drift, has("sk-12345678")).stdout, "");
    for (const other of ["sk-other-1234", '{"alice":"sk-aaaaaaaa"}']) {
      assert.match(runStepCode("gateway", drift, has(other)).stdout, /has other keys than the gateway$/m);
    }
    assert.equal(runStepCode("gateway", drift, REFUSES).stdout, "");
  });

  it("is the hub's token, which then lies in no file of the step's", () => {
    const token = `MODEL_PATH=$FOLDER/m SOURCE=hub REPOSITORY=r REVISION=v BUCKET= UNIT=u UNIT_TEXT= STORAGE= WEIGHTS_BYTES=1 ENVIRONMENT=e
      HUB_TOKEN= HUB_ENDPOINT= HUB_TOKEN_SECRET=${ARN} TOKEN_FILE=$FOLDER/token FETCH_FILE=$FOLDER/f; run_long() { cat "$TOKEN_FILE"; }`;
    const { stdout, stderr } = runStepCode(
      "weights",
      `${token}; download_from_hub; fetcher | grep -c hf_token || true`,
      has("hf_token"),
    );
    assert.match(stdout, /^(HF_TOKEN=hf_token\n)+0\n$/, stderr);
  });
});

describe("weights.sh", () => {
  const MODEL = `MODEL_PATH=$FOLDER/model SOURCE=bucket REPOSITORY=r REVISION=v BUCKET=s3://b UNIT=none.service UNIT_TEXT= STORAGE=
    WEIGHTS_BYTES=1 ENVIRONMENT=none HUB_TOKEN= HUB_TOKEN_SECRET= HUB_ENDPOINT= FETCH_FILE=$FOLDER/fetch TOKEN_FILE=$FOLDER/run/hub.env LOGS=$FOLDER
    mkdir "$MODEL_PATH"; echo '{"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}' >"$MODEL_PATH/model.safetensors.index.json"
    echo x | tee "$MODEL_PATH/config.json" "$MODEL_PATH/one.safetensors" >/dev/null; origin >"$MODEL_PATH/.shardplan-complete"`;

  it("sees that a file of the weights is gone, and that all of them are", () => {
    const { stdout } = runStepCode(
      "weights",
      `${MODEL}; drift; echo x >"$MODEL_PATH/two.safetensors"; drift; rm -r "$MODEL_PATH"; drift`,
    );
    assert.match(
      stdout,
      /^\S+ lacks 1 files, first two\.safetensors\n\S+ lacks 2 files, first config\.json\n$/,
    );
  });

  it("fetches again what is gone, although it was complete once", () => {
    const { stdout } = runStepCode(
      "weights",
      `${MODEL}; require_space() { :; }; runuser() { :; }
      download_from_bucket() { echo fetched; echo x >"$MODEL_PATH/two.safetensors"; }
      write_file() { :; }; apply; apply`,
    );
    assert.match(stdout, /^fetched\n\{.*"files":2.*\}\n\{.*"files":2.*\}\n$/);
  });

  it("holds what came from a bucket against its list of checksums, where it has one", () => {
    const { stdout, stderr } = runStepCode(
      "weights",
      `${MODEL}; run_long() { while [ "$1" != -- ]; do shift; done; shift; (cd "$MODEL_PATH" && "$@") >"$LOGS/sums.log" 2>&1; }
      check_sums; (cd "$MODEL_PATH" && sha256sum ./*.safetensors >SHA256SUMS); check_sums; echo same
      echo y >"$MODEL_PATH/one.safetensors"; (check_sums) || echo other`,
    );
    assert.equal(stdout, "same\nother\n");
    assert.match(stderr, /one\.safetensors: FAILED/);
    assert.match(stderr, /what was copied of s3:\/\/b does not have the checksums of its SHA256SUMS; see/);
  });

  it("says how much has come, of how much, and how fast", () => {
    const { stdout } = runStepCode(
      "weights",
      `${MODEL}; WEIGHTS_BYTES=141000000000; du() { printf "%s\\t%s\\n" "$HAVE" "$MODEL_PATH"; }
      HAVE=1000000000; SECONDS=5; doing log; echo; HAVE=31000000000; SECONDS=20; doing log`,
    );
    assert.equal(stdout, "1.0 of 141.0 GB\n31.0 of 141.0 GB, 2.00 GB/s");
  });

  it("leaves a script of its own, which fetches what is gone, and nothing else", () => {
    const { stdout, stderr } = runStepCode(
      "weights",
      `${MODEL}; require_space() { :; }; runuser() { :; }; systemctl() { :; }; UNIT_TEXT=unit
      download_from_bucket() { echo "fetched $BUCKET"; echo x >"$MODEL_PATH/two.safetensors"; }
      write_file() { case "$1" in /etc/*) ;; *) printf '%s' "$4" >"$1" ;; esac; }
      apply >/dev/null; bash "$FETCH_FILE" </dev/null; rm "$MODEL_PATH/two.safetensors"; bash "$FETCH_FILE" </dev/null; drift 2>&1`,
    );
    assert.equal(stdout, "fetched s3://b\n", stderr);
  });
});

describe("what a step has left on a host", () => {
  const RUN = `MARKS=$FOLDER/marks LOGS=$FOLDER; apply() {
      for name in one two three; do write_file "$FOLDER/files/$name" 600 root "$name" || true; done
      write_file "$FOLDER/files/.stamp" 600 root stamp || true
    }; apply 2>/dev/null; leave_mark step`;
  const drift = (harm: string) =>
    runStepCode("firewall", `${RUN}; cd "$FOLDER/files"; ${harm}; files_drift step`);

  it("is held against what is there: content, mode and owner of each of its files", () => {
    assert.equal(drift(":").stdout, "");
    assert.match(
      drift("echo x >>one; chmod 644 two; rm three; echo x >>.stamp").stdout,
      /^\S+\/one was edited\n\S+\/three is gone\n\S+\/two was edited\n$/,
    );
    assert.match(drift("chown 1 one").stdout, /^\S+\/one was edited\n$/);
    assert.match(drift('rm "$MARKS"/step.files').stdout, /^\S+\/step\.files is gone\n$/);
  });

  it("has folders with the mode that keeps others out", () => {
    const folder = 'make_folder "$FOLDER/files/closed" 700 "$(id -un)" 2>/dev/null; leave_mark step';
    assert.equal(drift(`${folder}; touch closed/file`).stdout, "");
    assert.match(drift(`${folder}; chmod 777 closed`).stdout, /^\S+\/closed has another mode or owner\n$/);
    assert.equal(drift(`${folder}; chmod 777 closed; ${folder}; stat -c %a closed`).stdout, "700\n");
  });

  it("is what the latest run has left: an older file that it does not make any more is no concern", () => {
    const { stdout } = drift(
      'KEPT=(); write_file "$FOLDER/files/one" 600 root new 2>/dev/null; leave_mark step; rm two three',
    );
    assert.equal(stdout, "");
  });
});

describe("a service whose files were edited and put back", () => {
  /** systemd with one unit, whose start is the file `start` and whose beginning the file `began`. */
  const SYSTEMD = {
    systemctl: `case "$*" in
      *InvocationID*) cat start ;;
      *ActiveEnterTimestamp*) echo "@$(cat began)" ;;
      *NeedDaemonReload*) echo yes ;;
      restart*) echo "restarted" >>calls; date +%s%N >start; date +%s >began ;;
      daemon-reload) echo "read again" >>calls ;;
      kill*) echo "continued" >>calls; : >held ;;
    esac`,
    ps: '[ ! -s held ] || cat held; echo "Ss other.service"',
  };
  const harmed = (harm: string) =>
    runStepCode(
      "firewall",
      `SECRETS=$FOLDER; cd "$FOLDER"; echo A=1 >env; touch -d '1 hour ago' env
      write_file() { [ "$(cat "$FOLDER/unit" 2>/dev/null)" = "$4" ] || printf '%s' "$4" >"$FOLDER/unit"; }
      unit_sum() { cat unit env | sha256sum; }
      written() { [ "$(stat -c %Y unit)" -le "$(cat began)" ] && [ "$(stat -c %Y env)" -le "$(cat began)" ]; }
      up() { apply_unit a.service text env 2>/dev/null; }
      up; : >calls; ${harm}; unit_drift a.service env; up; cat calls`,
      SYSTEMD,
    ).stdout;
  const LATER = "touch -d '1 hour' env";

  it("is not started again: what was written later has not reached it, and systemd reads its unit again", () => {
    assert.equal(harmed(LATER), "read again\n");
    assert.equal(harmed("echo '# a note' >>unit; touch -d '1 hour' unit"), "read again\n");
  });

  it("is started again when somebody else has started it since, maybe with other files", () => {
    assert.match(
      harmed(`${LATER}; echo other >start`),
      /^a.service runs with other files .*\nread again\nrestarted\n/,
    );
    assert.equal(harmed("echo other >start"), "read again\n");
  });

  it("is started again for another content", () => assert.match(harmed("echo A=2 >env"), /^restarted$/m));

  it("is continued, and not started again, when a signal holds it", () => {
    assert.equal(
      harmed("echo 'Tl a.service' >held"),
      "a.service runs, and a signal (SIGSTOP) holds it\ncontinued\nread again\n",
    );
  });
});

describe("a service that does not get its port", () => {
  it("is told apart from one that does not listen: whoever has the port is named", () => {
    const waiting = (owner: string) =>
      runStepCode(
        "gateway",
        `show_log() { :; }; sleep() { SECONDS=$((SECONDS + 100)); }; port_owner() { echo '${owner}'; }
        wait_for_port 443 shardplan-gateway.service`,
      ).stderr;
    assert.match(
      waiting("python3 (pid 7)"),
      /^error: test: port 443 is in use by python3 \(pid 7\); stop that/,
    );
    assert.match(waiting(""), /^error: test: shardplan-gateway.service does not listen on port 443; see/);
  });
});

describe("firewall.sh", () => {
  it("notices rules that somebody has added to its table, and loads its own again", () => {
    const { stdout } = runStepCode(
      "firewall",
      `SECRETS=$FOLDER UNIT=f.service UNIT_TEXT= TABLE="inet a" RULES=closed RULES_FILE=$FOLDER/rules
      apply_unit() { :; }; unit_drift() { :; }; require_way_in() { :; }
      up() { apply 2>/dev/null >&2; }; up; drift; echo open >>"$FOLDER/table"; drift; up; drift; rm "$FOLDER/table"; drift`,
      { nft: 'case "$*" in --file*) cp "$2" table ;; *list*) cat table 2>/dev/null ;; esac' },
    );
    assert.equal(
      stdout,
      "the firewall's table has other rules than were loaded\nthe firewall's table is gone\n",
    );
  });
});

describe("what a step says of a service's log", () => {
  it("begins with the start that the step made, whatever the process before it said", () => {
    const journal = {
      systemctl: 'case "$*" in *InvocationID*) echo new ;; esac',
      journalctl: 'echo "$*"',
    };
    const { stderr } = runStepCode(
      "vllm",
      "SECRETS=$FOLDER; note_start vllm.service; show_log vllm.service 5",
      journal,
    );
    assert.match(stderr, /-n 5 _SYSTEMD_INVOCATION_ID=new \+ INVOCATION_ID=new$/m);
  });

  it("takes the first error of that start for the reason of a failed change", () => {
    const journal = {
      systemctl: 'case "$*" in *InvocationID*) echo new ;; esac',
      journalctl: `case "$*" in
        *=new*) echo "ValueError: the new reason" ;;
        *) echo "RuntimeError: the old process was cancelled"; echo "ValueError: the new reason" ;;
      esac`,
    };
    const { stdout } = runStepCode("vllm", "UNIT=vllm.service; note_start $UNIT; first_error", journal);
    assert.equal(stdout, "ValueError: the new reason\n");
  });
});

describe("verify.sh", () => {
  const notes = (hours: number) =>
    runStepCode(
      "verify",
      `CERTIFICATE=internal; gateway() { echo "Expire date:$(date -u -d '+${hours} hours 30 minutes' '+%b %d %T %Y GMT')"; }; notes`,
    ).stdout;

  it("says that the certificate was not renewed when it is about to end, and nothing before", () => {
    assert.equal(notes(14 * 24), "");
    assert.match(notes(13 * 24), /^the gateway's certificate ends in 312 h and was not renewed/);
  });

  it("fails when the model talks nonsense, and asks no model of random weights", () => {
    const asked = (question: string, said: string) =>
      runStepCode(
        "verify",
        `QUESTION='${question}' EXPECTED=Paris VLLM_UNIT=vllm.service; show_log() { :; }
        ask() { echo '{"choices":[{"text":" ${said}"}]}'; }; require_sense`,
      );
    assert.equal(asked("{}", "Paris, of course").status, 0);
    const { status, stderr } = asked("{}", "qx zz");
    assert.equal(status, 1);
    assert.match(stderr, /the model does not know the capital of France, it says ' qx zz/);
    assert.equal(asked("", "qx zz").status, 0);
  });
});

describe("host-facts.sh", () => {
  it("says how many GPUs there are when nvidia-smi is there without a driver", () => {
    const complaint = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.";
    const { status, stderr } = runStepCode(
      "host-facts",
      "GPU_KIND=gpu GPUS_NEEDED=8; gpus_on_bus() { echo 0; }; require_gpus",
      { "nvidia-smi": `echo "${complaint}"; echo "Make sure that it is installed."; exit 9` },
    );
    assert.equal(status, 1);
    assert.match(stderr, /^error: test: has 0 NVIDIA GPUs, the plan needs 8; use a host with 8 GPUs/);
  });
});

describe("driver.sh", () => {
  /** Two GPUs whose fabric is in the given state. */
  const gpus = (state: string) => ({
    "nvidia-smi": `if [ "$1" = -q ]; then
      for gpu in 0 1; do printf '    Fabric\\n        State                             : %s\\n' '${state}'; done
    else printf '0\\n1\\n'; fi`,
    sleep: "",
  });
  const WAIT = "GPUS_NEEDED=2 NVLINK=yes; wait_for_gpus && echo ready";

  it("is done when the fabric is up, or when the GPUs are of a kind that does not register with it", () => {
    for (const state of ["Completed", "N/A"]) {
      assert.equal(runStepCode("driver", WAIT, gpus(state)).stdout, "ready\n", state);
    }
  });

  it("says so when the fabric does not come up", () => {
    const passing = "sleep() { SECONDS=$((SECONDS + 100)); }";
    const { status, stderr } = runStepCode("driver", `${passing}; ${WAIT}`, gpus("In Progress"));
    assert.equal(status, 1);
    assert.match(stderr, /^error: test: 0 of 2 GPUs are ready after 180 s/);
  });
});

describe("driver.sh, for links and GPUs that are at fault", () => {
  const LINKS = (state: string) =>
    `GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0)\n\t Link 0: 26.562 GB/s\n\t Link 1: ${state}\nGPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-1)\n\t Link 0: 26.562 GB/s`;
  const TOPOLOGY = (way: string) =>
    `\tGPU0\tGPU1\tNIC0\tCPU Affinity\nGPU0\t X \t${way}\tPIX\t0-47\nGPU1\t${way}\t X \tSYS\t0-47\nNIC0\tPIX\tSYS\t X\n`;
  const has = (links: string, way: string, diagnostic = "| Pass") => ({
    "nvidia-smi": `case "$1" in nvlink) cat <<'TEXT'\n${links}\nTEXT\n;; topo) cat <<'TEXT'\n${way}\nTEXT\n;; esac`,
    dcgmi: `echo "| Memory | ${diagnostic} |"`,
    systemctl: "exit 3",
  });
  const CHECK = "NVLINK=yes; require_links; diagnose && echo fine";

  it("says nothing of a board on which all links carry", () => {
    const { stdout, stderr } = runStepCode("driver", CHECK, has(LINKS("26.562 GB/s"), TOPOLOGY("NV18")));
    assert.equal(stdout, "fine\n", stderr);
  });

  it("names a link that is inactive, and GPUs that reach each other by PCIe alone", () => {
    for (const [links, way, said] of [
      [LINKS("<inactive>"), TOPOLOGY("NV18"), "NVLink 1 of GPU 0 is inactive"],
      [LINKS("26.562 GB/s"), TOPOLOGY("SYS"), "GPU0 reaches GPU1 by SYS and not by NVLink"],
    ] as const) {
      const { status, stderr } = runStepCode("driver", CHECK, has(links, way));
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`^error: test: ${said}; reboot the host`, "m"));
    }
  });

  it("asks neither of GPUs that do not talk over NVLink", () => {
    const { stdout } = runStepCode(
      "driver",
      "NVLINK=no; require_links; echo fine",
      has(LINKS("<inactive>"), TOPOLOGY("SYS")),
    );
    assert.equal(stdout, "fine\n");
  });

  it("ends with what the quick diagnostic finds, and does without it where its service does not run", () => {
    const fails = runStepCode("driver", CHECK, has(LINKS("1 GB/s"), TOPOLOGY("NV18"), "Fail"));
    assert.match(fails.stderr, /^error: test: DCGM's quick diagnostic fails; see the lines above/m);
    const absent = has(LINKS("1 GB/s"), TOPOLOGY("NV18"));
    const { stdout } = runStepCode("driver", CHECK, {
      ...absent,
      dcgmi: 'echo "Error: unable to connect to DCGM"; exit 1',
    });
    assert.equal(stdout, "fine\n");
  });
});

describe("prune.sh", () => {
  const HOST = `MODELS=$FOLDER/models MARKS=$FOLDER/marks LOGS=$FOLDER USED=$FOLDER/models/now
    for name in now before hand; do mkdir -p "$MODELS/$name"; echo x >"$MODELS/$name/model.safetensors"; done
    : >"$MODELS/now/.shardplan-complete"; : >"$MODELS/before/.shardplan-complete"`;

  it("removes what was fetched and is no longer used; what somebody else has put there stays", () => {
    const { stdout } = runStepCode("prune", `${HOST}; drift; apply 2>/dev/null; apply; ls "$MODELS"; drift`);
    assert.match(
      stdout,
      /^\S+\/models\/before is no longer used\n\{"changes":1,"bytes":[1-9]\d+\}\n\{"changes":1,"bytes":0\}\nhand\nnow\n$/,
    );
  });
});

/** A PCI bus with these devices: vendor, class and, of a card that says so, what its vital product data has. */
const bus = (...devices: (readonly [vendor: string, kind: string, data?: string])[]) =>
  devices
    .map(
      ([vendor, kind, data], at) =>
        `d=$FOLDER/pci/${at}; mkdir -p "$d"; echo ${vendor} >"$d/vendor"; echo ${kind} >"$d/class"${data ? `; echo '${data}' >"$d/vpd"` : ""}`,
    )
    .join("\n");
const GPU = ["0x10de", "0x030200"] as const;
const SWITCH = ["0x10de", "0x068000"] as const;
const CARD = ["0x15b3", "0x020700", "ConnectX-7 400G"] as const;
const BRIDGE = ["0x15b3", "0x020700", "Nvidia BlueField SW_MNG"] as const;

describe("driver.sh, for what switches NVLink", () => {
  const ON_BUS = "PCI_DEVICES=$FOLDER/pci KERNEL_MODULES=$FOLDER/modules.conf";
  const WRITES = `write_file() { printf '%s' "$4" >"$1"; }`;
  /** Says what is loaded and started. */
  const LOADS = { modprobe: 'echo "loads $*"', systemctl: '[ "$1" != is-active ] && echo "systemctl $*"' };

  it("finds it on the bus: boards of four GPUs and slices have none, Blackwell's are behind network cards", () => {
    for (const [devices, found] of [
      [[GPU, GPU, GPU, GPU], ""],
      [[GPU, SWITCH, GPU], "nvswitch\n"],
      [[GPU, CARD, GPU], ""],
      [[CARD, BRIDGE, GPU], "nvlink5\n"],
    ] as const)
      assert.equal(runStepCode("driver", `${bus(...devices)}\n${ON_BUS}; fabric`).stdout, found);
  });

  it("starts Fabric Manager where there is a switch, whatever the plan counts on", () => {
    const start = (devices: string) =>
      runStepCode("driver", `${devices}\n${ON_BUS}; NVLINK=yes; start_fabric 2>/dev/null`, LOADS).stdout;
    assert.equal(start(bus(GPU, GPU)), "");
    assert.match(
      start(bus(GPU, SWITCH)),
      /^systemctl enable .*\nsystemctl start nvidia-fabricmanager\.service\n$/,
    );
    assert.match(start(bus(GPU, BRIDGE)), /^loads -a mlx5_ib ib_umad\nsystemctl enable /);
  });

  it("says which package is missing where Blackwell's switches cannot be reached", () => {
    const { status, stderr } = runStepCode("driver", `${bus(GPU, BRIDGE)}\n${ON_BUS}; start_fabric`, {
      modprobe: "exit 1",
    });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: test: the kernel modules mlx5_ib and ib_umad do not load; .*linux-modules-extra-/,
    );
  });

  it("loads the same modules at each boot", () => {
    const written = (devices: string) =>
      runStepCode("driver", `${devices}\n${ON_BUS}; ${WRITES}; load_modules_at_boot; cat "$KERNEL_MODULES"`)
        .stdout;
    assert.equal(written(bus(GPU, SWITCH)), "nvidia-uvm\n");
    assert.equal(written(bus(GPU, BRIDGE)), "nvidia-uvm\nmlx5_ib\nib_umad\n");
  });

  it("misses Fabric Manager only where there is a switch", () => {
    const drift = (devices: string) =>
      runStepCode(
        "driver",
        `${devices}\n${ON_BUS}; GPU_KIND=gpu; driver_version() { echo 580; }; unified_memory_is_there() { :; }; drift`,
        { systemctl: "exit 3" },
      ).stdout;
    assert.equal(drift(bus(GPU, GPU)), "");
    assert.equal(drift(bus(GPU, SWITCH)), "Fabric Manager does not run\n");
  });

  it("installs the packages of the switch that there is", () => {
    /** What the script of the installation has apt install at last. */
    const installed = (fabric: string) =>
      runStepCode(
        "driver",
        `export FABRIC=${fabric} BRANCH=580 DISTRIBUTION=debian12; bash -c "$(driver_script)"`,
        {
          "apt-get": 'printf "%s\\n" "$@" | tail -n 3 | xargs',
          "dpkg-query": "",
          modprobe: "",
          systemctl: "",
        },
      )
        .stdout.trim()
        .split("\n")
        .at(-1);
    assert.match(`${installed("")}`, /--no-install-recommends nvidia-open$/);
    assert.match(`${installed("nvswitch")}`, /nvidia-open nvidia-fabricmanager$/);
    assert.equal(installed("nvlink5"), "nvidia-fabricmanager nvlsm libnvsdm");
  });
});

describe("driver.sh, where the kernel's own driver has the GPUs", () => {
  const PLACES = `NOUVEAU=$FOLDER/nouveau NOUVEAU_OFF=$FOLDER/off.conf; write_file() { printf '%s' "$4" >"$1"; }`;
  const forbid = (loaded: boolean, modprobe = 'echo "modprobe $*"') =>
    runStepCode(
      "driver",
      `${PLACES}; ${loaded ? 'mkdir "$NOUVEAU"' : ":"}; forbid_nouveau && cat "$NOUVEAU_OFF"`,
      { modprobe, "update-initramfs": "echo initramfs >&2" },
    );

  it("has it loaded no more, and unloads it", () => {
    assert.equal(forbid(false).stdout, "blacklist nouveau\n");
    const { stdout, stderr } = forbid(true);
    assert.equal(stdout, "modprobe -r nouveau\nblacklist nouveau\n");
    assert.match(stderr, /^initramfs$/m);
  });

  it("says to reboot where it does not let go", () => {
    const { status, stderr } = forbid(true, "exit 1");
    assert.equal(status, 1);
    assert.match(stderr, /^error: test: the kernel module nouveau holds the GPUs; reboot the host, which/m);
  });
});

describe("driver.sh, for CUDA's unified memory", () => {
  const LOAD =
    'UVM_DEVICE=$FOLDER/uvm KERNEL_MODULES=$FOLDER/modules.conf PCI_DEVICES=$FOLDER/pci; write_file() { printf \'%s\' "$4" >"$1"; }';
  const CODE = `${LOAD}; unified_memory_is_there() { [ -e "$UVM_DEVICE" ]; }; driver_version() { echo 595; }`;

  it("loads the module now and at each boot, and makes its device file where nobody else does", () => {
    const { status, stdout } = runStepCode(
      "driver",
      `${CODE}; load_modules_at_boot; load_unified_memory; cat "$KERNEL_MODULES" "$FOLDER/loaded"`,
      {
        modprobe: 'echo "loaded $1" >loaded',
        "nvidia-modprobe": "touch uvm",
      },
    );
    assert.deepEqual([status, stdout], [0, "nvidia-uvm\nloaded nvidia-uvm\n"]);
  });

  it("says what to do when the module does not load", () => {
    const { status, stderr } = runStepCode("driver", `${CODE}; load_unified_memory`, { modprobe: "exit 1" });
    assert.equal(status, 1);
    assert.match(stderr, /^error: test: the kernel module nvidia-uvm does not load; look at 'dmesg/m);
  });
});

describe("python-environment.sh", () => {
  const SETTINGS =
    "ENVIRONMENT=$FOLDER/venv VLLM_VERSION=1.0 RAY_VERSION='' EXTRA='' SOURCE=index LOCATION='' INDEX='' LOCK=''";

  it("does not take an environment for complete in which vLLM is there and the rest is still being unpacked", () => {
    const { stdout } = runStepCode(
      "python-environment",
      `${SETTINGS}; version_of() { echo 1.0; }
      mkdir -p "$ENVIRONMENT/bin"; install -m 755 /dev/null "$ENVIRONMENT/bin/vllm"
      as_planned || echo incomplete
      : >"$ENVIRONMENT/.shardplan-complete"
      as_planned && echo complete`,
    );
    assert.equal(stdout, "incomplete\ncomplete\n");
  });

  it("does not take an environment for complete that lacks what the load test needs", () => {
    const { stdout } = runStepCode(
      "python-environment",
      `${SETTINGS}; EXTRA=pandas; version_of() { [ "$1" = pandas ] || echo 1.0; }
      mkdir -p "$ENVIRONMENT/bin"; install -m 755 /dev/null "$ENVIRONMENT/bin/vllm"; : >"$ENVIRONMENT/.shardplan-complete"
      as_planned || echo incomplete`,
    );
    assert.equal(stdout, "incomplete\n");
  });

  it("completes an environment that was cut off between interpreter and pip", () => {
    const pythons = {
      python3: '[ "$2" = venv ] && install -D -m 755 good "$3/bin/python" && install -m 755 good "$3/bin/uv"',
      good: "exit 0",
    };
    const { status, stdout, stderr } = runStepCode(
      "python-environment",
      `${SETTINGS}; export ENVIRONMENT SOURCE LOCATION INDEX LOCK VLLM=vllm==1.0 RAY= UV=uv
      mkdir -p "$ENVIRONMENT/bin"; printf '#!/bin/sh\\nexit 1\\n' >"$ENVIRONMENT/bin/python"; chmod 755 "$ENVIRONMENT/bin/python"
      bash -c "$(install_script)"; ls -A "$ENVIRONMENT"`,
      pythons,
    );
    assert.equal(status, 0, stderr);
    assert.equal(stdout, ".shardplan-complete\nbin\n");
  });
});

describe("python-environment.sh, by a lock", () => {
  for (const [from, settings, options, index] of [
    ["PyPI", "SOURCE=index INDEX=", "", ""],
    [
      "a folder of wheels alone",
      "SOURCE=wheelhouse LOCATION=/wheels",
      " --no-index --find-links /wheels",
      "",
    ],
    ["an index in its place", "SOURCE=index INDEX=https://own/simple", "", "https://own/simple"],
  ] as const) {
    it(`installs from ${from} by hashes alone, uv with those of the lock, too`, () => {
      const { status, stdout, stderr } = runStepCode(
        "python-environment",
        `export ENVIRONMENT=$FOLDER/venv LOCK=$FOLDER/lock INDEX= UV=uv VLLM=vllm RAY= EXTRA= ${settings}; mkdir -p "$ENVIRONMENT/bin"
        printf '%s\\n' 'tqdm==1 \\' '    --hash=a' 'uv==2 \\' '    --hash=b \\' '    --hash=c' 'vllm==1 \\' '    --hash=d' >"$LOCK"
        for name in python uv; do install -m 755 "$FOLDER/recorded" "$ENVIRONMENT/bin/$name"; done
        bash -c "$(install_script)"; cat "$FOLDER/calls"; ls -A "$ENVIRONMENT"`,
        {
          recorded: `echo "\${0##*/} $* \${PIP_INDEX_URL:-} \${UV_DEFAULT_INDEX:-}" | sed "s#$PWD/##g; s/ *$//" >>calls
            [ ! -e venv/.uv.txt ] || cat venv/.uv.txt >>calls`,
        },
      );
      assert.equal(status, 0, stderr);
      const uv = "uv==2 \\\n    --hash=b \\\n    --hash=c\n";
      const both = index ? ` ${index} ${index}` : "";
      assert.equal(
        stdout,
        `python -m pip --version\npython -m pip install --quiet --progress-bar off${options} --require-hashes -r venv/.uv.txt${both}\n${uv}` +
          `uv pip install --no-progress --python venv/bin/python${options} --require-hashes -r lock${both}\n${uv}.shardplan-complete\nbin\n`,
      );
    });
  }

  it("installs nothing by a file that is not the planned lock", () => {
    const { status, stderr } = runStepCode(
      "python-environment",
      `LOCK=$FOLDER/lock LOCK_SUM=other; echo x >"$LOCK"; VLLM_VERSION=1 RAY_VERSION=; install_environment`,
    );
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: test: \S+\/lock is not the lock that the program has sent; run pulumi up again$/m,
    );
  });
});

describe("python-environment.sh, beside other releases", () => {
  const RELEASES = `RELEASES=$FOLDER/releases ENVIRONMENT=$FOLDER/releases/planned
    mkdir -p "$RELEASES"/{planned,serves,old}/bin`;

  it("removes those on which nothing runs, before it installs another", () => {
    const { stdout } = runStepCode(
      "python-environment",
      `${RELEASES}; grep() { [[ $2 = */serves/ ]]; }; remove_unused; ls "$RELEASES"`,
    );
    assert.equal(stdout, "planned\nserves\n");
  });

  it("says how much space is missing, and touches nothing", () => {
    const { status, stdout, stderr } = runStepCode(
      "python-environment",
      `${RELEASES}; SOURCE=index; as_planned() { false; }; remove_unused() { :; }; install_environment() { echo installing; }; apply`,
      { df: "echo Avail; echo 3000000000" },
    );
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(
      stderr,
      /^error: test: \S+\/releases has 3 GB free, the environment needs 12 GB; nothing was changed; make room there, or raise shardplan:aws\.rootVolumeGb$/m,
    );
  });
});

describe("a change that does not serve", () => {
  /** Two units in the place of systemd's, of which others have served. */
  const SERVER = `SERVER_UNITS="ray.service vllm.service" INSTANCE="" HOSTS=1 MARKS=$FOLDER/marks READY_SECONDS=5 RAY_PORT=6379
    served_file() { echo "$FOLDER/served.tar"; }
    note() { for unit in $SERVER_UNITS; do echo "$1" >"$FOLDER/$unit"; done; }
    note old; tar -C "$FOLDER" -cf "$FOLDER/served.tar" $SERVER_UNITS; note new
    mkdir "$MARKS"; : >"$MARKS/vllm"; : >"$MARKS/ray"
    cmp() { command cmp "$1" - "$FOLDER/\${3##*/}"; }
    apply_unit() { echo "$1: $2"; }; systemctl() { :; }; died() { return "$DIED"; }; show_log() { :; }
    port_owner() { echo ray.service; }`;
  const change = (settings: string) =>
    runStepCode("vllm", `${SERVER}; ${settings}; fail_change "it died" "look"`);

  it("goes back to all units of what served last, and leaves no mark: the next up tries it again", () => {
    const { status, stdout, stderr } = runStepCode(
      "vllm",
      `${SERVER}; completes() { [ -z "$MODEL_NAME" ]; }; trap 'ls "$MARKS"; cat "$FOLDER/served.tar.failed"' EXIT; MODEL_NAME=new
      fail_change "it died" "look"`,
    );
    assert.equal(status, 1);
    assert.equal(stdout, "ray.service: old\n\nvllm.service: old\n\nit died");
    assert.match(
      stderr,
      /^error: test: it died; the service runs on with the previous version and flags; look$/m,
    );
  });

  it("starts vLLM only when the Ray that it goes back to listens", () => {
    const { stdout } = change(`completes() { return 0; }; sleep() { echo "waits"; }
      port_owner() { [ "$1" = 6379 ] && [ -e "$FOLDER/listens" ] && echo ray.service; : >"$FOLDER/listens"; }`);
    assert.equal(stdout, "ray.service: old\n\nwaits\nvllm.service: old\n\n");
  });

  it("says so when what served before does not serve again", () => {
    const { stderr } = change("DIED=0; completes() { return 1; }");
    assert.match(stderr, /^error: test: it died; what served before does not serve again either: vLLM died/m);
  });

  it("has nothing to go back to when the same units have served, none has, or Ray on other hosts has changed", () => {
    for (const nothing of ["note old", 'rm "$FOLDER/served.tar"', "HOSTS=2", 'SERVER_UNITS=""']) {
      const { stdout, stderr } = change(nothing);
      assert.deepEqual([stdout, stderr], ["", "error: test: it died; look\n"], nothing);
    }
  });
});

describe("publisher.sh", () => {
  /** A clock that only waiting moves, and a machine whose figures arrive at the time ARRIVES. */
  const MACHINE = `WHAT=metrics RIGHTS=cloudwatch:PutMetricData UNIT=p.service TIMER=p.timer ENDPOINT=monitoring.example; unset SECONDS; SECONDS=0
    sleep() { SECONDS=$((SECONDS + $1)); }; show_log() { echo "log of $1"; }
    systemctl() { [ "$1" != start ] || [ "$SECONDS" -ge "$ARRIVES" ]; }`;

  it("waits until a right that was just given is known, and ends where no figure arrives", () => {
    const soon = runStepCode("publisher", `${MACHINE}; ARRIVES=60; publish_once; echo "after $SECONDS s"`);
    assert.equal(soon.stdout.trim(), "after 60 s", soon.stderr);
    const never = runStepCode("publisher", `${MACHINE}; ARRIVES=9999; publish_once; echo "it went on"`);
    assert.equal(never.status, 1);
    assert.equal(never.stdout.trim(), "log of p.service");
    assert.match(
      never.stderr,
      /^error: test: the metrics do not reach CloudWatch; .* monitoring\.example, /m,
    );
  });

  it("says to a person that the last figures did not arrive", () => {
    const noted = (result: string) =>
      runStepCode(
        "publisher",
        `WHAT=logs UNIT=p.service; unit_notes() { :; }; systemctl() { echo ${result}; }; notes`,
      ).stdout.trim();
    assert.equal(noted("success"), "");
    assert.equal(
      noted("exit-code"),
      "the last logs did not reach CloudWatch: journalctl -u p.service says why",
    );
  });

  it("takes its place in the journal away with it, and nothing where it keeps none", () => {
    const removed = (state: string) =>
      runStepCode(
        "publisher",
        `UNIT=u TIMER=t PROGRAM_FILE=/nonexistent/p/publish STATE_FOLDER=${state}
        remove_unit() { :; }; rm() { echo "$@"; }; remove`,
      ).stdout;
    assert.match(removed("/var/lib/private/x"), /^-rf \/var\/lib\/private\/x \/var\/lib\/x$/m);
    assert.doesNotMatch(removed('""'), /var\/lib/);
  });

  it("installs an AWS tool only where there is none for the service", () => {
    const code = (path: string) => `TOOL_PATH=${path}; own_aws_tool() { echo installs; }
      write_file() { :; }; systemctl() { :; }; publish_once() { :; }; apply_unit() { :; }
      UNIT=u UNIT_TEXT= TIMER=t TIMER_TEXT= PROGRAM_FILE=p PROGRAM= JOB_FILE=j JOB=
      printf '#!/bin/sh\n' >"$FOLDER/aws"; chmod +x "$FOLDER/aws"; apply`;
    assert.match(runStepCode("publisher", code('"/nonexistent"')).stdout, /^installs$/m);
    assert.doesNotMatch(runStepCode("publisher", code('"$FOLDER"')).stdout, /installs/);
  });
});

describe("parseResult", () => {
  const schema = z.object({ gpus: z.number() });

  it("takes the last line of standard output", () => {
    assert.deepEqual(parseResult("host-facts", schema, 'noise\n{"gpus":8}\n'), { gpus: 8 });
  });

  it("says which step ended without its result, and without a stack trace", () => {
    assert.throws(() => parseResult("host-facts", schema, ""), {
      name: "Error",
      message: /^step host-facts ended without its result \(it is no JSON\): ; run pulumi up again$/,
    });
    assert.throws(
      () => parseResult("host-facts", schema, '{"gpus":"8"}'),
      /expected number, received string/,
    );
  });
});
