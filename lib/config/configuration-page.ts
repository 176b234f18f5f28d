import { type DocumentedKey, type DocumentedSection, documentedSections } from "./documented-keys";
import { NAMESPACE, SECRET_KEYS } from "./sections";

const HEAD = `# Configuration

<!-- Generated from lib/config/schema by \`npm run docs\`: edit the descriptions there. -->

A deployment is described by the \`config\` of a Pulumi stack file, \`Pulumi.<stack>.yaml\`. Every key has a default, so
an empty stack is the reference deployment with the strategy left to the planner. What TP, decode and other words mean is in
the [glossary](glossary.md). A key can be set in three ways:

\`\`\`yaml
# Pulumi.prod.yaml
config:
  shardplan:slo:
    decode: { p50Ms: 50, p99Ms: 100 }
\`\`\`

\`\`\`sh
pulumi config set --path 'shardplan:slo.decode.p99Ms' 80   # writes it into the stack file
npx shardplan plan --set slo.decode.p99Ms=80               # for one run of the planner
\`\`\`

- Numbers and booleans may also be given as text ("8", "true"), as \`pulumi config set\` writes them.
- \`--set\` takes YAML: \`--set 'workload.promptTokens={ kind: fixed, tokens: 512 }'\`, \`--set hosts.0.port=2222\`;
  an empty value goes back to the default.
- An unknown key is refused with the nearest known one, and all problems are shown at once.
- \`npx shardplan config check --stack prod\` validates a stack; \`npx shardplan config example\` prints a stack file
  with every key and its description; \`npx shardplan config show\` prints what a stack comes to with all defaults.
- Editors complete and check the keys with \`schema/deployment.schema.json\`
  (\`# yaml-language-server: $schema=schema/deployment.schema.json\` in the first line of a stack file).

Secrets are no part of a plan. The program reads them when it deploys; set them with \`pulumi config set --secret\`:
${SECRET_KEYS.map((key) => `\`${NAMESPACE}:${key}\``).join(", ")}.

The default workload is the conversation trace of Azure (AzureLLMInferenceTrace_conv.csv of Azure/AzurePublicDataset,
November 2023, 19 366 requests): prompts with median 1020 and mean 1155 tokens, outputs with median 129 and at most
1000 tokens. The mean of the outputs is 156 tokens (211 in the trace), so that 8 requests/s are the 1248 tokens/s of the
reference document. A lognormal length is never drawn longer than \`envelope.maxModelLen\` leaves room for.
`;

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  return `${[HEAD, ...documentedSections().map(sectionText)].join("\n")}`;
}

function sectionText({ name, description, keys }: DocumentedSection): string {
  const rows = keys.map(keyRow);
  return [
    `## ${name}`,
    "",
    description,
    "",
    "| key | type | unit | default | what it is |",
    "|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function keyRow(key: DocumentedKey): string {
  const fallback = key.default === undefined ? (key.required ? "required" : "") : `\`${key.default}\``;
  const cells = [`\`${key.key}\``, key.type, key.unit, fallback, key.description];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
