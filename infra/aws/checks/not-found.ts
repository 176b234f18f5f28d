/** Whether the plugin's lookup says that there is no such thing: each of its data sources has words of its own for that. */
export const isNotFound = (error: unknown): boolean =>
  /couldn't find resource|empty result|query returned no results|no matching|Invalid\w+\.(NotFound|Malformed)/.test(
    String(error),
  );
