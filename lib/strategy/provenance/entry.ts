import type { Derivation } from "../../performance";
import type { Provenance } from "../types";

/** What every simulated figure cites. */
export const SIMULATION_SOURCE =
  "discrete-event simulation of vLLM's V1 scheduler over the step times of docs/numbers.md, constants from bench/calibrate";

/** A figure that its formula gives. */
export function derived<Figure extends string>(
  figure: Figure,
  { formula, inputs }: Derivation,
  source: string,
): Provenance<Figure> {
  return { figure, kind: "derived", formula, inputs, source };
}

/** A figure that is read off simulated runs, in words. */
export function simulated<Figure extends string>(
  figure: Figure,
  formula: string,
  { inputs = {}, source = SIMULATION_SOURCE }: Partial<Pick<Provenance, "inputs" | "source">> = {},
): Provenance<Figure> {
  return { figure, kind: "simulated", formula, inputs, source };
}

/** A parameter or rate that was found by comparing simulated runs, in words. */
export function searched<Figure extends string>(
  figure: Figure,
  formula: string,
  { inputs = {}, source = SIMULATION_SOURCE }: Partial<Pick<Provenance, "inputs" | "source">> = {},
): Provenance<Figure> {
  return { figure, kind: "searched", formula, inputs, source };
}
