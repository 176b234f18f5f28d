import { deploymentNode, type SchemaNode } from "./schema-node";
import { NAMESPACE, SECRET_KEYS } from "./sections";

/** Names that an editor offers: the catalogue lies above this room. */
export interface OfferedNames {
  readonly gpus: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly models: readonly string[];
}

/** JSON Schema of a stack file, for editors: sections under `config`, other namespaces left alone. */
export function editorSchema({ gpus, instanceTypes, models }: OfferedNames): object {
  const offers: Readonly<Record<string, SchemaNode>> = {
    "hardware.instanceType": { enum: instanceTypes },
    // Short names, and models of the hub, are taken too.
    "hardware.gpu": { anyOf: [{ enum: gpus }, { type: "string" }] },
    "model.name": { anyOf: [{ enum: models }, { type: "string" }] },
  };
  const sections = Object.entries(deploymentNode().properties ?? {}).map(([name, node]) => {
    const properties = Object.entries(node.properties ?? {}).map(([key, value]) => {
      return [key, { ...value, ...offers[`${name}.${key}`] }] as const;
    });
    return [name, node.properties ? { ...node, properties: Object.fromEntries(properties) } : node] as const;
  });
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
