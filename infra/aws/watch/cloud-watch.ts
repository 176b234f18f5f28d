import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { cloudWatchAlarms, cloudWatchDashboard } from "../../../lib/serving";
import type { Plan } from "../../../lib/strategy";
import { accountName, metricsNamespace } from "../../stack-names";

export interface CloudWatchArgs {
  readonly plan: Plan;
}

/** Alarms on what the first host tells CloudWatch, the topic that they go to, and a dashboard. */
export class CloudWatch extends pulumi.ComponentResource {
  /** ARN of the topic that the alarms go to. */
  readonly topic: pulumi.Output<string>;
  /** Where a person looks. */
  readonly dashboard: pulumi.Output<string>;

  constructor(name: string, { plan }: CloudWatchArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shardplan:infra:CloudWatch", name, {}, opts);
    const child = { parent: this };
    // Neither topics nor dashboards have a dot in their names.
    const stack = accountName().replaceAll(".", "-");
    const namespace = metricsNamespace(accountName());
    const { region } = plan.deployment.aws;
    this.topic = this.alarmTopic(name, stack, plan);
    const alarms = cloudWatchAlarms(plan).map(
      ({ name: what, metric, comparison, minutes, missing, description, ...rest }) =>
        new aws.cloudwatch.MetricAlarm(
          `${name}-${what}`,
          {
            ...rest,
            name: `${stack}-${what}`,
            alarmDescription: description,
            namespace,
            metricName: metric,
            comparisonOperator: comparison,
            period: 60,
            evaluationPeriods: minutes,
            treatMissingData: missing,
            alarmActions: [this.topic],
            okActions: [this.topic],
          },
          child,
        ),
    );
    const dashboard = new aws.cloudwatch.Dashboard(
      `${name}-dashboard`,
      {
        dashboardName: stack,
        dashboardBody: pulumi
          .all(alarms.map(({ arn }) => arn))
          .apply((arns) => JSON.stringify(cloudWatchDashboard(plan, { namespace, region, alarms: arns }))),
      },
      child,
    );
    this.dashboard = dashboard.dashboardName.apply(
      (page) =>
        `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${page}`,
    );
    this.registerOutputs({ topic: this.topic, dashboard: this.dashboard });
  }

  /** The one that the stack names, or one of its own. */
  private alarmTopic(name: string, stack: string, plan: Plan): pulumi.Output<string> {
    const { alarmTopicArn, alarmEmail } = plan.deployment.monitoring.cloudWatch;
    if (alarmTopicArn !== undefined) return pulumi.output(alarmTopicArn);
    const child = { parent: this };
    const topic = new aws.sns.Topic(`${name}-alarms`, { name: `${stack}-alarms` }, child);
    if (alarmEmail !== undefined) {
      new aws.sns.TopicSubscription(
        `${name}-mail`,
        { topic: topic.arn, protocol: "email", endpoint: alarmEmail },
        child,
      );
    }
    return topic.arn;
  }
}
