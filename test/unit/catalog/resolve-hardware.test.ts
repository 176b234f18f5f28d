import assert from "node:assert/strict";
import { resolveHardware } from "../../../lib/catalog";
import { type Deployment, deploymentSchema, UserError } from "../../../lib/config";

const hardware = (over: Partial<Deployment["hardware"]>) => ({
  ...deploymentSchema.parse({}).hardware,
  ...over,
});

describe("the hardware of a deployment", () => {
  it("multiplies nodes and GPUs", () => {
    const { gpu, gpus } = resolveHardware(hardware({ nodes: 2 }));
    assert.equal(gpu.name, "H100-SXM-80GB");
    assert.equal(gpus, 16);
  });

  it("may be custom: a GPU of the catalogue, any number of them, no price", () => {
    const { gpu, gpus, instance } = resolveHardware(
      hardware({ instanceType: "custom", gpu: "h200", gpusPerNode: 4 }),
    );
    assert.equal(gpu.name, "H200-SXM-141GB");
    assert.equal(gpus, 4);
    assert.equal(instance.priceUsdPerHour, undefined);
  });

  it("may be custom with a GPU that the catalogue lacks, by its figures", () => {
    const { gpu, instance } = resolveHardware(
      hardware({
        instanceType: "custom",
        gpusPerNode: 2,
        custom: {
          memoryGib: 15.8,
          memoryGbPerSecond: 900,
          bf16Tflops: 112,
          linkGbPerSecond: 150,
          pcieGbPerSecond: 16,
          computeCapability: 7,
        },
      }),
    );
    assert.equal(instance.gpus, 2);
    assert.equal(gpu.visibleMemoryBytes, 15.8 * 2 ** 30);
    assert.equal(gpu.nvlinkBytesPerSecond, 150e9);
    assert.equal(gpu.fp8FlopsPerSecond, undefined);
    assert.equal(gpu.computeCapability, 7);
  });

  it("custom asks for what is missing, by its key", () => {
    const where = (over: Partial<Deployment["hardware"]>) => {
      try {
        resolveHardware(hardware({ instanceType: "custom", ...over }));
      } catch (error) {
        return error instanceof UserError ? error.where : error;
      }
      return undefined;
    };
    assert.equal(where({}), "hardware.gpu");
    assert.equal(where({ gpu: "h100-sxm" }), "hardware.gpusPerNode");
    assert.equal(where({ gpu: "V100", gpusPerNode: 1 }), "hardware.gpu");
  });

  it("refuses a second opinion about the GPUs of an instance type", () => {
    assert.throws(() => resolveHardware(hardware({ gpu: "h200" })), /already says which GPUs it has/);
    const custom = { memoryGib: 16, memoryGbPerSecond: 900, bf16Tflops: 112, pcieGbPerSecond: 16 };
    assert.throws(() => resolveHardware(hardware({ custom })), /already says which GPUs it has/);
  });
});
