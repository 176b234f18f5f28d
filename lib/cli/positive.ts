import { UserError } from "../config";

/** A number above 0 that was typed behind a flag, or behind a name and `=`. Throws `UserError` for anything else. */
export function positive(flag: string, text: string, joint: " " | "=" = " "): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UserError({
    code: "option-value",
    where: `${flag}${joint}${text}`,
    message: "must be a number above 0",
    hint: `as in ${flag}${joint}20`,
  });
}
