import { z } from "zod";

/** Kinds of values that several sections use. */

/** A whole number from 1 to the most that is not a slip of the pen. */
export const countUpTo = (most: number) => z.int().min(1).max(most);
/** A number between the least and the most that are no slip of the pen, and that a report can print. */
export const between = (least: number, most: number) => z.number().min(least).max(most);
/** A share: a thousandth to 1. */
export const fraction = between(0.001, 1);
export const port = z.int().min(1).max(65535);
/** `auto` or a whole number. */
export const autoOrCount = (most: number) => z.union([z.literal("auto"), countUpTo(most)]);

/** The most of each kind: more than any machine, engine or service that exists has. */
export const MOST = {
  gpus: 2048,
  sequences: 65_536,
  tokensOfStep: 1_048_576,
  /** Of one request. */
  tokens: 16_777_216,
  requests: 10_000_000,
  milliseconds: 86_400_000,
} as const;

/** Text of a stated form; the form is what errors and docs print. */
export const textLike = (pattern: RegExp, form: string) => z.string().regex(pattern).meta({ form });

/** A path on a host. */
export const absolutePath = textLike(/^\//, "an absolute path");

/** A version as package indexes write it, such as 0.33.0 or 0.33.0+cpu. */
export const version = textLike(
  /^\d+\.\d+[\w.+-]*$/,
  "a version such as 1.2.3 (in quotes if it has one dot)",
);
