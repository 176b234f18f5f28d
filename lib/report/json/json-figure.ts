import type { FigureGroup, FigurePath } from "../../strategy";
import type { planObject } from "./plan-json";

type Figures = Omit<ReturnType<typeof planObject>, "provenance">;

/** Dotted path of a number in the JSON of a plan: what `shardplan explain` takes. A path that is not there does not compile. */
export type JsonFigure = FigurePath<Figures>;

/** The same, with `*` for one segment or a last `**` for one or more. */
export type FigurePattern = JsonFigure | `${FigureGroup<Figures>}.${"*" | "**"}`;
