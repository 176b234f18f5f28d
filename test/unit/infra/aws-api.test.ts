import assert from "node:assert/strict";
import {
  block,
  imageOf,
  offered,
  priceList,
  quota,
  RESERVATION_PROPERTIES,
  reserved,
  spotPrice,
  typeWith,
  USUAL,
} from "./aws-api/answers";
import { type ApiAnswers, Refusal } from "./aws-api/lookups";
import { guarded, misfits, namedErrors, outputShape, RESERVATION } from "./aws-api/shapes";

const misfitsOf = (answers: ApiAnswers): readonly string[] =>
  Object.entries(answers).flatMap(([name, answer]) => {
    const [call = "", ...variant] = name.split(" ");
    if (answer instanceof Refusal) {
      const { code } = answer;
      return namedErrors(call).length === 0 || namedErrors(call).includes(code)
        ? []
        : [`${call}: no error ${code}`];
    }
    return variant[0] === "refused" ? [] : misfits(answer, outputShape(call), call);
  });

describe("the answers by which the checks of the account are tried", () => {
  it("have the fields and types of AWS's service models", () => {
    const all: readonly ApiAnswers[] = [
      USUAL,
      quota("L-DB2E81BA", { usual: 0 }),
      priceList(1, 2),
      block({}),
      reserved({}),
      offered("us-east-1a"),
      typeWith(() => {}),
      imageOf({ VolumeSize: 75 }),
      spotPrice("0.5"),
    ];
    assert.deepEqual(all.flatMap(misfitsOf), []);
    assert.deepEqual(misfits(RESERVATION_PROPERTIES, RESERVATION), []);
  });

  it("would be refused with another name, another type, or an error that the service does not have", () => {
    assert.deepEqual(misfitsOf(block({ Zone: "us-east-1a", AvailableInstanceCount: "1" })), [
      'ec2:DescribeCapacityReservations.CapacityReservations[0].AvailableInstanceCount: "1" is no integer',
      "ec2:DescribeCapacityReservations.CapacityReservations[0].Zone: is not in the shape",
    ]);
    assert.deepEqual(misfitsOf({ "service-quotas:GetServiceQuota": new Refusal("QuotaNotFound", "") }), [
      "service-quotas:GetServiceQuota: no error QuotaNotFound",
    ]);
    assert.deepEqual(misfits({ Free: 1 }, RESERVATION), [".Free: is not in the shape"]);
  });

  it("cannot be read for a field that AWS does not send", () => {
    const output = guarded({ Images: [{ ImageId: "ami-0" }] }, outputShape("ec2:DescribeImages"));
    assert.equal(output.Images[0]?.ImageId, "ami-0");
    const misread = output.Images[0] as unknown as { Id: string };
    assert.throws(() => misread.Id, /AWS answers with no Id/);
  });
});
