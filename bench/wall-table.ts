import type { Residual } from "./evaluate";
import type { Table } from "./table";

/**
 * A closed loop that the KV cache cannot hold waits for seconds; one that it can hold waits for its prefills. Between the
 * two lies a factor of five in the published rows.
 */
const WALL_MS = 5000;

/** Every KV wall of vLLM's closed loops: found, missed, or invented. */
export function wallTable(residuals: readonly Residual[]): Table {
  const closed = residuals.filter(
    ({ row, column }) =>
      row.cells.engine === "vLLM" && row.cells.arrivals === "closed" && column === "ttft_ms_mean",
  );
  const walls = closed.filter(({ measured, predicted }) => Math.max(measured, predicted) > WALL_MS);
  const kind = ({ measured, predicted }: Residual): string => {
    if (measured <= WALL_MS) return "INVENTED";
    return predicted > WALL_MS ? "found" : "MISSED";
  };
  return {
    title: "KV walls: closed loops that wait for the cache",
    note: `Mean first-token time above ${WALL_MS / 1000} s, over ${closed.length} rows of vLLM.`,
    header: ["row", "measured s", "predicted s", "verdict"],
    rows: walls.map((residual) => [
      residual.row.id,
      (residual.measured / 1000).toFixed(1),
      (residual.predicted / 1000).toFixed(1),
      kind(residual),
    ]),
  };
}
