import type * as aws from "@pulumi/aws";
import { type Fields, guarded, namedErrors, outputShape } from "./shapes";

/** What AWS answers to calls, by names such as `ec2:DescribeImages`: an output, or a refusal. */
export type ApiAnswers = Readonly<Record<string, Fields | Refusal>>;

/** An error of AWS's API. */
export class Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    this.code = code;
    this.message = message;
    this.status = status;
  }
}

/** AWS's SDK for Go names a service by its id, and an error that the service model has without "api error". */
const SERVICES: Readonly<Record<string, string>> = {
  ec2: "EC2",
  "service-quotas": "Service Quotas",
  pricing: "Pricing",
  ssm: "SSM",
  cloudcontrol: "CloudControl",
};

class ApiError extends Error {
  readonly refusal: Refusal;

  constructor(call: string, refusal: Refusal) {
    const [service = "", operation = ""] = call.split(":");
    const { code, message, status } = refusal;
    const kind = namedErrors(call).includes(code) ? "" : "api error ";
    super(
      `operation error ${SERVICES[service]}: ${operation}, https response error StatusCode: ${status}, ` +
        `RequestID: 6e5f0c1b-7d0a-4a54-9b42-4f3d9b1c8c1e, ${kind}${code}: ${message}`,
    );
    this.refusal = refusal;
  }
}

type Calls = <Output extends Fields>(call: string) => Output;

/** Answers of one account; what is read of them is held against the shapes of AWS's service models. */
const callsOf =
  (answers: ApiAnswers): Calls =>
  <Output extends Fields>(call: string) => {
    const answer = answers[call];
    if (answer === undefined) throw new Error(`no answer for ${call}`);
    if (answer instanceof Refusal) throw new ApiError(call, answer);
    return guarded(answer, outputShape(call)) as Output;
  };

/** The plugin says so much of what went wrong, and in front of it what it was doing. */
function doing<Result>(what: string, look: () => Result): Result {
  try {
    return look();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : error}`);
  }
}

/** And of what is not there nothing else. */
const NOT_FOUND = "couldn't find resource";

function orNotFound<Result>(codes: readonly string[], look: () => Result, text = NOT_FOUND): Result {
  try {
    return look();
  } catch (error) {
    if (error instanceof ApiError && codes.includes(error.refusal.code)) throw new Error(text);
    throw error;
  }
}

interface InstanceType extends Fields {
  readonly InstanceType: string;
  readonly VCpuInfo: { readonly DefaultVCpus: number };
  readonly MemoryInfo: { readonly SizeInMiB: number };
  readonly NetworkInfo: {
    readonly EfaSupported: boolean;
    readonly EfaInfo?: { readonly MaximumEfaInterfaces: number };
  };
  readonly GpuInfo?: {
    readonly Gpus: readonly {
      readonly Name: string;
      readonly Manufacturer: string;
      readonly Count: number;
      readonly MemoryInfo: { readonly SizeInMiB: number };
    }[];
    readonly TotalGpuMemoryInMiB: number;
  };
}

interface Image extends Fields {
  readonly ImageId: string;
  readonly Name: string;
  readonly Architecture: string;
  readonly RootDeviceName: string;
  readonly BlockDeviceMappings: readonly {
    readonly DeviceName: string;
    readonly VirtualName?: string;
    readonly Ebs?: {
      readonly VolumeSize?: number;
      readonly VolumeType?: string;
      readonly SnapshotId?: string;
    };
  }[];
}

interface Quota extends Fields {
  readonly Quota: {
    readonly QuotaArn: string;
    readonly QuotaCode: string;
    readonly QuotaName: string;
    readonly Value: number;
  };
}

interface Reservations {
  readonly CapacityReservations: readonly {
    readonly State: string;
    readonly AvailabilityZone: string;
    readonly InstanceType: string;
    readonly AvailableInstanceCount: number;
    readonly TotalInstanceCount: number;
    readonly StartDate: string;
    readonly ReservationType: string;
  }[];
}

interface Instance {
  readonly InstanceId: string;
  readonly InstanceType: string;
  readonly ImageId: string;
  readonly Placement: { readonly AvailabilityZone: string };
  readonly State: { readonly Name: string };
}

const instancesOf = (call: Calls): Instance[] =>
  call<{ Reservations: { Instances: Instance[] }[] }>("ec2:DescribeInstances").Reservations.flatMap(
    ({ Instances }) => Instances,
  );

/** Lists in which there is nothing may be left out: the plugin sets them to nothing at all then. */
const orAbsent = <Result extends object>(result: Result): Partial<Result> =>
  Object.fromEntries(
    Object.entries(result).filter(([, value]) => !Array.isArray(value) || value.length > 0),
  ) as Partial<Result>;

type Lookup = (call: Calls) => object;

/**
 * What the plugin makes of AWS's answers, as hashicorp/terraform-provider-aws does it in the files named below, as far as
 * the program reads it. What AWS does not say is absent.
 */
const LOOKUPS: Readonly<Record<string, Lookup>> = {
  // internal/service/ec2/ec2_instance_type_offerings_data_source.go
  getInstanceTypeOfferings: (call): Partial<aws.ec2.GetInstanceTypeOfferingsResult> => {
    type Output = {
      InstanceTypeOfferings: { InstanceType: string; Location: string; LocationType: string }[];
    };
    const offered = call<Output>("ec2:DescribeInstanceTypeOfferings").InstanceTypeOfferings;
    return orAbsent({
      instanceTypes: offered.map(({ InstanceType }) => InstanceType),
      locations: offered.map(({ Location }) => Location),
      locationTypes: offered.map(({ LocationType }) => LocationType),
    });
  },
  // internal/service/ec2/ec2_instances_data_source.go
  getInstances: (call): Partial<aws.ec2.GetInstancesResult> => {
    const found = doing("reading EC2 Instances", () => instancesOf(call));
    return orAbsent({ ids: found.map(({ InstanceId }) => InstanceId) });
  },
  // internal/service/ec2/ec2_instance_data_source.go, which reads the type, too
  getInstance: (call): Partial<aws.ec2.GetInstanceResult> => {
    const none = "no matching EC2 Instance found";
    const [found] = orNotFound(["InvalidInstanceID.NotFound"], () => instancesOf(call), none);
    if (found === undefined) throw new Error(none);
    doing(`reading EC2 Instance Type (${found.InstanceType})`, () => call("ec2:DescribeInstanceTypes"));
    return {
      id: found.InstanceId,
      instanceState: found.State.Name,
      instanceType: found.InstanceType,
      ami: found.ImageId,
      availabilityZone: found.Placement.AvailabilityZone,
    };
  },
  // internal/service/ec2/ec2_instance_type_data_source.go
  getInstanceType: (call): Partial<aws.ec2.GetInstanceTypeResult> => {
    const [type] = call<{ InstanceTypes: InstanceType[] }>("ec2:DescribeInstanceTypes").InstanceTypes;
    if (type === undefined) throw new Error(`no matching EC2 Instance Type found`);
    const efa = type.NetworkInfo.EfaInfo;
    const gpus = type.GpuInfo;
    return {
      id: type.InstanceType,
      instanceType: type.InstanceType,
      defaultVcpus: type.VCpuInfo.DefaultVCpus,
      memorySize: type.MemoryInfo.SizeInMiB,
      efaSupported: type.NetworkInfo.EfaSupported,
      ...(efa && { efaMaximumInterfaces: efa.MaximumEfaInterfaces }),
      ...(gpus && {
        gpuses: gpus.Gpus.map(({ Name, Manufacturer, Count, MemoryInfo }) => ({
          name: Name,
          manufacturer: Manufacturer,
          count: Count,
          memorySize: MemoryInfo.SizeInMiB,
        })),
        totalGpuMemory: gpus.TotalGpuMemoryInMiB,
      }),
    };
  },
  // internal/service/servicequotas/service_quota_data_source.go: the default first, and over it what the account was given
  getServiceQuota: (call): Partial<aws.servicequotas.GetServiceQuotaResult> => {
    const what = "getting Default Service Quota for (ec2)";
    const usual = doing(what, () => call<Quota>("service-quotas:GetAWSDefaultServiceQuota").Quota);
    const found = {
      id: usual.QuotaArn,
      quotaCode: usual.QuotaCode,
      quotaName: usual.QuotaName,
      defaultValue: usual.Value,
    };
    try {
      return { ...found, value: call<Quota>("service-quotas:GetServiceQuota").Quota.Value };
    } catch (error) {
      if (!(error instanceof ApiError) || error.refusal.code !== "NoSuchResourceException") throw error;
      return { ...found, value: usual.Value };
    }
  },
  // internal/service/pricing/product_data_source.go
  getProduct: (call): Partial<aws.pricing.GetProductResult> => {
    type Output = { PriceList: string[] };
    const list = doing("reading Pricing Products", () => call<Output>("pricing:GetProducts").PriceList);
    const [result] = list;
    if (result === undefined) throw new Error("Pricing product query did not return any elements");
    if (list.length > 1)
      throw new Error(`Pricing product query not precise enough. Returned ${list.length} elements`);
    return { result };
  },
  // internal/service/ec2/ec2_spot_price_data_source.go
  getSpotPrice: (call): Partial<aws.ec2.GetSpotPriceResult> => {
    type Output = { SpotPriceHistory: { SpotPrice: string; Timestamp: string }[] };
    const history = doing("reading EC2 Spot Price History", () =>
      call<Output>("ec2:DescribeSpotPriceHistory"),
    );
    const [price, ...others] = history.SpotPriceHistory;
    if (price === undefined)
      throw new Error("no EC2 Spot Price History found matching criteria; try different search");
    if (others.length > 0)
      throw new Error(
        "multiple EC2 Spot Price History results found matching criteria; try different search",
      );
    return { spotPrice: price.SpotPrice, spotPriceTimestamp: price.Timestamp };
  },
  // internal/service/ec2/ec2_ami_data_source.go: a mapping without a volume has none, numbers are texts
  getAmi: (call): Partial<aws.ec2.GetAmiResult> => {
    const { Images } = doing("reading EC2 AMIs", () => call<{ Images: Image[] }>("ec2:DescribeImages"));
    const [image] = Images;
    if (image === undefined)
      throw new Error("Your query returned no results. Please change your search criteria and try again.");
    const blockDeviceMappings = image.BlockDeviceMappings.map(({ DeviceName, VirtualName, Ebs }) => ({
      deviceName: DeviceName,
      noDevice: "",
      virtualName: VirtualName ?? "",
      ...(Ebs && {
        ebs: {
          volume_size: Ebs.VolumeSize === undefined ? "" : `${Ebs.VolumeSize}`,
          volume_type: Ebs.VolumeType ?? "",
          snapshot_id: Ebs.SnapshotId ?? "",
        },
      }),
    })) as aws.ec2.GetAmiResult["blockDeviceMappings"];
    return orAbsent({
      id: image.ImageId,
      name: image.Name,
      architecture: image.Architecture,
      rootDeviceName: image.RootDeviceName,
      blockDeviceMappings,
    });
  },
  // internal/service/ssm/parameter_data_source.go
  getParameter: (call): Partial<aws.ssm.GetParameterResult> => {
    type Output = { Parameter: { ARN: string; Name: string; Type: string; Value: string; Version: number } };
    const { Parameter } = doing("reading SSM Parameter", () =>
      orNotFound(["ParameterNotFound"], () => call<Output>("ssm:GetParameter")),
    );
    const { ARN: arn, Name: name, Type: type, Value: value, Version: version } = Parameter;
    return { arn, id: name, name, type, value, insecureValue: value, version };
  },
  // internal/service/cloudcontrol/resource_data_source.go
  getResource: (call): Partial<aws.cloudcontrol.GetResourceResult> => {
    type Output = { ResourceDescription: { Identifier: string; Properties: string } };
    const found = doing("reading Cloud Control API (AWS::EC2::CapacityReservation) Resource", () =>
      orNotFound(["ResourceNotFoundException"], () => call<Output>("cloudcontrol:GetResource")),
    ).ResourceDescription;
    return { id: found.Identifier, properties: found.Properties };
  },
  // internal/service/ec2/ec2_capacity_block_reservation_data_source.go
  getCapacityBlockReservation: (call): Partial<aws.ec2.GetCapacityBlockReservationResult> => {
    const { CapacityReservations } = orNotFound(["InvalidCapacityReservationId.NotFound"], () =>
      call<Reservations & Fields>("ec2:DescribeCapacityReservations"),
    );
    const [found] = CapacityReservations;
    if (found === undefined) throw new Error("empty result");
    return {
      state: found.State,
      availabilityZone: found.AvailabilityZone,
      instanceType: found.InstanceType,
      availableInstanceCount: found.AvailableInstanceCount,
      instanceCount: found.TotalInstanceCount,
      startDate: found.StartDate,
      reservationType: found.ReservationType,
    };
  },
  // internal/service/ec2/vpc_subnet_data_source.go
  getSubnet: (call): Partial<aws.ec2.GetSubnetResult> => {
    type Output = { Subnets: { SubnetId: string; VpcId: string; AvailabilityZone: string; State: string }[] };
    const what = "no matching EC2 Subnet found";
    const { Subnets } = orNotFound(
      ["InvalidSubnetID.NotFound"],
      () => call<Output>("ec2:DescribeSubnets"),
      what,
    );
    const [found] = Subnets;
    if (found === undefined) throw new Error(what);
    return {
      id: found.SubnetId,
      vpcId: found.VpcId,
      availabilityZone: found.AvailabilityZone,
      state: found.State,
    };
  },
};

/**
 * What the program gets for a lookup, such as `aws:ec2/getAmi:getAmi`, where AWS answers so: the plugin's result, or the
 * error as the plugin, its bridge and the engine hand it on.
 */
export function lookUp(answers: ApiAnswers, token: string): object {
  const lookup = LOOKUPS[token.split(":").at(-1) ?? ""];
  if (lookup === undefined) throw new Error(`no lookup ${token}`);
  try {
    return lookup(callsOf(answers));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const details = `invocation of ${token} returned an error: invoking ${token}: 1 error occurred:\n\t* ${reason}\n\n`;
    throw Object.assign(new Error(details), { details });
  }
}
