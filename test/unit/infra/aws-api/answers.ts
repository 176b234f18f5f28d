import { type ApiAnswers, Refusal } from "./lookups";
import { type Fields, RECORDED } from "./shapes";

/** What an account answers to the checks: moto's answers, and where moto has not the call, own ones of AWS's shapes. */

const QUOTA_NAMES: Readonly<Record<string, string>> = {
  "L-DB2E81BA": "Running On-Demand G and VT instances",
  "L-3819A6DF": "All G and VT Spot Instance Requests",
};

/** A quota's usual value, and the one that the account was given, if it was. */
export function quota(code: string, { usual, given }: { usual: number; given?: number }): ApiAnswers {
  const of = (value: number) => ({
    Quota: {
      ServiceCode: "ec2",
      ServiceName: "Amazon Elastic Compute Cloud (Amazon EC2)",
      QuotaArn: `arn:aws:servicequotas:us-east-1:123456789012:ec2/${code}`,
      QuotaCode: code,
      QuotaName: QUOTA_NAMES[code] ?? code,
      Value: value,
      Unit: "None",
      Adjustable: true,
      GlobalQuota: false,
    },
  });
  return {
    "service-quotas:GetAWSDefaultServiceQuota": of(usual),
    "service-quotas:GetServiceQuota":
      given === undefined ? new Refusal("NoSuchResourceException", "The request failed") : of(given),
  };
}

/** Entries of the price list, each with a price on demand: JSON in the form of AWS's documentation. */
export function priceList(...usd: readonly number[]): ApiAnswers {
  const entry = (price: number) =>
    JSON.stringify({
      product: { productFamily: "Compute Instance", attributes: { instanceType: "g6e.xlarge" }, sku: "SKU" },
      serviceCode: "AmazonEC2",
      terms: {
        OnDemand: {
          "SKU.JRTCKXETXF": {
            priceDimensions: {
              "SKU.JRTCKXETXF.6YS6EN2CT7": { unit: "Hrs", pricePerUnit: { USD: price.toFixed(10) } },
            },
            offerTermCode: "JRTCKXETXF",
          },
        },
      },
    });
  return { "pricing:GetProducts": { FormatVersion: "aws_v1", PriceList: usd.map(entry) } };
}

/** An active reservation with one machine free, as the Cloud Control API has it. */
export function reserved(changed: Fields): ApiAnswers {
  return {
    "cloudcontrol:GetResource": {
      TypeName: "AWS::EC2::CapacityReservation",
      ResourceDescription: {
        Identifier: "cr-0123456789abcdef0",
        Properties: JSON.stringify({ ...RESERVATION_PROPERTIES, ...changed }),
      },
    },
  };
}

export const RESERVATION_PROPERTIES: Fields = {
  Id: "cr-0123456789abcdef0",
  State: "active",
  AvailabilityZone: "us-east-1a",
  InstanceType: "g6e.xlarge",
  InstancePlatform: "Linux/UNIX",
  Tenancy: "default",
  TotalInstanceCount: 1,
  AvailableInstanceCount: 1,
  InstanceMatchCriteria: "targeted",
  EndDateType: "unlimited",
};

/** An active capacity block with one machine free, as EC2 has it. */
export function block(changed: Fields): ApiAnswers {
  const found = {
    CapacityReservationId: "cr-0123456789abcdef0",
    ReservationType: "capacity-block",
    State: "active",
    AvailabilityZone: "us-east-1a",
    InstanceType: "g6e.xlarge",
    InstancePlatform: "Linux/UNIX",
    TotalInstanceCount: 1,
    AvailableInstanceCount: 1,
    StartDate: "2026-12-01T11:30:00+00:00",
    EndDate: "2026-12-02T11:30:00+00:00",
    EndDateType: "limited",
    ...changed,
  };
  return { "ec2:DescribeCapacityReservations": { CapacityReservations: [found] } };
}

/** The zones that offer the type. */
export const offered = (...zones: readonly string[]): ApiAnswers => ({
  "ec2:DescribeInstanceTypeOfferings": {
    InstanceTypeOfferings: zones.map((Location) => ({
      InstanceType: "g6e.xlarge",
      LocationType: "availability-zone",
      Location,
    })),
  },
});

/** moto's answer to a call with one thing in it changed; what becomes undefined is left out. */
function changed<Answer>(call: string, change: (answer: Answer) => void): ApiAnswers {
  const answer = structuredClone(RECORDED[call]) as Answer;
  change(answer);
  return { [call]: JSON.parse(JSON.stringify(answer)) };
}

interface Type {
  readonly GpuInfo: { readonly Gpus: readonly [object] };
}

/** The type as EC2 describes it, but for this. */
export const typeWith = (change: (type: Type) => void): ApiAnswers =>
  changed<{ InstanceTypes: [Type] }>("ec2:DescribeInstanceTypes", ({ InstanceTypes: [type] }) =>
    change(type),
  );

/** An image whose root device is such a volume, or none at all. */
export const imageOf = (volume: Fields | undefined): ApiAnswers =>
  changed<{ Images: [{ BlockDeviceMappings: [Fields] }] }>("ec2:DescribeImages", ({ Images: [image] }) => {
    Object.assign(image.BlockDeviceMappings[0], { Ebs: volume });
  });

export const spotPrice = (usd: string): ApiAnswers =>
  changed<{ SpotPriceHistory: [object] }>("ec2:DescribeSpotPriceHistory", ({ SpotPriceHistory: [price] }) =>
    Object.assign(price, { SpotPrice: usd }),
  );

/** An account in which nothing stands against the machine. */
export const USUAL: ApiAnswers = {
  ...RECORDED,
  ...quota("L-DB2E81BA", { usual: 0, given: 8 }),
  ...priceList(1.861),
  ...reserved({}),
  ...block({}),
};

/** As AWS words it since it says which policy is missing, longer than a line. */
const notAuthorized = (action: string): string =>
  `User: arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Operators_0123456789abcdef/operator is not authorized to perform: ` +
  `${action} because no identity-based policy allows the ${action} action`;

/** What the caller may not ask is refused: by EC2 in its way, by the others in theirs. */
export const DENIED: ApiAnswers = Object.fromEntries(
  Object.keys(USUAL).map((call) => [
    call,
    call.startsWith("ec2:")
      ? new Refusal(
          "UnauthorizedOperation",
          `You are not authorized to perform this operation. ${notAuthorized(call)}`,
          403,
        )
      : new Refusal("AccessDeniedException", notAuthorized(call)),
  ]),
);
