import { deploymentNode } from "./schema-node";
import { NAMESPACE, SECRET_KEYS } from "./sections";

/** JSON Schema of a stack file, for editors: sections under `config`, other namespaces left alone. */
export function editorSchema(): object {
  const sections = Object.entries(deploymentNode().properties ?? {});
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Stack file of shardplan (Pulumi.<stack>.yaml)",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries([
          ...sections.map(([name, node]) => [`${NAMESPACE}:${name}`, node]),
          ...SECRET_KEYS.map((name) => [
            `${NAMESPACE}:${name}`,
            { description: `Set with: pulumi config set --secret ${NAMESPACE}:${name}` },
          ]),
        ]),
        patternProperties: { [`^(?!${NAMESPACE}:)[^:]+:`]: {} },
        additionalProperties: false,
      },
    },
  };
}
