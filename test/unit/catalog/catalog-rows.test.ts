import assert from "node:assert/strict";
import { findGpu, listGpus, listInstanceTypes, listModels } from "../../../lib/catalog";

describe("the rows of the catalogue", () => {
  it("name their source and its date", () => {
    for (const row of [...listModels(), ...listGpus(), ...listInstanceTypes()]) {
      assert.ok(row.provenance.source.length > 20, row.name);
      assert.match(row.provenance.date, /^20\d\d-\d\d-\d\d$/, row.name);
    }
  });

  it("have unique names", () => {
    for (const rows of [listModels(), listGpus(), listInstanceTypes()]) {
      assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
    }
  });

  it("put GPUs of the catalogue into every instance type", () => {
    for (const { gpu, gpus } of listInstanceTypes()) {
      assert.equal(findGpu(gpu).name, gpu);
      assert.ok(gpus >= 1, `gpus: ${gpus}`);
    }
  });

  it("never let CUDA see more memory than a GPU has", () => {
    for (const { name, kind, memoryBytes, visibleMemoryBytes } of listGpus()) {
      assert.ok(visibleMemoryBytes <= memoryBytes, name);
      // The driver takes a GiB or two, on the smallest cards (with ECC) up to a tenth.
      if (kind === "gpu") assert.ok(visibleMemoryBytes >= 0.9 * memoryBytes, name);
    }
  });

  it("describe heads that the hardware can divide", () => {
    for (const model of listModels()) {
      assert.equal(model.attentionHeads % model.keyValueHeads, 0, model.name);
      assert.ok(model.layers > 0 && model.vocabularySize > 0, model.name);
    }
  });
});
