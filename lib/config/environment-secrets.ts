/** Words of a variable's name that speak of a secret. */
const NAMED = /(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|API_?KEY|ACCESS_KEY|PRIVATE_KEY)(_|$)/;
/** How tokens of Hugging Face, OpenAI-like services, GitHub and AWS, private keys and passwords in addresses look. */
const VALUED =
  /\bhf_[A-Za-z0-9]{20}|\bsk-[A-Za-z0-9_-]{16}|\bgh[pousr]_[A-Za-z0-9]{20}|\bA[KS]IA[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|:\/\/[^/\s:@]+:[^/\s@]+@/;
/** A switch, a number or a path says nothing that must be hidden. */
const HARMLESS = /^(\d{0,6}|true|false|\/\S*)$/i;

/** Does a variable of `serving.environment` hold a secret, by its name or by its value? */
export function isSecretVariable(name: string, value: string): boolean {
  return VALUED.test(value) || (NAMED.test(name) && !HARMLESS.test(value));
}
