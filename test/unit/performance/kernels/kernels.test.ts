import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { findGpu, findModel, listGpus } from "../../../../lib/catalog";
import type { Precision } from "../../../../lib/performance";
import { groupCollectives } from "../../../../lib/performance/kernels/collectives";
import { gemmPoints } from "../../../../lib/performance/kernels/gemm";
import { gemmCurve } from "../../../../lib/performance/kernels/gemm-curve";
import { kernelsOf } from "../../../../lib/performance/kernels/kernels-of";
import { nearestAttention } from "../../../../lib/performance/kernels/nearest-attention";
import type { KernelPrecision } from "../../../../lib/performance/kernels/precision";
import { h100, referenceOf } from "../../../../lib/performance/kernels/references";
import * as tables from "../../../../lib/performance/kernels/tables";
import { createLatencyModel } from "./kernel-model";
import { decodeStep, latencyInput, partsOf, prefillStep } from "./latency-input";

const TABLES = join(__dirname, "../../../../lib/performance/kernels/tables");

function gemmTable(gpu: string, precision: KernelPrecision) {
  const table = tables.gemmTable(gpu, precision);
  assert.ok(table, `table: ${JSON.stringify(table)}`);
  return table;
}

function attentionTable(gpu: string, dtype: Precision) {
  const table = tables.attentionTable(gpu, dtype);
  assert.ok(table, `table: ${JSON.stringify(table)}`);
  return table;
}

const h100Gemms = (precision: "bf16" | "fp8") => ({
  table: gemmTable("h100-sxm", precision),
  precision,
  machine: findGpu("H100-SXM-80GB"),
  skipped: [],
});

describe("kernel tables", () => {
  for (const name of readdirSync(TABLES)) {
    it(`name their source and fit a cold start: ${name}`, () => {
      const { source, date, what } = JSON.parse(readFileSync(join(TABLES, name), "utf8"));
      assert.match(source, /Apache-2.0/);
      assert.match(date, /^\d{4}-\d\d-\d\d$/);
      assert.match(what, /microseconds/);
      assert.ok(
        statSync(join(TABLES, name)).size < 160 * 1024,
        "not so: statSync(join(TABLES, name)).size < 160 * 1024",
      );
    });
  }

  it("stay under 8 MB in all, which the bundle carries", () => {
    const bytes = readdirSync(TABLES).map((name) => statSync(join(TABLES, name)).size);
    assert.ok(
      bytes.reduce((sum, size) => sum + size, 0) < 8e6,
      "not so: bytes.reduce((sum, size) => sum + size, 0) < 8e6",
    );
  });

  it("hold positive times only", () => {
    for (const precision of ["bf16", "fp8"] as const) {
      for (const times of Object.values(gemmTable("h100-sxm", precision).shapes)) {
        assert.ok(
          times.every((us) => us === null || us > 0),
          `times: ${JSON.stringify(times)}`,
        );
      }
      for (const { prefill, decode } of Object.values(attentionTable("h100-sxm", precision).shapes)) {
        assert.ok(
          [...prefill.single, ...prefill.saturated, ...decode.us.flat()].every((us) => us > 0),
          "not so: [...prefill.single, ...prefill.saturated, ...decode.us.flat()].every((us) => us > 0)",
        );
        assert.ok(
          decode.us.every((row) => row.length > 0 && row.length <= decode.pasts.length),
          `decode.us: ${JSON.stringify(decode.us)}`,
        );
      }
    }
  });

  it("let the work of a prompt grow with its length, so that work becomes time", () => {
    for (const precision of ["bf16", "fp8"] as const) {
      for (const [shape, { prefill }] of Object.entries(attentionTable("h100-sxm", precision).shapes)) {
        for (const [i, work] of prefill.saturated.entries()) {
          if (i > 0)
            assert.ok(work > prefill.saturated[i - 1], `${precision} ${shape} at ${prefill.lengths[i]}`);
        }
      }
    }
  });
});

describe("GEMM times", () => {
  const table = gemmTable("h100-sxm", "bf16");

  it("are the measured ones at a measured shape", () => {
    const { tokens, us } = gemmPoints(h100Gemms("bf16"), { n: 8192, k: 4096 });
    assert.deepEqual(tokens, table.tokens);
    for (const [i, time] of us.entries())
      assert.ok(
        Math.abs(time - (table.shapes["8192x4096"][i] ?? 0)) < 1e-9,
        `Math.abs(time - (table.shapes["8192x4096"][i] ?? 0)): ${Math.abs(time - (table.shapes["8192x4096"][i] ?? 0))}`,
      );
  });

  it("grow in proportion for a vocabulary beyond the widest measured matrix", () => {
    const [one, two] = [131_072, 262_144].map((n) => gemmPoints(h100Gemms("bf16"), { n, k: 8192 }).us[0]);
    // Twice the weights to read; the borrowed efficiency is that of the same neighbours.
    assert.ok(Math.abs(two / one - 2) < 0.02, `${two / one}`);
  });

  it("leave out the rows they are told to", () => {
    const gemms = { ...h100Gemms("fp8"), table: { ...gemmTable("h100-sxm", "fp8") }, skipped: [8192] };
    assert.ok(
      !gemmPoints(gemms, { n: 8192, k: 8192 }).tokens.includes(8192),
      "not so: !gemmPoints(gemms, { n: 8192, k: 8192 }).tokens.includes(8192)",
    );
  });

  it("of block-scaled FP8 are those of per-tensor FP8 and a launch", () => {
    const gpu = findGpu("H100-SXM-80GB");
    const us = (precision: KernelPrecision) => gemmCurve(gpu, h100(), { n: 7168, k: 2048 }, precision).us(64);
    assert.ok(Math.abs(us("fp8_block") - us("fp8") - 3) < 1e-6, `${us("fp8_block")}, ${us("fp8")}`);
  });

  it("of 4-bit weights read a quarter of the bytes and compute in 16 bits", () => {
    const gpu = findGpu("H100-SXM-80GB");
    const us = (precision: KernelPrecision, m: number) =>
      gemmCurve(gpu, h100(), { n: 16_384, k: 16_384 }, precision).us(m);
    assert.ok(us("int4", 1) < 0.3 * us("bf16", 1), 'not so: us("int4", 1) < 0.3 * us("bf16", 1)');
    assert.ok(
      Math.abs(us("int4", 16_384) / us("bf16", 16_384) - 1) < 0.01,
      'not so: Math.abs(us("int4", 16_384) / us("bf16", 16_384) - 1) < 0.01',
    );
  });

  it("fall with the rows in no table but H100's first: glitches of the source are cured", () => {
    for (const gpu of ["b200-sxm", "h200-sxm", "l40s"])
      for (const times of Object.values(gemmTable(gpu, "fp8").shapes)) {
        const known = times.filter((us) => us !== null);
        assert.ok(
          known.every((us, i) => i === 0 || us >= known[i - 1]),
          `known: ${JSON.stringify(known)}`,
        );
      }
  });
});

describe("attention of a shard that was not measured", () => {
  it("is scaled from the nearest one", () => {
    const table = attentionTable("h100-sxm", "bf16");
    const shard = { queryHeads: 128, keyValueHeads: 8, headDim: 128 };
    const { shape, scaledFrom } = nearestAttention(table.shapes, shard);
    assert.equal(scaledFrom, "96/8/128");
    const measured = table.shapes["96/8/128"];
    const last = measured.prefill.lengths.length - 1;
    // Prefill: 128 / 96 of the heads, beside a floor of 11 us that is nothing at 16384 tokens. Decode: the same KV heads.
    assert.ok(
      Math.abs(shape.prefill.single[last] / measured.prefill.single[last] - 4 / 3) < 0.01,
      `Math.abs(shape.prefill.single[last] / measured.prefill.single[last] - 4 / 3): ${Math.abs(shape.prefill.single[last] / measured.prefill.single[last] - 4 / 3)}`,
    );
    assert.deepEqual(shape.decode.us, measured.decode.us);
  });
});

describe("other GPUs", () => {
  for (const gpu of listGpus()) {
    it(`have finite times: ${gpu.name}`, () => {
      const model = createLatencyModel(
        latencyInput({ gpu, model: findModel("Llama-3.1-8B"), tensorParallel: 2 }),
      );
      for (const step of [decodeStep(8, 1000), prefillStep(model, 2, 500)]) {
        assert.ok(
          partsOf(model.breakdown(step)).every((ms) => Number.isFinite(ms) && ms >= 0),
          "not so: partsOf(model.breakdown(step)).every((ms) => Number.isFinite(ms) && ms >= 0)",
        );
      }
      const { name } = referenceOf(gpu).gpu;
      const kind = gpu.name === "H200-SXM-141GB" ? "scaled" : name === gpu.name ? "measured" : "roofline";
      assert.equal(model.basis.kind, gpu.kind === "cpu" ? "roofline" : kind);
    });
  }

  it("decode faster with more memory bandwidth and prefill alike with the same arithmetic", () => {
    const [h100, h200] = ["H100-SXM-80GB", "H200-SXM-141GB"].map((name) =>
      createLatencyModel(latencyInput({ gpu: findGpu(name) })),
    );
    const decode = [h100, h200].map((model) => model.breakdown(decodeStep(8, 2000)).gemmMs);
    // 4.8 over 3.35 TB/s is 1.43; launch floors of 4 us a GEMM do not shrink.
    assert.ok(decode[0] / decode[1] > 1.2 && decode[0] / decode[1] < 1.43, `${decode[0] / decode[1]}`);
    const prefill = [h100, h200].map((model) => model.breakdown(prefillStep(model, 1, 4096)).gemmMs);
    assert.ok(
      Math.abs(prefill[0] / prefill[1] - 1) < 0.01,
      `Math.abs(prefill[0] / prefill[1] - 1): ${Math.abs(prefill[0] / prefill[1] - 1)}`,
    );
  });

  it("reduce over PCIe where there is no NVLink", () => {
    const [nvlink, pcie] = ["H100-SXM-80GB", "L40S-48GB"].map((name) => {
      const input = latencyInput({ gpu: findGpu(name), tensorParallel: 4 });
      return groupCollectives(kernelsOf(input).collectives, 4, {
        ...input,
        ranksInNode: input.gpusPerNode,
      }).allReduceUs(16 * 2 ** 20);
    });
    // Measured: 99 us over NVLink; L40S moves 16 MiB in 6.7 ms over four PCIe slots.
    assert.ok(nvlink < 110 && pcie > 5000, `${nvlink}, ${pcie} us`);
  });
});
