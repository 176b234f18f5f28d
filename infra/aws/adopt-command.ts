/** The command that takes what is half made into the state. */
export const adoptCommand = (stack: string, ids: Readonly<Record<string, string>>): string =>
  `npm run adopt -- --stack ${stack} ${Object.entries(ids)
    .map(([name, id]) => `${name}=${id}`)
    .join(" ")}`;
