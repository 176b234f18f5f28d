import type { StagePicture } from "../report-document";
import { wrapText } from "./wrap-text";

const BOX = 9;

/** Boxes of GPUs under the stage that they share. */
export function drawDivision(stages: readonly StagePicture[], width: number): readonly string[] {
  const severalNodes = new Set(stages.flatMap(({ shards }) => shards.map(({ node }) => node))).size > 1;
  return stages.flatMap((stage) => [
    ...wrapText(stageTitle(stage), width),
    ...boxes(stage, width, severalNodes),
  ]);
}

/** "Replica 0, stage 0: layers 0 to 79, embedding, logits". */
export function stageTitle({ replica, stage, firstLayer, lastLayer, extras }: StagePicture): string {
  return `Replica ${replica}, stage ${stage}: ${[`layers ${firstLayer} to ${lastLayer}`, ...extras].join(", ")}`;
}

function boxes({ shards }: StagePicture, width: number, severalNodes: boolean): readonly string[] {
  const perRow = Math.max(1, Math.floor((width - 1) / (BOX + 1)));
  const rows = Array.from({ length: Math.ceil(shards.length / perRow) }, (_, row) =>
    shards.slice(row * perRow, (row + 1) * perRow),
  );
  return rows.flatMap((row) => {
    const edge = (left: string, middle: string, right: string) =>
      left + row.map(() => "─".repeat(BOX)).join(middle) + right;
    const line = (text: (shard: (typeof row)[number]) => string) =>
      `│${row.map((shard) => centered(text(shard))).join("│")}│`;
    return [
      edge("┌", "┬", "┐"),
      line(({ gpu }) => `GPU ${gpu}`),
      ...(severalNodes ? [line(({ node }) => `host ${node}`)] : []),
      line(({ text }) => (`shard ${text}`.length <= BOX ? `shard ${text}` : text)),
      edge("└", "┴", "┘"),
    ];
  });
}

function centered(text: string): string {
  const left = Math.floor((BOX - text.length) / 2);
  return text.padStart(text.length + Math.max(0, left)).padEnd(BOX);
}
