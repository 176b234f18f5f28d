/**
 * The one document that all text formats are made from. A section holds blocks; a block is plain data.
 * Renderers decide how a block looks, never what it says.
 */
import type { Provenance } from "../strategy";
import type { JsonFigure } from "./json/json-figure";

export type Tone = "good" | "bad" | "warn" | "strong" | "quiet";

/** Text with an optional meaning, so that a renderer may colour it. Colour never carries meaning alone. */
export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** How a figure is known and the number of its source in the list at the end. */
export interface Citation {
  readonly kind: Provenance["kind"];
  readonly number: number;
}

/** One figure: label, value with unit, 80 % band, and where it comes from. */
export interface Fact {
  readonly label: string;
  readonly value: Cell;
  readonly band?: string;
  /** Dotted path of the figure in the plan's JSON: what `shardplan explain` takes. */
  readonly figure?: JsonFigure;
  readonly note?: string;
  readonly citation?: Citation;
}

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Figures that the table prints; each gets its source cited under the table. */
  readonly figures?: readonly JsonFigure[];
  readonly citations?: readonly Citation[];
}

/** One part of a stacked bar. `share` is of the whole bar, 0..1. */
export interface BarPart {
  readonly label: string;
  readonly text: string;
  readonly share: number;
}

/** GPUs of one stage of one replica and what they hold. Layers are inclusive. */
export interface StagePicture {
  readonly replica: number;
  readonly stage: number;
  readonly firstLayer: number;
  readonly lastLayer: number;
  /** What else the stage holds: embedding, logits. */
  readonly extras: readonly string[];
  readonly shards: readonly { readonly gpu: number; readonly node: number; readonly text: string }[];
}

/** A point of the plot of speed per user against throughput per GPU. */
export interface ParetoPoint {
  readonly label: string;
  readonly tokensPerSecondPerUser: number;
  readonly tokensPerSecondPerGpu: number;
  readonly state: "chosen" | "front" | "meets" | "misses";
}

export interface LoadSeries {
  readonly name: string;
  readonly limitMs?: number;
  readonly points: readonly { readonly requestRate: number; readonly ms: number }[];
}

/** What a plot shows, without how. */
export type Chart =
  | {
      readonly kind: "pareto";
      readonly points: readonly ParetoPoint[];
      readonly front: readonly ParetoPoint[];
    }
  | {
      readonly kind: "load";
      readonly quantity: string;
      readonly series: readonly LoadSeries[];
      readonly requestRate: number;
      readonly kneeRate: number;
    }
  | {
      readonly kind: "memory";
      readonly bars: readonly { readonly gpu: string; readonly part: string; readonly gigabytes: number }[];
      readonly parts: readonly string[];
      readonly limits: readonly { readonly label: string; readonly gigabytes: number }[];
    }
  | {
      readonly kind: "steps";
      readonly bars: readonly { readonly step: string; readonly part: string; readonly share: number }[];
      readonly parts: readonly string[];
    }
  | {
      readonly kind: "sweep";
      /** The config key, and a latency at each of its values; null where the load is more than is served. */
      readonly key: string;
      readonly points: readonly {
        readonly value: string;
        readonly ms: number | null;
        readonly limitMs: number;
      }[];
    }
  | {
      readonly kind: "timeline";
      readonly samples: readonly {
        readonly second: number;
        readonly running: number;
        readonly waiting: number;
        readonly kvUsage: number;
      }[];
    };

export type Block =
  | { readonly kind: "text"; readonly text: string; readonly tone?: Tone }
  | { readonly kind: "list"; readonly items: readonly Cell[] }
  | { readonly kind: "facts"; readonly facts: readonly Fact[] }
  | ({
      readonly kind: "table";
      readonly caption?: string;
      /** A page shows the caption alone until a reader opens it; print and the other formats show it whole. */
      readonly folded?: true;
    } & Table)
  | { readonly kind: "code"; readonly title: string; readonly text: string }
  | {
      readonly kind: "bar";
      readonly title: string;
      readonly parts: readonly BarPart[];
      /** Where the limit stands on the bar, 0..1, and what it is. */
      readonly limit: { readonly share: number; readonly text: string };
    }
  | { readonly kind: "division"; readonly stages: readonly StagePicture[] }
  | {
      readonly kind: "plot";
      readonly id: string;
      readonly title: string;
      /** What a reader should see in it, in one sentence: also the text for screen readers. */
      readonly summary: string;
      readonly chart: Chart;
      readonly table: Table;
    };

export interface Derivation {
  readonly figure: string;
  readonly formula: string;
  readonly inputs: string;
  readonly citation: Citation;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface ReportDocument {
  readonly title: string;
  readonly subtitle: string;
  /** One sentence: what is planned and whether it holds. */
  readonly verdict: Cell;
  /** The few figures that a hurried reader wants. */
  readonly highlights: readonly Fact[];
  readonly sections: readonly Section[];
  /** Formula, inputs and source of each figure that the document prints. */
  readonly derivations: readonly Derivation[];
  readonly sources: readonly { readonly number: number; readonly text: string }[];
}

export type ReportFormat = "terminal" | "md" | "html" | "json";
