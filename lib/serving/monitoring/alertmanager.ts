import type { Plan } from "../../strategy";
import { hostPaths } from "../host-paths";
import { PORTS } from "../ports";
import { systemdUnit } from "../systemd-unit";
import { yamlText } from "../yaml-text";
import { WATCHER_OPTIONS } from "./monitoring-units";
import { socketAddress } from "./prometheus-config";

/** Debian's and Ubuntu's package. */
export const ALERTMANAGER_PACKAGE = "prometheus-alertmanager";

/** Below /var/lib; systemd makes it for the user that it makes. Steps remove it (infra/steps/monitoring.sh). */
const STATE = "shardplan-alertmanager";

/** How long what is not mended is kept quiet before it is told again. */
const AGAIN = { critical: "1h", warning: "12h" } as const;

/**
 * The configuration of the Alertmanager on a stack's first host: one mail or call for all alerts of a name, and another when they
 * have ended.
 * @param secret The webhook's URL, or the password of the mail server's user; empty where it asks for none.
 */
export function alertmanagerConfig(plan: Plan, stack: string, secret: string): string {
  const { alerts } = plan.deployment.monitoring;
  const receiver =
    alerts.to === "webhook"
      ? {
          webhook_configs: [
            // One that is followed comes as a GET without the alert, counts as told, and has the secret in its Referer.
            { url: secret, send_resolved: true, http_config: { follow_redirects: false } },
          ],
        }
      : {
          email_configs: [
            {
              to: alerts.mailTo,
              from: alerts.mailFrom,
              smarthost: alerts.mailServer,
              send_resolved: true,
              headers: { Subject: `[${stack}] {{ .Status }}: {{ .CommonLabels.alertname }}` },
              ...(alerts.mailUser === undefined
                ? {}
                : { auth_username: alerts.mailUser, auth_password: secret }),
            },
          ],
        };
  const route = {
    receiver: "told",
    group_by: ["alertname"],
    group_wait: "15s",
    group_interval: "5m",
    repeat_interval: AGAIN.warning,
    routes: [{ receiver: "told", matchers: ['severity="critical"'], repeat_interval: AGAIN.critical }],
  };
  return yamlText({ route, receivers: [{ name: "told", ...receiver }] });
}

/**
 * What is wrong with the secret that Alertmanager is to be given; undefined where nothing is. The secret is not in the text.
 * A quote, say, would stand in a URL as it is, and end it too early for what keeps URLs out of the log.
 */
export function alertSecretFault(to: "webhook" | "mail", secret: string): string | undefined {
  if (to === "mail") {
    return /\p{Cc}/u.test(secret) ? "holds a line break or another control character" : undefined;
  }
  const isUrl = /^https?:\/\/[^\s\p{Cc}"'<>\\^`{|}]+$/u.test(secret) && URL.canParse(secret);
  return isUrl
    ? undefined
    : "is no whole URL with http or https; write spaces, quotes and braces in it as %20 and the like";
}

/**
 * Its log has the whole URL of a webhook that it did not reach, and with it the secret; what answers an error often repeats the
 * URL's path. The journal has more readers.
 */
const WITHOUT_SECRET = `2> >(exec sed -u -E 's#(unexpected status code [0-9]+).*#\\1"#; s#://[^" ]*#://...#g' >&2)`;

/** What runs Alertmanager on the first host, on loopback and without peers, as a line for bash. */
export const alertmanagerCommand = (storage: string, port: number): string =>
  [
    'exec /usr/bin/prometheus-alertmanager --config.file="$CREDENTIALS_DIRECTORY/alertmanager"',
    `--storage.path=${storage}`,
    `--web.listen-address=${socketAddress("127.0.0.1", port)}`,
    "--cluster.listen-address=",
    WITHOUT_SECRET,
  ].join(" ");

/** Its unit. Only systemd reads its configuration, which has a secret. */
export const alertmanagerUnit = (plan: Plan): string =>
  systemdUnit({
    description: "shardplan: Alertmanager",
    after: [],
    user: "shardplan-alertmanager",
    command: ["/bin/bash", "-c", alertmanagerCommand(`/var/lib/${STATE}`, PORTS.alertmanager)],
    restartSeconds: 5,
    stopSeconds: 10,
    options: [
      ...WATCHER_OPTIONS,
      `LoadCredential=alertmanager:${hostPaths(plan).alertmanagerConfig}`,
      `StateDirectory=${STATE}`,
      "StateDirectoryMode=700",
      "ProtectHome=yes",
      "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    ],
  });
