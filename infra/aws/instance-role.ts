import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { isPublished } from "../../lib/serving";
import type { Plan } from "../../lib/strategy";
import { accountName, metricsNamespace } from "../stack-names";

export interface InstanceRoleArgs {
  readonly plan: Plan;
  /** ARNs of the parameters in which the nodes publish their host keys. */
  readonly hostKeyParameters: readonly pulumi.Output<string>[];
  /** ARN of the log group to which they send; absent where they send none. */
  readonly logGroup?: pulumi.Output<string>;
}

/**
 * What the machines may do in AWS: publish their host key, be reached by Session Manager, read the weights' bucket and the
 * stack's secrets, put the stack's metrics and logs.
 */
export class InstanceRole extends pulumi.ComponentResource {
  readonly profileName: pulumi.Output<string>;

  constructor(name: string, args: InstanceRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:InstanceRole", name, {}, opts);
    const child = { parent: this };
    const role = new aws.iam.Role(
      `${name}-role`,
      {
        assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "ec2.amazonaws.com" }),
        permissionsBoundary: args.plan.deployment.aws.permissionsBoundary,
      },
      child,
    );
    const policy = new aws.iam.RolePolicy(
      `${name}-policy`,
      {
        role: role.name,
        policy: pulumi.jsonStringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Action: "ssm:PutParameter", Resource: args.hostKeyParameters },
            ...bucketStatements(args.plan),
            ...secretStatements(args.plan),
            ...metricStatements(args.plan, metricsNamespace(accountName())),
            ...logStatements(args.logGroup),
          ],
        }),
      },
      child,
    );
    new aws.iam.RolePolicyAttachment(
      `${name}-session-manager`,
      { role: role.name, policyArn: aws.iam.ManagedPolicy.AmazonSSMManagedInstanceCore },
      child,
    );
    const profile = new aws.iam.InstanceProfile(
      `${name}-profile`,
      { role: role.name },
      { ...child, dependsOn: policy },
    );
    this.profileName = profile.name;
    this.registerOutputs({ profileName: this.profileName });
  }
}

/** Read access to the stack's secrets in Secrets Manager, and to nothing else there. */
export function secretStatements({ deployment: { aws: settings } }: Plan): object[] {
  const secrets = [settings.huggingFaceTokenSecret, settings.apiKeysSecret].filter(
    (arn) => arn !== undefined,
  );
  if (secrets.length === 0) return [];
  return [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secrets }];
}

/** Metrics may be put into the stack's own namespace alone; CloudWatch knows no other resource to limit it by. */
export function metricStatements(plan: Plan, namespace: string): object[] {
  if (!isPublished(plan)) return [];
  const Condition = { StringEquals: { "cloudwatch:namespace": namespace } };
  return [{ Effect: "Allow", Action: "cloudwatch:PutMetricData", Resource: "*", Condition }];
}

/** Streams of the stack's own log group, and lines in them; neither reading nor groups. */
export function logStatements(logGroup: pulumi.Output<string> | undefined): object[] {
  if (logGroup === undefined) return [];
  const Action = ["logs:CreateLogStream", "logs:PutLogEvents"];
  return [{ Effect: "Allow", Action, Resource: pulumi.interpolate`${logGroup}:*` }];
}

/** Read access to the bucket of the weights, where they come from one. */
export function bucketStatements({ deployment: { model } }: Plan): object[] {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(model.location ?? "") ?? [];
  if (model.source !== "bucket" || bucket === undefined) return [];
  return [
    { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${bucket}` },
    { Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/${prefix ?? ""}*` },
  ];
}
