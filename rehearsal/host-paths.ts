import { ENVIRONMENT_PATH } from "./python-environment";

/** Where the product keeps things on a host, as far as the rehearsal looks at them. */
export const hostPaths = {
  secrets: "/etc/shardplan/secrets",
  python: `${ENVIRONMENT_PATH}/bin/python`,
} as const;
