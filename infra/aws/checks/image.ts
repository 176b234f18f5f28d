import * as aws from "@pulumi/aws";
import type { Finding } from "../../checks/finding";
import { IMAGE_PARAMETER } from "../image";
import type { Asked } from "./asked";
import { isNotFound } from "./not-found";

/** The processors of all instance types of the catalogue. */
const ARCHITECTURE = "x86_64";

/** Whether the image runs on the machines, and fits on their root volume. */
export async function lookAtImage({ plan, account }: Asked): Promise<Finding> {
  const { amiId, rootVolumeGb } = plan.deployment.aws;
  const id = amiId ?? (await newestImage(account));
  if (id === undefined) {
    return {
      verdict: "fails",
      text: `aws.amiId: is not set, and ${plan.deployment.aws.region} has no ${IMAGE_PARAMETER}; set it to an image of that region`,
    };
  }
  const image = await findImage(id, account);
  const what = `aws.amiId: ${id}`;
  if (image === undefined) {
    return {
      verdict: "fails",
      text: `${what} is no image of ${plan.deployment.aws.region} that this account may use`,
    };
  }
  if (image.architecture !== ARCHITECTURE) {
    return {
      verdict: "fails",
      text: `${what} is for ${image.architecture}, and ${plan.instance.name} is ${ARCHITECTURE}`,
    };
  }
  const { blockDeviceMappings = [] }: Partial<aws.ec2.GetAmiResult> = image;
  const root = blockDeviceMappings.find(({ deviceName }) => deviceName === image.rootDeviceName);
  // A device that is no volume has no `ebs`.
  const { ebs }: Partial<typeof root> = root ?? {};
  const rootGb = Number(ebs?.volume_size ?? 0);
  if (rootGb > rootVolumeGb) {
    return {
      verdict: "fails",
      text: `aws.rootVolumeGb: is ${rootVolumeGb}, and the image ${id} needs ${rootGb}`,
    };
  }
  return {
    verdict: "passes",
    text: `${id} (${image.name}) is ${image.architecture}, its ${rootGb} GB fit on the root volume`,
  };
}

/** AWS's newest image; undefined where the region has none. */
const newestImage = (account: Asked["account"]): Promise<string | undefined> =>
  found(async () => (await aws.ssm.getParameter({ name: IMAGE_PARAMETER }, account)).insecureValue);

const findImage = (id: string, account: Asked["account"]): Promise<aws.ec2.GetAmiResult | undefined> =>
  found(() =>
    aws.ec2.getAmi({ filters: [{ name: "image-id", values: [id] }], includeDeprecated: true }, account),
  );

async function found<Result>(lookup: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await lookup();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
