import file from "./constants.json";

/** Names of the fitted constants. */
export type ConstantName = keyof typeof file;

/** Values of the fitted constants, by name; units and meanings stand in constants.json. */
export type CalibratedConstants = Readonly<Record<ConstantName, number>>;

/** One fitted constant with what it means and where it comes from. */
export interface CalibratedConstant {
  readonly value: number;
  readonly unit: string;
  readonly meaning: string;
  readonly provenance: string;
}

/** The fitted constants with unit, meaning and provenance. `bench/calibrate.ts` is the one way to change them. */
export const calibratedConstants: Readonly<Record<ConstantName, CalibratedConstant>> = file;

/** The fitted values that predictions and plans use unless a calibration passes its own. */
export const calibrated = Object.fromEntries(
  Object.entries(calibratedConstants).map(([name, { value }]) => [name, value]),
) as CalibratedConstants;
