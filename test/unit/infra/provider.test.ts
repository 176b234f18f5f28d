import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { providerArgs } from "../../../infra/aws/provider";

describe("the account's provider", () => {
  after(() => pulumi.runtime.setAllConfig({}));

  it("has the profile and the default tags of the stack's aws keys, the program's own tags above them", () => {
    pulumi.runtime.setAllConfig({
      "aws:profile": "team",
      "aws:defaultTags": JSON.stringify({ tags: { owner: "ml", stage: "theirs" } }),
    });
    const { profile, defaultTags } = providerArgs({ region: "eu-west-1", tags: { stage: "ours" } }, true);
    assert.equal(profile, "team");
    assert.deepEqual(defaultTags, { tags: { owner: "ml", stage: "ours" } });
  });
});
