import assert from "node:assert/strict";
import fc from "fast-check";
import { logLogCurve } from "../../../../lib/performance/kernels/log-log";
import { tabulated, tabulatedByOctave } from "../../../../lib/performance/kernels/tabulated";

const points = fc
  .uniqueArray(fc.integer({ min: 1, max: 100_000 }), { minLength: 2, maxLength: 12 })
  .map((sizes) => sizes.sort((a, b) => a - b))
  .chain((sizes) =>
    fc.record({
      sizes: fc.constant(sizes),
      values: fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), {
        minLength: sizes.length,
        maxLength: sizes.length,
      }),
    }),
  );

const near = (value: number, truth: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(value / truth - 1) < tolerance, `${value} for ${truth}`);

describe("log-log curve", () => {
  it("passes through every measured point", () => {
    fc.assert(
      fc.property(points, ({ sizes, values }) => {
        const curve = logLogCurve(sizes, values);
        for (const [i, size] of sizes.entries()) near(curve(size), values[i]);
      }),
    );
  });

  it("stays between its neighbours", () => {
    fc.assert(
      fc.property(points, fc.double({ min: 0, max: 1, noNaN: true }), ({ sizes, values }, share) => {
        const curve = logLogCurve(sizes, values);
        const value = curve(sizes[0] + share * (sizes[1] - sizes[0]));
        assert.ok(
          value >= Math.min(values[0], values[1]) * (1 - 1e-9),
          `value: ${value}, Math.min(values[0], values[1]) * (1 - 1e-9): ${Math.min(values[0], values[1]) * (1 - 1e-9)}`,
        );
        assert.ok(
          value <= Math.max(values[0], values[1]) * (1 + 1e-9),
          `value: ${value}, Math.max(values[0], values[1]) * (1 + 1e-9): ${Math.max(values[0], values[1]) * (1 + 1e-9)}`,
        );
      }),
    );
  });

  it("meets a power law exactly, holds the floor below it and goes on beyond it", () => {
    // Through (4, 8) and (64, 128) runs y = 2 x; (16, 32) lies on it.
    const curve = logLogCurve([4, 64], [8, 128], 2);
    near(curve(16), 32);
    near(curve(1), 8);
    // Twice the last size with slope 2 is four times the last value.
    near(curve(128), 512);
  });
});

describe("tabulated curve", () => {
  it("gives what it tabulates, the second time too", () => {
    let calls = 0;
    const curve = tabulated((size) => {
      calls++;
      return size + 1;
    }, 10);
    assert.deepEqual([curve(3), curve(3), curve(11), curve(11)], [4, 4, 12, 12]);
    // Size 3 once; 11 is beyond the table, hence twice.
    assert.equal(calls, 3);
  });

  it("makes a large table only for who asks often, and gives the same without it", () => {
    let calls = 0;
    const curve = tabulated((size) => {
      calls++;
      return size + 1;
    }, 16_384);
    for (let time = 0; time < 1000; time++) assert.equal(curve(3), 4);
    assert.ok(calls > 1 && calls < 100, `${calls} calls`);
  });

  it("stays within 0.05 % of a power law between its cells", () => {
    const curve = tabulatedByOctave((batch, size) => batch * size ** 0.5, 64);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 1, max: 200_000, noNaN: true }),
        (batch, size) => near(curve(batch, size), batch * size ** 0.5, 5e-4),
      ),
    );
  });
});
