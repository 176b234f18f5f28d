import { configurationPage } from "./configuration-page";
import { editorSchema, type OfferedNames } from "./editor-schema";

/** A file that is made from the schema, with its path from the root of the repository. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** Every file that is made from the schema. `npm run docs` writes them. */
export function generatedFiles(names: OfferedNames): GeneratedFile[] {
  return [
    { path: "docs/configuration.md", text: configurationPage() },
    { path: "schema/deployment.schema.json", text: `${JSON.stringify(editorSchema(names), null, 2)}\n` },
  ];
}
