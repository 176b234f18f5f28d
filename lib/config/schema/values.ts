import { z } from "zod";

/** Kinds of values that several sections use. */

export const positiveInt = z.int().positive();
export const positive = z.number().positive();
/** A share: above 0, at most 1. */
export const fraction = z.number().gt(0).lte(1);
export const port = z.int().min(1).max(65535);
/** `auto` or a whole number. */
export const autoOrCount = z.union([z.literal("auto"), positiveInt]);

/** Text of a stated form; the form is what errors and docs print. */
export const textLike = (pattern: RegExp, form: string) => z.string().regex(pattern).meta({ form });

/** A path on a host. */
export const absolutePath = textLike(/^\//, "an absolute path");

/** A version as package indexes write it, such as 0.33.0 or 0.33.0+cpu. */
export const version = textLike(
  /^\d+\.\d+[\w.+-]*$/,
  "a version such as 1.2.3 (in quotes if it has one dot)",
);
