import { stringify } from "yaml";

/** YAML of a file that another program reads: no folded lines, nothing by reference. */
export const yamlText = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
