import assert from "node:assert/strict";
import { readModelConfig, weightBytesOnRank } from "../../../lib/catalog";
import { rows } from "./data/vllm-weights.json";

describe("weights a rank", () => {
  for (const { name, config, bytesPerRank } of rows) {
    it(`of ${name} are what vLLM's own classes allocate, within 0.2 %`, () => {
      const { tensors } = readModelConfig(config, `${name}-shape`);
      assert.ok(tensors, `tensors: ${JSON.stringify(tensors)}`);
      const whole = { firstLayer: 0, layers: tensors.layers.length, isFirstStage: true, isLastStage: true };
      for (const [ranks, bytes] of Object.entries(bytesPerRank)) {
        const counted = weightBytesOnRank(tensors, whole, {
          tensorParallel: Number(ranks),
          expertParallel: 1,
        });
        assert.ok(Math.abs(counted / bytes - 1) < 0.002, `TP${ranks}: ${counted} against ${bytes}`);
      }
    });
  }
});
