import type { LocalHost, LocalHosts } from "../hosts/local-hosts";
import { runOnHost } from "../hosts/run-on-host";

/** Folders of which only what lies directly in them is of interest: services write below. */
const SERVICES_WRITE = [
  "/var/lib/shardplan/cache",
  "/var/log/shardplan",
  "/var/lib/shardplan-gateway",
  "/var/lib/private/shardplan-prometheus",
];

/** Where the steps write files whose content they decide. */
const CONTENTS = ["/etc/*", "/var/lib/shardplan/models/*"];

/**
 * Units, users, rules of the firewall, and files with their owners and contents. A key or certificate that the host makes
 * is another one each time, and so is what a step notes of a start (`.loaded-...`, `.started-...`) and of its files: there the file counts; of an archive,
 * what is in it.
 */
const READ = `
systemctl list-units --all --plain --no-legend 'shardplan-*' | awk '$1 !~ /^shardplan-step-/ {print "unit", $1, $3}'
systemctl list-unit-files --plain --no-legend 'shardplan-*' | awk '$1 !~ /^shardplan-step-/ {print "unit file", $1, $2}'
getent passwd | grep '^shardplan' | cut -d: -f1,6,7 | sed 's/^/user /'
echo "firewall $(nft --stateless list ruleset 2>/dev/null | sha256sum | cut -c1-16)"
find / /run /tmp -xdev -path '*shardplan*' \\
  ${SERVICES_WRITE.map((path) => `! -path '${path}/*'`).join(" ")} ! -path '/var/lib/shardplan/ray*/*' ! -path '/run/systemd/*' ! -path '*/systemd-private-*' ! -path '/run/shardplan/*.lock' \\
  -printf '%y %m %u:%g %p %l\\n' | sort -k 4 | while read -r kind mode owner path target; do
    sum=
    case "$kind $path" in
      "f "*.prom | "f "*/.loaded-* | "f "*/.started-* | "f "*/marks/*.files) ;;
      "f "*.tar) sum=$(tar -xOf "$path" | sha256sum | cut -c1-16) ;;
${CONTENTS.map((path) => `      "f "${path})`).join(" ;&\n")}
        sum=$(sed -e 's/sk-[A-Za-z0-9]\\{20,\\}/a key/g' -e '/^-----BEGIN/,/^-----END/c a key or certificate' "$path" | sha256sum | cut -c1-16) ;;
    esac
    echo "file $kind $mode $owner $path $target $sum"
  done`;

/** What the steps have made of a host, one line each: the same after every way to the same end. */
export async function endState(hosts: LocalHosts, host: LocalHost): Promise<string[]> {
  const { stdout } = await runOnHost(hosts, host, READ);
  return stdout.split("\n").map((line) => line.trimEnd());
}

/** Lines of one state that the other has not, both ways; empty when they are the same. */
export function differences(wanted: readonly string[], found: readonly string[]): string[] {
  return [
    ...wanted.filter((line) => !found.includes(line)).map((line) => `- ${line}`),
    ...found.filter((line) => !wanted.includes(line)).map((line) => `+ ${line}`),
  ];
}
