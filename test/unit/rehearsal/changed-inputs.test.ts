import assert from "node:assert/strict";
import { changedInputs } from "../../../rehearsal/providers/changed-inputs";
import { asSecret, containsUnknown, unwrapSecrets } from "../../../rehearsal/providers/secret-value";

describe("changed inputs", () => {
  it("are those that differ, whatever their depth", () => {
    const olds = { create: "a", tags: { name: "x", size: [1, 2] }, stdout: "output only" };
    assert.deepEqual(changedInputs(olds, { create: "a", tags: { name: "x", size: [1, 3] } }), ["tags"]);
  });

  it("count an input that is gone when it is a known input", () => {
    const olds = { create: "a", stdin: "text", stdout: "output only" };
    assert.deepEqual(changedInputs(olds, { create: "a" }, ["create", "stdin"]), ["stdin"]);
  });

  it("do not depend on whether a value is marked secret", () => {
    assert.deepEqual(changedInputs({ key: { a: asSecret("k") } }, { key: asSecret({ a: "k" }) }), []);
    assert.deepEqual(changedInputs({ key: asSecret("k") }, { key: asSecret("l") }), ["key"]);
  });

  it("leave out what the engine adds for itself, so that a second up shows nothing", () => {
    const olds = { tags: { name: "x" }, cidr: "10.0.0.0/16" };
    const news = { tags: { name: "x", __defaults: [] }, cidr: "10.0.0.0/16", __defaults: ["tags"] };
    assert.deepEqual(changedInputs(olds, news), []);
  });
});

describe("a secret on the wire", () => {
  it("is wrapped once and unwrapped at every depth", () => {
    assert.deepEqual(asSecret(asSecret(1)), asSecret(1));
    assert.deepEqual(unwrapSecrets([{ a: asSecret({ b: asSecret("c") }) }]), [{ a: { b: "c" } }]);
  });

  it("is found to hold what a preview does not know", () => {
    // The engine's own mark for an unknown text (sdk/go/common/resource/plugin/rpc.go: UnknownStringValue).
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    assert.ok(
      containsUnknown(asSecret({ host: unknown })),
      "not so: containsUnknown(asSecret({ host: unknown }))",
    );
    assert.ok(
      !containsUnknown(asSecret({ host: "10.0.0.1" })),
      'not so: !containsUnknown(asSecret({ host: "10.0.0.1" }))',
    );
  });
});
