/**
 * The command on a host to which a step's script goes. It is constant: script, parameters and secrets travel on standard
 * input. Without password-free sudo the script runs all the same and says so: what sudo says names neither the host nor
 * what to do.
 */
export const actionCommand = (action: "apply" | "remove" | "look"): string =>
  `if [ "$(id -u)" != 0 ] && sudo -n true </dev/null 2>/dev/null; then exec sudo -n bash -s -- ${action}; ` +
  `else exec bash -s -- ${action}; fi`;
