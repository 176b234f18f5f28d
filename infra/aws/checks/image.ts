import * as aws from "@pulumi/aws";
import type { Finding } from "../../checks/finding";
import { IMAGE_PARAMETER } from "../image";
import type { Asked } from "./asked";

/** The processors of all instance types of the catalogue. */
const ARCHITECTURE = "x86_64";

/** Whether the image runs on the machines, and fits on their root volume. */
export async function lookAtImage({ plan, account }: Asked): Promise<Finding> {
  const { amiId, rootVolumeGb } = plan.deployment.aws;
  const id = amiId ?? (await aws.ssm.getParameter({ name: IMAGE_PARAMETER }, account)).insecureValue;
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
  const root = image.blockDeviceMappings.find(({ deviceName }) => deviceName === image.rootDeviceName);
  const rootGb = Number(root?.ebs.volume_size ?? 0);
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

async function findImage(id: string, account: Asked["account"]): Promise<aws.ec2.GetAmiResult | undefined> {
  try {
    const filters = [{ name: "image-id", values: [id] }];
    return await aws.ec2.getAmi({ filters, includeDeprecated: true }, account);
  } catch (error) {
    if (/query returned no results|InvalidAMIID/.test(String(error))) return undefined;
    throw error;
  }
}
