import fc from "fast-check";

/**
 * Property tests draw the same cases in every run, so that a red run is always the change's own; other cases with
 * PROPERTY_SEED=<number>, or `random` for a hunt.
 */
const { PROPERTY_SEED = "2026" } = process.env;
if (PROPERTY_SEED !== "random") fc.configureGlobal({ seed: Number(PROPERTY_SEED) });
