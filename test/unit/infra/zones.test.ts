import assert from "node:assert/strict";
import fc from "fast-check";
import { zoneCidr } from "../../../infra/aws/zones";
import { parseDeployment } from "../../../lib/config";
import { contains, overlap, parseCidr } from "../../../rehearsal/providers/cidr";

describe("the subnet of a zone", () => {
  it("is the zone's sixteenth of the VPC", () => {
    assert.equal(zoneCidr("10.42.0.0/16", "us-east-1a"), "10.42.0.0/20");
    assert.equal(zoneCidr("10.42.0.0/16", "us-east-1b"), "10.42.16.0/20");
    assert.equal(zoneCidr("192.168.7.9/24", "eu-west-1p"), "192.168.7.240/28");
  });

  it("lies in the VPC, has a size that AWS takes, and shares no address with another zone's", () => {
    const letters = [..."abcdefghijklmnop"];
    const address = fc.ipV4();
    fc.assert(
      fc.property(address, fc.integer({ min: 16, max: 24 }), (first, bits) => {
        const size = 2 ** (32 - bits);
        const vpc = parseCidr(`${first}/${bits}`);
        const range = { first: vpc.first - (vpc.first % size), bits };
        const subnets = letters.map((letter) =>
          parseCidr(zoneCidr(`${first}/${bits}`, `us-east-1${letter}`)),
        );
        return subnets.every(
          (subnet, index) =>
            contains(range, subnet) &&
            subnet.bits <= 28 &&
            subnets.slice(index + 1).every((other) => !overlap(subnet, other)),
        );
      }),
    );
  });

  it("exists only in VPCs that leave room for it", () => {
    const parse = (vpcCidr: string) => () => parseDeployment({ aws: { vpcCidr } });
    assert.doesNotThrow(parse("10.0.0.0/16"));
    assert.doesNotThrow(parse("10.0.0.0/24"));
    assert.throws(parse("10.0.0.0/8"), /aws\.vpcCidr.*\/16 to \/24/);
    assert.throws(parse("10.0.0.0/25"), /aws\.vpcCidr.*\/16 to \/24/);
  });
});
