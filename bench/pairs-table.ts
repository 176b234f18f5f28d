import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PEER_VERSION, peerEstimates } from "./aiconfigurator";
import { type BandedFigure, holdOutBands } from "./band-coverage";
import { quantile } from "./quantile";
import { type MeasuredCase, readOtherPairs } from "./read-cases";
import { percent, type Table } from "./table";

interface Line extends BandedFigure {
  readonly id: string;
  readonly column: Column;
}

type Column = keyof typeof QUANTITIES;

const QUANTITIES = { ttft_ms_mean: "TTFT", itl_ms_mean: "TPOT" } as const;
const NONE = "-";

function sizes(errors: readonly number[]): string[] {
  if (errors.length === 0) return [NONE, NONE];
  const absolute = errors.map(Math.abs);
  return [percent(quantile(absolute, 0.5)), percent(quantile(absolute, 0.9))];
}

/** Median, p90 and bias of the errors, and the share that lies in a band of figures elsewhere. */
function own(lines: readonly Line[], held: ReadonlyMap<Line, boolean>): string[] {
  const errors = lines.map(({ measured, predicted }) => predicted / measured - 1);
  const inside = lines.filter((line) => held.get(line)).length;
  return [...sizes(errors), percent(quantile(errors, 0.5)), percent(inside / lines.length)];
}

/** Residuals as `bench/calibrate-pairs.ts` wrote them, each with what was left out when it was predicted. */
function readLines(rows: ReadonlyMap<string, MeasuredCase>) {
  const file = JSON.parse(readFileSync(join(__dirname, "cross-validation-pairs.json"), "utf8")) as Record<
    "groups" | "pairs",
    readonly Omit<Line, "group">[]
  >;
  const of = (kind: "groups" | "pairs", part: "group" | "pair"): readonly Line[] =>
    file[kind].map((line) => ({ ...line, group: rows.get(line.id)?.[part] ?? "" }));
  return { groups: of("groups", "group"), pairs: of("pairs", "pair") };
}

/** Errors of the peer by row and column; empty where it cannot be run or does not answer a row. */
function peerErrors(rows: readonly MeasuredCase[]) {
  const answer = peerEstimates(rows);
  if ("absent" in answer) return { errors: new Map<string, number>(), says: `not run: ${answer.absent}` };
  const measured = new Map(rows.map((row) => [row.id, row.measured] as const));
  const errors = new Map(
    answer.estimates.flatMap(({ id, ...figures }) =>
      (Object.keys(QUANTITIES) as Column[]).flatMap((column) => {
        const [estimate, truth] = [figures[column], measured.get(id)?.[column]];
        return estimate === undefined || truth === undefined
          ? []
          : [[`${id} ${column}`, estimate / truth - 1] as const];
      }),
    ),
  );
  const refused = answer.estimates.filter(({ error }) => error !== undefined);
  const reasons = [...new Set(refused.map(({ error }) => error))].map((reason) => reason?.split(".")[0]);
  return {
    errors,
    says: `it answers ${rows.length - refused.length} of ${rows.length} rows${reasons.length === 0 ? "" : ` (${reasons.join("; ")})`}`,
  };
}

/** Errors on models and GPUs beside Llama-70B on H100, with the group, and with the whole pair, left out of the fit. */
export function pairsTable(): Table {
  const measured = readOtherPairs();
  const byId = new Map(measured.map((row) => [row.id, row] as const));
  const { groups, pairs } = readLines(byId);
  const [groupsHeld, pairsHeld] = [holdOutBands(groups), holdOutBands(pairs)];
  const peer = peerErrors(measured);
  const names = [...new Set(measured.map(({ pair }) => pair))];
  const rows = Object.entries(QUANTITIES).flatMap(([column, name]) =>
    ["all", ...names].map((pair) => {
      const chosen = (lines: readonly Line[]) =>
        lines.filter(
          (line) => line.column === column && (pair === "all" || byId.get(line.id)?.pair === pair),
        );
      const figures = chosen(groups);
      const peers = figures.flatMap(({ id }) => peer.errors.get(`${id} ${column}`) ?? []);
      return [
        `${name}, ${pair}`,
        String(figures.length),
        ...own(figures, groupsHeld),
        ...own(chosen(pairs), pairsHeld),
        String(peers.length),
        ...sizes(peers),
      ];
    }),
  );
  return {
    title: "Other models and GPUs: groups and whole pairs left out of the fit",
    note: `A pair is a model, a GPU and a precision; a group is a pair at one TP and shape. A pair that is left out takes the factors of its kind of model from other GPUs, or of plain mixtures where its kind has no other rows. "In band" is the share inside the 80 % band that the residuals of the other groups, or of the other pairs, give. Goals: groups left out, TPOT median 7 and p90 20 %, TTFT 13 and 35 %; pairs left out, 10 and 26, 22 and 45 %; 75 to 90 % in band over all pairs. The peer is AIConfigurator ${PEER_VERSION}, whose own measurements include such rows; ${peer.says}.`,
    header: [
      "figure",
      "n",
      "median",
      "p90",
      "bias",
      "in band",
      "pair out: median",
      "p90",
      "bias",
      "in band",
      "peer: n",
      "median",
      "p90",
    ],
    rows,
  };
}
