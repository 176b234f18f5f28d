import assert from "node:assert/strict";
import { findModel } from "../../../../lib/catalog";
import { communicationBytes, ringBytes } from "../../../../lib/performance";
import { latencyInput } from "../kernels/latency-input";

describe("bytes of a step", () => {
  it("count two exchanges of the hidden state a layer", () => {
    const { payloadPerTokenPerLayer, sentPerGpu } = communicationBytes(latencyInput(), 1);
    // 8192 x 2 bytes = 16384, twice a layer.
    assert.equal(payloadPerTokenPerLayer, 32_768);
    // 80 layers x 2 + the embedding = 161 all-reduces; each of 8 ranks sends 2 x 7/8 of the message.
    assert.equal(sentPerGpu, 161 * 1.75 * 16_384);
  });

  it("are none on one GPU", () => {
    assert.deepEqual(communicationBytes(latencyInput({ tensorParallel: 1 }), 64), {
      payloadPerTokenPerLayer: 0,
      sentPerGpu: 0,
      sentToNextStage: 0,
    });
  });

  it("hand two tensors to the next stage, cut over the ranks", () => {
    const bytes = communicationBytes(latencyInput({ tensorParallel: 4, pipelineParallel: 2 }), 10);
    // 10 tokens x 16384 bytes x 2 tensors / 4 ranks.
    assert.equal(bytes.sentToNextStage, 81_920);
    // The first stage: 40 layers x 2 + the embedding, each 2 x 3/4 of 163840 bytes, and the hand-over.
    assert.equal(bytes.sentPerGpu, 81 * 1.5 * 163_840 + 81_920);
  });

  it("count the way to the experts and back", () => {
    const model = findModel("Mixtral-8x7B");
    const input = latencyInput({ model, tensorParallel: 1, expertParallel: 8 });
    // In each of 32 layers 7 of 8 ranks' tokens: hidden state, expert and weight of its 2 copies, and the sum back.
    assert.equal(communicationBytes(input, 1).sentPerGpu, 32 * 7 * (8192 + 2 * 8 + 8192));
  });

  it("count a sum over the cut experts of several replicas as all replicas' tokens gathered by each", () => {
    const model = findModel("Mixtral-8x7B");
    const input = latencyInput({ model, tensorParallel: 2, expertParallel: 1, expertReplicas: 2 });
    // Two all-reduces over 2 ranks in 32 layers and one of the embedding, 8192 bytes each; the other replica's token.
    assert.equal(communicationBytes(input, 1).sentPerGpu, 65 * 8192 + 32 * (8192 + 2 * 8 + 8192));
  });

  it("follow the ring", () => {
    // Two ranks exchange the whole message once; many ranks approach twice.
    assert.equal(ringBytes(100, 1), 0);
    assert.equal(ringBytes(100, 2), 100);
    assert.equal(ringBytes(100, 4), 150);
  });
});
